"""The network: memory, attention over the last K neighbours, and a link predictor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from trend_assets.tgn.attention import NeighborAttention
from trend_assets.tgn.memory import NodeMemory, TimeEncoder, Updated
from trend_assets.tgn.neighbors import NeighborBuffer

#: Logarithms of the spans at which `_elapsed` has its steps: a minute to a few years, where time is seconds.
_SPANS = (4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0)


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """How large the network is.

    Args:
        memory_dim: width of memory and embedding, a multiple of `heads`.
        time_dim: channels of the time encoding.
        neighbors: interactions kept a node, K.
        heads: attention heads.
        dropout: dropout on embeddings in training.
        remember: whether nodes have a memory; without it they know their last interactions alone.
        attend: whether an embedding attends to the last interactions; without it the memory alone speaks.
    """

    memory_dim: int = 64
    time_dim: int = 16
    neighbors: int = 10
    heads: int = 2
    dropout: float = 0.0
    remember: bool = True
    attend: bool = True


class LinkPredictor(nn.Module):
    """Scores whether one node will interact with another (Rossi et al. 2020, appendix)."""

    def __init__(self, dim: int, pair_dim: int) -> None:
        super().__init__()
        self.source = nn.Linear(dim, dim)
        self.target = nn.Linear(dim, dim)
        self.pair = nn.Linear(pair_dim, dim, bias=False)
        self.final = nn.Linear(dim, 1)

    def forward(self, source: Tensor, target: Tensor, pair: Tensor) -> Tensor:
        """Logits `[B]` from projected ends `[B, dim]` and features of the pair `[B, pair_dim]`."""
        logits: Tensor = self.final((source + target + self.pair(pair)).relu()).squeeze(-1)
        return logits


class View(NamedTuple):
    """What an embedding of some nodes is made of.

    Attributes:
        own: of the nodes themselves, float32 `[R, memory_dim + time_dim + 1]`.
        ids: with whom their last interactions were, int64 `[R, K]`.
        slots: these interactions, float32 `[R, K, F]`.
        mask: true where there is one to attend to, bool `[R, K]`.
        position: as for `slot_attention`, int64 `[R, K]`.
    """

    own: Tensor
    ids: Tensor
    slots: Tensor
    mask: Tensor
    position: Tensor


class TemporalGraphNetwork(nn.Module):
    """Memory, neighbours and heads over one stream of interactions.

    Time is int64 in the stream's unit (seconds since the epoch or since the stream's begin). Nothing that
    it gives at a moment depends on an interaction that `observe` has not been told.

    Args:
        num_nodes: how many nodes, N.
        message_dim: width of an interaction's features, M; may be 0.
        settings: sizes.
    """

    PAIR_DIM = 4 * len(_SPANS) + 7

    def __init__(self, num_nodes: int, message_dim: int, settings: ModelSettings | None = None) -> None:
        super().__init__()
        self.settings = settings = settings or ModelSettings()
        self.num_nodes, self.message_dim = num_nodes, message_dim
        # One more feature tells the direction: who began it.
        edge_dim = message_dim + 1
        self.time_encoder = TimeEncoder(settings.time_dim)
        self.memory = NodeMemory(num_nodes, edge_dim, settings.memory_dim, self.time_encoder)
        self.neighbors = NeighborBuffer(num_nodes, settings.neighbors, edge_dim)
        self.attention = NeighborAttention(
            settings.memory_dim + settings.time_dim + 1,
            settings.memory_dim + settings.time_dim + edge_dim,
            settings.memory_dim,
            settings.heads,
            settings.dropout,
        )
        self.predictor = LinkPredictor(settings.memory_dim, self.PAIR_DIM)

    def reset(self) -> None:
        """Forgets every interaction, keeps the weights."""
        self.memory.reset()
        self.neighbors.reset()

    def grow(self, num_nodes: int) -> None:
        """Makes room for nodes up to `num_nodes`, by doubling; what is known stays."""
        if num_nodes <= self.num_nodes:
            return
        self.num_nodes = max(num_nodes, 2 * self.num_nodes)
        self.memory.grow(self.num_nodes)
        self.neighbors.grow(self.num_nodes)

    def snapshot(self, nodes: Tensor) -> dict[str, Tensor]:
        """A copy of the state of `nodes`, int64 `[R]`. Call it while no message is pending."""
        return {name: buffer.index_select(0, nodes) for name, buffer in self.state()}

    def restore(self, nodes: Tensor, snapshot: dict[str, Tensor]) -> None:
        """Takes `nodes`, the only ones that observed something since, back to a snapshot; drops pending messages."""
        self.memory.drop_pending()
        for name, buffer in self.state():
            buffer[nodes] = snapshot[name]

    def state(self) -> list[tuple[str, Tensor]]:
        """What is known of the nodes, by name, `[N, …]` each. Call it while no message is pending."""
        return [(f"{part}.{name}", getattr(module, name)) for part, module, name in self._stateful()]

    def adopt(self, state: Mapping[str, Tensor]) -> None:
        """Goes on from another network's `state`; the tensors are taken as they are.

        Raises:
            KeyError: a part is missing.
        """
        self.num_nodes = min(map(len, state.values()))
        for part, module, name in self._stateful():
            setattr(module, name, state[f"{part}.{name}"][: self.num_nodes])
        self.memory.forget_updates()

    def _stateful(self) -> list[tuple[str, nn.Module, str]]:
        parts: tuple[tuple[str, NodeMemory | NeighborBuffer], ...] = (
            ("memory", self.memory),
            ("neighbors", self.neighbors),
        )
        return [(part, module, name) for part, module in parts for name in module.STATE]

    def observe(self, src: Tensor, dst: Tensor, times: Tensor, messages: Tensor) -> None:
        """Takes in interactions, in order of time, after they were predicted.

        Args:
            src: int64 `[B]`.
            dst: int64 `[B]`.
            times: int64 `[B]`.
            messages: float32 `[B, M]`.
        """
        nodes = torch.stack([src, dst], 1).view(-1)
        partners = torch.stack([dst, src], 1).view(-1)
        both = times.repeat_interleave(2)
        direction = messages.new_tensor([0.0, 1.0]).repeat(src.numel()).unsqueeze(1)
        features = torch.cat([messages.repeat_interleave(2, dim=0), direction], dim=1)
        if self.settings.remember:
            self.memory.store(nodes, partners, both, features)
        self.neighbors.insert(nodes, partners, both, features)

    def embed(self, nodes: Tensor, now: Tensor, updated: Updated) -> Tensor:
        """Embeddings `[R, D]` of `nodes` as of `now`; arguments as for `view`."""
        return self.attend(self.view(nodes, now, updated), updated.states)

    def attend(self, view: View, states: Tensor) -> Tensor:
        """Embeddings `[R, D]` from what they are made of and the states, `[P, D]`, that its positions name."""
        embedded: Tensor = self.attention(view.own, view.slots, view.mask, states, view.position)
        return embedded

    def view(self, nodes: Tensor, now: Tensor, updated: Updated) -> View:
        """What embeddings of `nodes` as of `now` are made of.

        Args:
            nodes: int64 `[R]`, best each once.
            now: the moment, int64 scalar; no interaction observed may be later.
            updated: the latest `memory.update()`.
        """
        near = self.neighbors.query(nodes)
        idle = self.time_encoder(now - self.memory.last_update.index_select(0, nodes))
        degree = torch.log1p(self.neighbors.counts.index_select(0, nodes).float()).unsqueeze(1) / 10
        own = torch.cat([self.memory.gather(nodes, updated), idle, degree], dim=1)
        mask = near.mask if self.settings.attend else torch.zeros_like(near.mask)
        others, position = self.memory.locate(near.ids)
        slots = torch.cat([others, self.time_encoder(now - near.times), near.features], dim=-1)
        return View(own, near.ids, slots, mask, position.masked_fill(~mask, -1))

    def pair_features(self, src: Tensor, dst: Tensor, times: Tensor) -> Tensor:
        """What the recent interactions of two nodes say of the pair, float32 `[B, PAIR_DIM]`.

        From either side: the share of its last K interactions that were with the other, how many of these
        the other began, and how long ago the latest was; how long each has been idle; and the share of the
        target's neighbours that are the source's too. Neighbours that two nodes share are lost when each
        node is summed up alone (Yu et al. 2023, DyGFormer).

        Args:
            src, dst: int64 `[B]`.
            times: when the pair is asked about, int64 `[B]`; nothing observed may be later.
        """
        near, far = self.neighbors.query(src), self.neighbors.query(dst)
        near_ids = near.ids.masked_fill(~near.mask, -1)
        far_ids = far.ids.masked_fill(~far.mask, -2)
        last = self.memory.last_update.index_select(0, torch.cat([src, dst]))
        idle = _elapsed((times.repeat(2) - last).float()).view(2, src.numel(), -1)
        common = (near_ids.unsqueeze(2) == far_ids.unsqueeze(1)).any(1).float().mean(1, keepdim=True)
        return torch.cat(
            [
                _meetings(near_ids == dst.unsqueeze(1), near.times, near.features[..., -1], times),
                _meetings(far_ids == src.unsqueeze(1), far.times, far.features[..., -1], times),
                idle[0],
                idle[1],
                common,
            ],
            dim=1,
        )

    def score_links(self, src: Tensor, dst: Tensor, negative: Tensor, times: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the true and of the drawn pairs, each `[B]`; applies pending messages first."""
        updated = self.memory.update()
        nodes, inverse = torch.unique(torch.cat([src, dst, negative]), return_inverse=True)
        embedding = self.embed(nodes, times[0], updated)
        size = src.numel()
        source = self.predictor.source(embedding).index_select(0, inverse[:size].repeat(2))
        target = self.predictor.target(embedding).index_select(0, inverse[size:])
        pair = self.pair_features(src.repeat(2), torch.cat([dst, negative]), times.repeat(2))
        logits = self.predictor(source, target, pair)
        return logits[:size], logits[size:]


def is_of_nodes(name: str) -> bool:
    """Whether a tensor of a state dict tells of nodes, and is no weight."""
    part, _, rest = name.partition(".")
    return rest in {"memory": NodeMemory.STATE, "neighbors": NeighborBuffer.STATE}.get(part, ())


def _elapsed(spans: Tensor) -> Tensor:
    """Smooth steps over the logarithm of spans `[B]`, in units of time, `[B, len(_SPANS)]`."""
    logarithm = torch.log1p(spans.clamp_min(0.0)).unsqueeze(-1)
    return torch.sigmoid(1.5 * (logarithm - logarithm.new_tensor(_SPANS)))


def _meetings(met: Tensor, times: Tensor, began: Tensor, now: Tensor) -> Tensor:
    """Whether, how often, from which side and how long ago a pair met, `[B, len(_SPANS) + 3]`."""
    ever = met.any(1, keepdim=True).float()
    latest = torch.where(met, times, -1).amax(1)
    share = met.float().mean(1, keepdim=True)
    replies = torch.where(met, began, 0.0).mean(1, keepdim=True)
    return torch.cat([ever, share, replies, ever * _elapsed((now - latest).float())], dim=1)
