"""Ranks all targets for a source: the network's embeddings beside pair and path features, learnt end to end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from trend_assets.tgn.link_training import EVENT_SPAN, EpochReport
from trend_assets.tgn.memory import Updated
from trend_assets.tgn.model import ModelSettings, TemporalGraphNetwork
from trend_assets.tgn.pair_features import PAIR_DIM, SOURCE_DIM, TARGET_DIM, WALK_DIM, PairFeatures, Questions
from trend_assets.tgn.past import Past

#: What a score may rest on.
GROUPS = ("pairs", "walks", "network")
#: Candidates learnt against: where the source was so many interactions ago, and where anybody was.
_OWN_BACK = (1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 64)
_ANY_BACK = (1, 2, 3, 4, 6, 8, 12, 16)
_STEPS_BACK = (1, 2, 3, 4, 6, 8, 12, 16)
_VISITORS_BACK = (1, 2, 4)
_LEAST_DEVIATION = 0.05
_LARGEST = 5.0
_NO_CANDIDATE = -1e9


@dataclass(frozen=True, slots=True)
class RankingSettings:
    """How targets are ranked, and how that is learnt.

    Args:
        groups: of `GROUPS`; what is known of source and target alone is always there.
        width: hidden units of the head.
        drawn: candidates drawn from all targets, beside those where the source, or anybody, was last.
        batch_size: interactions a step; the network knows what came before the step.
        learning_rate: AdamW's at its highest (one-cycle).
        weight_decay: AdamW's.
        seed: of candidates, weights and the order of steps.
    """

    groups: tuple[str, ...] = GROUPS
    width: int = 48
    drawn: int = 16
    batch_size: int = 400
    learning_rate: float = 8e-3
    weight_decay: float = 1e-3
    seed: int = 0


class Interactions(NamedTuple):
    """A bipartite stream in order of time, and what of it each interaction may be predicted from.

    Attributes:
        src: int64 `[E]`, from 0.
        dst: int64 `[E]`, from 0, numbered apart from the sources.
        times: int64 `[E]`.
        known: how many of the first interactions each may know, int64 `[E]`; at most those before it.
        sources: how many.
        targets: how many.
    """

    src: Tensor
    dst: Tensor
    times: Tensor
    known: Tensor
    sources: int
    targets: int

    def questions(self, rows: slice | Tensor) -> Questions:
        """What is asked at some interactions."""
        return Questions(self.src[rows], self.times[rows], self.known[rows])


class _Inputs(NamedTuple):
    """What a head sees: `[B, SOURCE_DIM]`, `[B, C, TARGET_DIM]`, `[B, C, PAIR_DIM + WALK_DIM or less]`."""

    source: Tensor
    target: Tensor
    pair: Tensor


class _Examples(NamedTuple):
    """Interactions with candidates, the true one first: targets, what is seen of them, and the log of their weight."""

    targets: Tensor
    inputs: _Inputs
    offset: Tensor


class _Scale(nn.Module):
    """Standardises columns as those of a table are."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("deviation", torch.ones(width))

    def fit(self, table: Tensor) -> None:
        """Takes the scale of a table `[n, width]`."""
        if not table.size(1):
            return
        self.mean.copy_(table.mean(0))
        self.deviation.copy_(table.std(0).clamp_min(_LEAST_DEVIATION))

    def forward(self, table: Tensor) -> Tensor:
        return ((table - self.mean) / self.deviation).clamp_(-_LARGEST, _LARGEST)


class RankingHead(nn.Module):
    """A score of each source with each of its candidates.

    The first layer is a sum of parts, so that what belongs to a source or a target alone is projected once.

    Args:
        pair_dim: features of a pair; 0 where none are used.
        embedding_dim: of the network; 0 where it is not used.
        width: hidden units.
    """

    def __init__(self, pair_dim: int, embedding_dim: int, width: int) -> None:
        super().__init__()
        self.scale_source, self.scale_target, self.scale_pair = _Scale(SOURCE_DIM), _Scale(TARGET_DIM), _Scale(pair_dim)
        self.source = nn.Linear(SOURCE_DIM, width)
        self.target = nn.Linear(TARGET_DIM, width, bias=False)
        self.pair = nn.Linear(pair_dim, width, bias=False) if pair_dim else None
        self.embedded_source = nn.Linear(embedding_dim, width, bias=False) if embedding_dim else None
        self.embedded_target = nn.Linear(embedding_dim, width, bias=False) if embedding_dim else None
        self.hidden = nn.Linear(width, width)
        self.final = nn.Linear(width, 1)
        self.direct = nn.Linear(TARGET_DIM + pair_dim, 1, bias=False)

    def forward(self, inputs: _Inputs, source: Tensor | None, target: Tensor | None) -> Tensor:
        """Scores `[B, C]`; embeddings, if there are, `[B, D]` and `[B, C, D]` or, projected before, `[B, C, width]`."""
        of_target = self.scale_target(inputs.target)
        hidden = self.source(self.scale_source(inputs.source)).unsqueeze(1) + self.target(of_target)
        seen = of_target
        if self.pair is not None:
            of_pair = self.scale_pair(inputs.pair)
            hidden = hidden + self.pair(of_pair)
            seen = torch.cat([of_target, of_pair], dim=-1)
        if source is not None and target is not None:
            hidden = hidden + source.unsqueeze(1) + target
        hidden = self.hidden(hidden.relu()).relu()
        return (self.final(hidden) + self.direct(seen)).squeeze(-1)


