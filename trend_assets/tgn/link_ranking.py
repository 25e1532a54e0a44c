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
from trend_assets.tgn.pair_features import PAIR_DIM, WALK_DIM, PairFeatures, Questions
from trend_assets.tgn.past import Past
from trend_assets.tgn.ranking_candidates import draw_candidates
from trend_assets.tgn.ranking_head import HeadInputs, RankingHead

#: What a score may rest on, beside what is known of source and target alone.
GROUPS = ("pairs", "walks", "network")
_NO_CANDIDATE = -1e9
#: Pairs: what is made of them stays in the processor's cache.
_SCORED_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class RankingSettings:
    """How targets are ranked, and how that is learnt.

    Args:
        groups: of `GROUPS`. The network costs as much as all else and added nothing on tgbl-wiki.
        width: hidden units of the head.
        drawn: candidates drawn from all targets, beside those where the source, or anybody, was last.
        batch_size: interactions a step; the network knows what came before the step.
        learning_rate: AdamW's at its highest (one-cycle).
        weight_decay: AdamW's.
        seed: of candidates, weights and the order of steps.
    """

    groups: tuple[str, ...] = ("pairs", "walks")
    width: int = 32
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


class _Examples(NamedTuple):
    """Interactions with candidates.

    Attributes:
        kept: which of C places hold a candidate, the true one first, bool `[B, C]`; what follows is of these alone.
        row: whose, int64 `[n]`.
        targets: int64 `[n]`.
        inputs: of `[B]` sources and `[n]` candidates.
        offset: logarithm of how many targets a candidate stands for, `[n]`.
    """

    kept: Tensor
    row: Tensor
    targets: Tensor
    inputs: HeadInputs
    offset: Tensor


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
        self.head.fit_scale([example.inputs for example in examples])
        examples = [example._replace(inputs=self.head.standardised(example.inputs)) for example in examples]
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
        targets = torch.arange(self._stream.targets)
        of_source, of_target = self._embedded(rows)
        scores = []
        for part in torch.arange(len(rows)).split(max(_SCORED_AT_ONCE // len(targets), 1)):
            row = torch.arange(len(part)).repeat_interleave(len(targets))
            inputs = self._inputs(self._stream.questions(rows[part]), row, targets.repeat(len(part)))
            source, target, pair = self.head.standardised(inputs)
            source = self.head.project(source, None if of_source is None else of_source[part]).unsqueeze(1)
            target, pair = (each.view(len(part), len(targets), each.size(1)) for each in (target, pair))
            scores.append(self.head(source, target, pair, of_target))
        return torch.cat(scores)

    def _loss(self, rows: Tensor, examples: _Examples) -> Tensor:
        of_source, of_target = self._embedded(rows)
        source = self.head.project(examples.inputs.source, of_source).index_select(0, examples.row)
        of_target = None if of_target is None else of_target.index_select(0, examples.targets)
        scores = self.head(source, examples.inputs.target, examples.inputs.pair, of_target)
        places = torch.full(examples.kept.shape, _NO_CANDIDATE)
        places = places.masked_scatter(examples.kept, scores + examples.offset)
        return -places.log_softmax(1)[:, 0].mean()

    def _embedded(self, rows: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Embeddings of the sources, `[B, D]`, and of all targets, projected, `[targets, width]`."""
        if not self.network:
            return None, None
        updated: Updated = self.network.memory.update()
        sources, inverse = torch.unique(self._stream.src[rows], return_inverse=True)
        nodes = torch.cat([sources, self._stream.sources + torch.arange(self._stream.targets)])
        embedding = self.network.embed(nodes, rows[0] * EVENT_SPAN, updated)
        return embedding.index_select(0, inverse), self.head.project_targets(embedding[len(sources) :])

    def _inputs(self, asked: Questions, row: Tensor, targets: Tensor) -> HeadInputs:
        made = {"pairs": self._features.pairs, "walks": self._features.walks}
        parts = [make(asked, row, targets) for group, make in made.items() if group in self.settings.groups]
        pair = torch.cat(parts, dim=-1) if parts else torch.empty(len(row), 0)
        return HeadInputs(self._features.sources(asked), self._features.targets(asked, row, targets), pair)

    def _examples(self, rows: Tensor) -> _Examples:
        asked, true = self._stream.questions(rows), self._stream.dst[rows]
        found = draw_candidates(self._past, asked, true, self.settings.drawn, self._generator)
        row, targets = found.kept.nonzero()[:, 0], found.targets[found.kept]
        return _Examples(found.kept, row, targets, self._inputs(asked, row, targets), found.offset[found.kept])
