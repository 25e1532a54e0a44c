"""The last K neighbours of every node, in fixed-size tensors with a write position per node."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Neighborhood(NamedTuple):
    """The last K interactions of some nodes; the order among the K is not specified.

    Attributes:
        ids: neighbour ids, int64 `[R, K]`; 0 where `mask` is false.
        times: when they interacted, int64 `[R, K]`, in the stream's unit.
        features: edge features, float32 `[R, K, E]`.
        mask: true where there is an interaction, bool `[R, K]`.
    """

    ids: Tensor
    times: Tensor
    features: Tensor
    mask: Tensor


class NeighborBuffer(nn.Module):
    """Ring buffers of recent interactions, as TGM keeps them (github.com/tgm-team/tgm).

    A batch is inserted by one sort and four scatters, whatever the number of events a node has in it.
    All tensors are buffers, so the state dict carries the whole state.

    Args:
        num_nodes: how many nodes there are, N.
        size: how many interactions a node keeps, K.
        feature_dim: width of an edge's features, E; may be 0.
    """

    ids: Tensor
    times: Tensor
    features: Tensor
    counts: Tensor
    _slots: Tensor

    STATE = ("ids", "times", "features", "counts")

    def __init__(self, num_nodes: int, size: int, feature_dim: int) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("ids", torch.zeros(num_nodes, size, dtype=torch.long))
        self.register_buffer("times", torch.zeros(num_nodes, size, dtype=torch.long))
        self.register_buffer("features", torch.zeros(num_nodes, size, feature_dim))
        self.register_buffer("counts", torch.zeros(num_nodes, dtype=torch.long))
        self.register_buffer("_slots", torch.arange(size), persistent=False)

    def reset(self) -> None:
        """Forgets every interaction."""
        for name in self.STATE:
            getattr(self, name).zero_()

    def grow(self, num_nodes: int) -> None:
        """Makes room for nodes up to `num_nodes`."""
        for name in self.STATE:
            old = getattr(self, name)
            new = old.new_zeros(num_nodes, *old.shape[1:])
            new[: len(old)] = old
            setattr(self, name, new)

    def insert(self, nodes: Tensor, neighbors: Tensor, times: Tensor, features: Tensor) -> None:
        """Adds interactions, given in order of time; one direction only.

        Args:
            nodes: whose buffer, int64 `[B]`; a node may occur any number of times.
            neighbors: the other ends, int64 `[B]`.
            times: int64 `[B]`, not decreasing for any one node.
            features: float32 `[B, E]`.
        """
        if nodes.numel() == 0:
            return
        ordered, order = torch.sort(nodes, stable=True)
        unique, sizes = torch.unique_consecutive(ordered, return_counts=True)
        starts = sizes.cumsum(0) - sizes
        rank = torch.arange(ordered.numel(), device=nodes.device) - torch.repeat_interleave(starts, sizes)
        # Only a node's last K of the batch may be written: two writes to one slot would race.
        kept = rank >= torch.repeat_interleave(sizes, sizes) - self.size
        order, rank, ordered = order[kept], rank[kept], ordered[kept]
        flat = ordered * self.size + (self.counts[ordered] + rank) % self.size
        self.ids.view(-1)[flat] = neighbors[order]
        self.times.view(-1)[flat] = times[order]
        if self.features.size(-1):
            self.features.view(-1, self.features.size(-1))[flat] = features[order]
        self.counts[unique] += sizes

    def query(self, nodes: Tensor) -> Neighborhood:
        """The last K interactions of `nodes`, int64 `[R]`."""
        mask = self._slots < self.counts.index_select(0, nodes).unsqueeze(1)
        return Neighborhood(
            self.ids.index_select(0, nodes),
            self.times.index_select(0, nodes),
            self.features.index_select(0, nodes),
            mask,
        )