class LinkRanker(nn.Module):
    """Learns from the first interactions of a stream which target a source takes next, and ranks all targets later.

    The loss is the softmax cross-entropy of the true target among candidates: where the source was lately, where
    anybody was, and some drawn ones that stand for all others with their weight (sampled softmax, Jean et al. 2015).
    The features know `known` interactions; the network's memory knows what came before the step, and what `observe`
    was told before a batch is ranked.

    Args:
        stream: all interactions, also those to be ranked; what is behind `known` is not read.
        settings: how.
        model: sizes of the network.
    """

    def __init__(
        self, stream: Interactions, settings: RankingSettings | None = None, model: ModelSettings | None = None
    ) -> None:
        super().__init__()
        self.settings = settings = settings or RankingSettings()
        self._stream = stream
        self._past = Past(stream.src, stream.dst, stream.times, stream.sources, stream.targets)
        self._features = PairFeatures(self._past)
        self._generator = torch.Generator().manual_seed(settings.seed)
        with torch.random.fork_rng():
            torch.manual_seed(settings.seed)
            self.network = (
                TemporalGraphNetwork(stream.sources + stream.targets, 0, model)
                if "network" in settings.groups
                else None
            )
            dims = {"pairs": PAIR_DIM, "walks": WALK_DIM}
            pair_dim = sum(dims.get(group, 0) for group in settings.groups)
            embedding = self.network.settings.memory_dim if self.network else 0
            self.head = RankingHead(pair_dim, embedding, settings.width)

    @property
    def parameters_learnt(self) -> int:
        """How many numbers are learnt; the network's own link predictor is not used."""
        used = (p for name, p in self.named_parameters() if not name.startswith("network.predictor"))
        return sum(parameter.numel() for parameter in used)

    def fit(self, stop: int, epochs: int) -> Iterator[EpochReport]:
        """Learns from the first `stop` interactions, one pass a report; the first one holds the making of features."""
        began = time.perf_counter()
        batches = list(torch.arange(stop).split(self.settings.batch_size))
        examples = [self._examples(rows) for rows in batches]
        self._standardise(examples)
        trained = [p for name, p in self.named_parameters() if not name.startswith("network.predictor")]
        rate = self.settings.learning_rate
        optimizer = torch.optim.AdamW(trained, lr=rate, weight_decay=self.settings.weight_decay, fused=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=len(batches) * epochs)
        for _ in range(epochs):
            self.train()
            self.forget()
            losses = []
            for step in self._order(len(batches)):
                loss = self._loss(batches[step], examples[step])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                schedule.step()
                losses.append(loss.detach())
                self.observe(batches[step])
            seconds = time.perf_counter() - began
            yield EpochReport(float(torch.stack(losses).mean()), seconds, stop / seconds)
            began = time.perf_counter()

    def _order(self, steps: int) -> list[int]:
        """Steps in order of time where a memory goes along, else mixed."""
        return list(range(steps)) if self.network else torch.randperm(steps, generator=self._generator).tolist()

    def forget(self) -> None:
        """Empties the network's memory."""
        if self.network:
            self.network.reset()

    @torch.no_grad()
    def observe(self, rows: Tensor) -> None:
        """Lets the network take in interactions by place, int64 `[B]`, in order, after they were ranked."""
        if self.network:
            src, dst = self._stream.src[rows], self._stream.dst[rows] + self._stream.sources
            self.network.observe(src, dst, rows * EVENT_SPAN, torch.empty(len(rows), 0))

    @torch.no_grad()
    def catch_up(self, stop: int) -> None:
        """Lets the network take in the first `stop` interactions from an empty memory."""
        self.eval()
        self.forget()
        if self.network:
            for rows in torch.arange(stop).split(self.settings.batch_size):
                self.network.memory.update()
                self.observe(rows)

    @torch.no_grad()
    def score(self, rows: Tensor) -> Tensor:
        """Scores of all targets, float32 `[B, targets]`, for a batch by place, int64 `[B]`."""
        self.eval()
        targets = torch.arange(self._stream.targets).expand(len(rows), -1)
        inputs = self._inputs(self._stream.questions(rows), targets)
        return self.head(inputs, *self._embedded(rows, targets))

    def _loss(self, rows: Tensor, examples: _Examples) -> Tensor:
        scores = self.head(examples.inputs, *self._embedded(rows, examples.targets))
        return -(scores + examples.offset).log_softmax(1)[:, 0].mean()

    def _embedded(self, rows: Tensor, targets: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """What the network says of the sources, `[B, width]`, and of the candidates, `[B, C, width]`."""
        if not self.network:
            return None, None
        updated: Updated = self.network.memory.update()
        sources, inverse = torch.unique(self._stream.src[rows], return_inverse=True)
        nodes = torch.cat([sources, self._stream.sources + torch.arange(self._stream.targets)])
        embedding = self.network.embed(nodes, rows[0] * EVENT_SPAN, updated)
        of_source = self.head.embedded_source(embedding[: len(sources)])
        of_target = self.head.embedded_target(embedding[len(sources) :])
        return of_source.index_select(0, inverse), of_target[targets]

    def _inputs(self, asked: Questions, targets: Tensor) -> _Inputs:
        made = {"pairs": self._features.pairs, "walks": self._features.walks}
        parts = [make(asked, targets) for group, make in made.items() if group in self.settings.groups]
        pair = torch.cat(parts, dim=-1) if parts else torch.empty(*targets.shape, 0)
        return _Inputs(self._features.sources(asked), self._features.targets(asked, targets), pair)

    def _standardise(self, examples: list[_Examples]) -> None:
        head = self.head
        head.scale_source.fit(torch.cat([example.inputs.source for example in examples]))
        real = [example.offset > _NO_CANDIDATE / 2 for example in examples]
        head.scale_target.fit(torch.cat([e.inputs.target[mask] for e, mask in zip(examples, real, strict=True)]))
        head.scale_pair.fit(torch.cat([e.inputs.pair[mask] for e, mask in zip(examples, real, strict=True)]))

    def _linked(self, asked: Questions, last: Tensor) -> list[Tensor]:
        """Where others went from where the source is, and where its latest visitors were last: by place, `[B, n]`."""
        past = self._past
        here = torch.where(last >= 0, past.dst[last], none := self._stream.targets)
        steps = past.by_origin.count(here, asked.known)
        found = [past.by_origin.latest(here, steps, back) for back in _STEPS_BACK]
        place = here.clamp_max(none - 1)
        visits = past.by_target.count(place, asked.known)
        for nth in _VISITORS_BACK:
            event = past.by_target.latest(place, visits, nth)
            count = past.by_source.count(past.src[event], asked.known)
            ever = (event >= 0) & (last >= 0)
            for back in (1, 2):
                found.append(torch.where(ever, past.by_source.latest(past.src[event], count, back), -1))
        return [torch.stack(found, dim=1)]

    def _examples(self, rows: Tensor) -> _Examples:
        """Candidates of interactions, each once; what is no candidate has an offset that hides it."""
        asked, past, none = self._stream.questions(rows), self._past, self._stream.targets
        count = past.by_source.count(asked.src, asked.known)
        own = torch.stack([past.by_source.latest(asked.src, count, back) for back in _OWN_BACK], dim=1)
        lately = asked.known.unsqueeze(1) - torch.tensor(_ANY_BACK)
        events = torch.cat([own, lately, *self._linked(asked, own[:, 0])], dim=1)
        drawn = torch.randint(none, (len(rows), self.settings.drawn), generator=self._generator)
        chosen = torch.where(events >= 0, past.dst[events.clamp_min(0)], none)
        targets = torch.cat([self._stream.dst[rows].unsqueeze(1), chosen, drawn], dim=1)
        kept = _first_of_each(targets) & (targets < none)
        certain = kept[:, : -self.settings.drawn].sum(1)
        weight = (none - certain) / kept[:, -self.settings.drawn :].sum(1).clamp_min(1)
        offset = torch.zeros(targets.shape)
        offset[:, -self.settings.drawn :] = weight.log().unsqueeze(1)
        targets = targets.clamp_max(none - 1)
        return _Examples(targets, self._inputs(asked, targets), offset.masked_fill(~kept, _NO_CANDIDATE))


def _first_of_each(values: Tensor) -> Tensor:
    """True where a value of a row is the first of its kind, bool `[B, C]`."""
    ordered, order = torch.sort(values, dim=1, stable=True)
    repeated = torch.zeros_like(values, dtype=torch.bool)
    repeated[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    return ~torch.zeros_like(repeated).scatter_(1, order, repeated)
