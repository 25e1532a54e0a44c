"""What any prefix of a stream says of sources, targets and pairs: counts and last interactions, looked up in bulk."""

from __future__ import annotations

import torch
from torch import Tensor

#: Up to so many possible pairs their numbers lie in a table; beyond, they are searched for.
_TABLE_CELLS = 1 << 24


class Grouped:
    """Interactions sorted by what they have in common, and within that by their place in the stream.

    Args:
        groups: of each interaction, int64 `[E]`, from 0.
        events: their places in the stream, int64 `[E]`, ascending.
        length: of the stream.
        many: how many groups.
    """

    def __init__(self, groups: Tensor, events: Tensor, length: int, many: int) -> None:
        order = torch.sort(groups, stable=True).indices
        #: By group, and in it by place.
        self.events = events[order]
        self._length = length
        self._keys = groups[order] * length + self.events
        self._starts = torch.searchsorted(groups[order], torch.arange(many + 1))
        #: How many of its group came before each of `events` as they were given, int64 `[E]`.
        self.before = torch.empty_like(order)
        self.before[order] = torch.arange(len(order)) - self._starts[groups[order]]

    def count(self, groups: Tensor, known: Tensor) -> Tensor:
        """How many of each group are among the first `known` of the stream; int64, the shape of both."""
        return torch.searchsorted(self._keys, groups * self._length + known) - self._starts[groups]

    def latest(self, groups: Tensor, count: Tensor, back: int | Tensor) -> Tensor:
        """The `back`-th last of the first `count` of each group, by its place in the stream; -1 where there is none."""
        if not len(self.events):
            return torch.full_like(count, -1)
        place = self._starts[groups] + count - back
        return torch.where(count >= back, self.events[place.clamp(0, len(self.events) - 1)], -1)


class Pairs:
    """Numbers the pairs that ever meet in a stream.

    Args:
        first: int64 `[E]`, from 0.
        second: int64 `[E]`, from 0.
        firsts: how many may be first.
        seconds: how many may be second.
    """

    def __init__(self, first: Tensor, second: Tensor, firsts: int, seconds: int) -> None:
        self._seconds = seconds
        #: `group` numbers the pair of each interaction, int64 `[E]`.
        self._keys, self.group = torch.unique(first * seconds + second, return_inverse=True)
        self._table: Tensor | None = None
        if firsts * seconds <= _TABLE_CELLS:
            self._table = torch.full((firsts * seconds,), -1, dtype=torch.int32)
            self._table[self._keys] = torch.arange(len(self._keys), dtype=torch.int32)

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, first: Tensor, second: Tensor) -> Tensor:
        """The pairs' numbers, -1 where they never meet; int64, the shape of both."""
        key = first * self._seconds + second
        if self._table is not None:
            return self._table[key].long()
        group = torch.searchsorted(self._keys, key).clamp_max(len(self._keys) - 1)
        return torch.where(self._keys[group] == key, group, -1)


class Past:
    """Lookups over a bipartite stream. Each says how much of the stream it may know, and reads nothing behind that.

    Building it takes a few sorts; a lookup is a binary search.

    Args:
        src: int64 `[E]`, from 0.
        dst: int64 `[E]`, from 0, numbered apart from the sources.
        times: int64 `[E]`, in order.
        sources: how many.
        targets: how many.
    """

    def __init__(self, src: Tensor, dst: Tensor, times: Tensor, sources: int, targets: int) -> None:
        self.src, self.dst, self.times, self.targets = src, dst, times, targets
        length = len(src)
        place = torch.arange(length)
        self.by_source = Grouped(src, place, length, sources)
        self.by_target = Grouped(dst, place, length, targets)
        self.pairs = Pairs(src, dst, sources, targets)
        self.by_pair = Grouped(self.pairs.group, place, length, len(self.pairs))
        first = (self.by_pair.before == 0).nonzero().squeeze(1)
        #: The first interaction of each pair: somebody new at the target.
        self.new_at_source = Grouped(src[first], first, length, sources)
        self.new_at_target = Grouped(dst[first], first, length, targets)
        #: Where the source was before, `targets` where it was nowhere, int64 `[E]`.
        self.came_from = self._previous()
        self.steps = Pairs(self.came_from, dst, targets + 1, targets)
        self.by_step = Grouped(self.steps.group, place, length, len(self.steps))
        self.by_origin = Grouped(self.came_from, place, length, targets + 1)
        #: The same steps of the same source. Before its first one a source has been to no pair's target.
        own = self.pairs.find(src, self.came_from.clamp_max(targets - 1))
        nowhere = self.came_from == targets
        self.own_steps = Pairs(torch.where(nowhere, len(self.pairs), own), dst, len(self.pairs) + 1, targets)
        self.by_own_step = Grouped(self.own_steps.group, place, length, len(self.own_steps))
        moves = (self.came_from != dst).nonzero().squeeze(1)
        #: Interactions elsewhere than the source's last one.
        self.moves_of_source = Grouped(src[moves], moves, length, sources)
        self.moves_of_pair = Grouped(self.pairs.group[moves], moves, length, len(self.pairs))

    def _previous(self) -> Tensor:
        order = self.by_source.events
        previous = torch.full_like(self.dst, self.targets)
        follows = self.src[order[1:]] == self.src[order[:-1]]
        previous[order[1:][follows]] = self.dst[order[:-1][follows]]
        return previous
