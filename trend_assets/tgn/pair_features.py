"""What the past says of a source, of targets, and of the pairs and paths between them, as tensors for a head."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from trend_assets.tgn.past import Grouped, Past

#: What stands for "never" among spans, in units of time and in interactions.
_NEVER, _NEVER_EVENTS = 1e8, 1e5
_SOURCE_BACK = (1, 2, 4, 8, 32)
_TARGET_BACK = (1, 2, 4, 8, 32)
_NEW_BACK = (1, 2, 8)
_PAIR_BACK = (1, 2, 4)
_VISITORS = (1, 2)

SOURCE_DIM = len(_SOURCE_BACK) + 10
TARGET_DIM = len(_TARGET_BACK) + len(_NEW_BACK) + 6
PAIR_DIM = 3 * len(_PAIR_BACK) + 14
WALK_DIM = 2 * 4 + 2 * 2 * len(_VISITORS)


def _log_never(span: float) -> float:
    return math.log1p(span)


#: As `PairFeatures._pair` and `_own_steps` order their columns, of a pair that has not met.
_NEVER_MET = (
    *(_log_never(_NEVER),) * len(_PAIR_BACK),
    *(_log_never(_NEVER_EVENTS),) * (2 * len(_PAIR_BACK)),
    _log_never(_NEVER),
    *(0.0,) * 7,
)
_NEVER_STEPPED = (0.0, 0.0, _log_never(_NEVER))


class Questions(NamedTuple):
    """Who will interact, when, and how much of the stream is known.

    Attributes:
        src: int64 `[B]`.
        times: int64 `[B]`.
        known: how many of the first interactions, int64 `[B]`; none of them later than `times`.
    """

    src: Tensor
    times: Tensor
    known: Tensor

    def of(self, rows: Tensor) -> Questions:
        """Some of them."""
        return Questions(self.src[rows], self.times[rows], self.known[rows])


class PairFeatures:
    """Counts and spans, as logarithms, from what is known of a stream and nothing else.

    Candidates are given flat: `row`, the question of each, and `targets`, int64 `[n]`.

    Args:
        past: of the stream.
    """

    def __init__(self, past: Past) -> None:
        self._past = past

    def sources(self, asked: Questions) -> Tensor:
        """How often and lately a source was anywhere, how it moves, how busy the stream is: `[B, SOURCE_DIM]`."""
        past, (src, now, known) = self._past, asked
        count, new = past.by_source.count(src, known), past.new_at_source.count(src, known)
        moves = past.moves_of_source.count(src, known)
        last, move = past.by_source.latest(src, count, 1), past.moves_of_source.latest(src, moves, 1)
        columns = [self._elapsed(past.by_source.latest(src, count, back), now) for back in _SOURCE_BACK]
        columns += [
            _log(count),
            _log(new),
            new / count.clamp_min(1),
            self._elapsed(past.new_at_source.latest(src, new, 1), now),
            self._elapsed(known - 1, now),
            ((last >= 0) & (past.by_pair.before[last] == 0)).float(),
            _log(count - moves),
            moves / count.clamp_min(1),
            _since(past.by_source, move, count),
            self._elapsed(move, now),
        ]
        return torch.stack(columns, dim=-1)

    def targets(self, asked: Questions, row: Tensor, targets: Tensor) -> Tensor:
        """How often and lately anybody, or anybody new, was at targets, and who: `[n, TARGET_DIM]`."""
        past, now, known = self._past, asked.times[row], asked.known[row]
        count, new = past.by_target.count(targets, known), past.new_at_target.count(targets, known)
        events = [past.by_target.latest(targets, count, back) for back in _TARGET_BACK]
        last, before = events[:2]
        some = last >= 0
        columns = [self._elapsed(event, now) for event in events]
        columns += [self._elapsed(past.new_at_target.latest(targets, new, back), now) for back in _NEW_BACK]
        columns += [
            _log(count),
            _log(new),
            new / count.clamp_min(1),
            _log(past.by_source.before[last]) * some,
            _log(past.by_pair.before[last]) * some,
            ((before >= 0) & (past.src[last] == past.src[before])).float(),
        ]
        return torch.stack(columns, dim=-1)

    def pairs(self, asked: Questions, row: Tensor, targets: Tensor) -> Tensor:
        """How often and lately pairs met, in time and in interactions of either side: `[n, PAIR_DIM]`."""
        past = self._past
        group = past.pairs.find(asked.src[row], targets)
        met = self._where_met(group, past.by_pair, asked, row, self._pair, _NEVER_MET)
        steps = [self._own_steps(asked, row, targets, back) for back in (1, 2)]
        return torch.cat([met, *steps], dim=-1)

    def walks(self, asked: Questions, row: Tensor, targets: Tensor) -> Tensor:
        """Which paths lead from sources to targets through others: `[n, WALK_DIM]`.

        Two kinds, counted exactly. Steps: others went straight from where the source is, or was before that, to the
        target, or the other way. Visitors: the latest ones of where the source is have been at the target, and the
        latest ones of the target have been where the source is.
        """
        past, (src, _, known) = self._past, asked
        last = past.by_source.latest(src, past.by_source.count(src, known), 1)
        move = past.moves_of_source.latest(src, past.moves_of_source.count(src, known), 1)
        here = torch.where(last >= 0, past.dst[last], past.targets)
        before = torch.where(move >= 0, past.came_from[move], past.targets)
        parts = [part for place in (here, before) for part in self._steps(asked, row, targets, place)]
        visits = past.by_target.count(targets, known[row])
        parts += [part for nth in _VISITORS for part in self._visitors(asked, row, targets, visits, here, nth)]
        return torch.cat(parts, dim=-1)

    def _own_steps(self, asked: Questions, row: Tensor, targets: Tensor, back: int) -> Tensor:
        """Of the sources' own steps from where they were `back` interactions ago to targets: `[n, 3]`."""
        past, (src, _, known) = self._past, asked
        last = past.by_source.latest(src, past.by_source.count(src, known), back)
        here = torch.where(last >= 0, past.pairs.group[last], len(past.pairs))
        group = torch.where((last >= 0)[row], past.own_steps.find(here[row], targets), -1)

        def step(asked: Questions, group: Tensor, count: Tensor) -> Tensor:
            last = past.by_own_step.latest(group, count, 1)
            visits = past.by_pair.count(past.pairs.find(asked.src, past.came_from[last]), asked.known)
            return torch.stack([_log(count), count / visits, self._elapsed(last, asked.times)], dim=-1)

        return self._where_met(group, past.by_own_step, asked, row, step, _NEVER_STEPPED)

    def _pair(self, asked: Questions, group: Tensor, count: Tensor) -> Tensor:
        """Of pairs that met `count` times, a question each: `[n, len(_NEVER_MET)]`."""
        past, (src, now, known) = self._past, asked
        events = [past.by_pair.latest(group, count, back) for back in _PAIR_BACK]
        last, first = events[0], past.by_pair.latest(group, count, count)
        target = past.dst[last]
        of_source, of_target = past.by_source.count(src, known), past.by_target.count(target, known)
        gap = (past.times[last] - past.times[first]) / (count - 1).clamp_min(1)
        current = past.by_target.latest(target, of_target, 1)
        moves = past.moves_of_pair.count(group, known)
        columns = [self._elapsed(event, now) for event in events]
        columns += [_since(past.by_source, event, of_source) for event in events]
        columns += [_since(past.by_target, event, of_target) for event in events]
        columns += [
            self._elapsed(first, now),
            torch.ones_like(columns[0]),
            _log(count),
            count / of_source,
            (count > 1) * (columns[0] - _log(gap)),
            (past.src[current] == src).float(),
            _log(moves),
            moves / count,
        ]
        return torch.stack(columns, dim=-1)

    def _steps(self, asked: Questions, row: Tensor, targets: Tensor, place: Tensor) -> list[Tensor]:
        """Of steps from a place, int64 `[B]`, to targets, `[n, 3]`, and back, `[n, 1]`."""
        past = self._past

        def step(asked: Questions, group: Tensor, count: Tensor) -> Tensor:
            last = past.by_step.latest(group, count, 1)
            total = past.by_origin.count(past.came_from[last], asked.known)
            return torch.stack([_log(count), _log(1000 * count / total), self._elapsed(last, asked.times)], dim=-1)

        def step_back(_: Questions, __: Tensor, count: Tensor) -> Tensor:
            return _log(count).unsqueeze(1)

        there = past.steps.find(place[row], targets)
        back = past.steps.find(targets, place.clamp_max(past.targets - 1)[row])
        back = torch.where((place < past.targets)[row], back, -1)
        return [
            self._where_met(there, past.by_step, asked, row, step, _NEVER_STEPPED),
            self._where_met(back, past.by_step, asked, row, step_back, (0.0,)),
        ]

    def _visitors(
        self, asked: Questions, row: Tensor, targets: Tensor, visits: Tensor, place: Tensor, nth: int
    ) -> list[Tensor]:
        """Of the `nth` last visitor of a place, int64 `[B]`, and of that of the targets: `[n, 2]` each."""
        past = self._past
        somewhere, place = place < past.targets, place.clamp_max(past.targets - 1)
        event = past.by_target.latest(place, past.by_target.count(place, asked.known), nth)
        other = past.src[event]
        valid = (event >= 0) & (other != asked.src) & somewhere
        of_place = torch.where(valid[row], past.pairs.find(other[row], targets), -1)
        event = past.by_target.latest(targets, visits, nth)
        other = past.src[event]
        valid = (event >= 0) & (other != asked.src[row]) & somewhere[row]
        of_target = torch.where(valid, past.pairs.find(other, place[row]), -1)
        return [
            self._where_met(group, past.by_pair, asked, row, self._met, (0.0, _log_never(_NEVER)))
            for group in (of_place, of_target)
        ]

    def _met(self, asked: Questions, group: Tensor, count: Tensor) -> Tensor:
        """How often and lately pairs met, `[n, 2]`."""
        last = self._past.by_pair.latest(group, count, 1)
        return torch.stack([_log(count), self._elapsed(last, asked.times)], dim=-1)

    def _where_met(
        self,
        group: Tensor,
        grouped: Grouped,
        asked: Questions,
        row: Tensor,
        compute: Callable[[Questions, Tensor, Tensor], Tensor],
        never: tuple[float, ...],
    ) -> Tensor:
        """Features of the few pairs that met within what is known, and `never` for all others.

        Args:
            group: the pairs' numbers in `grouped`, -1 for none, int64 `[n]`.
            grouped: their interactions.
            asked: `[B]`.
            row: the question of each pair, int64 `[n]`.
            compute: from a question, group and count a pair to features `[…, len(never)]`.
            never: of a pair that has not met, whether or not it will.
        """
        features = torch.tensor(never).repeat(len(group), 1)
        place = (group >= 0).nonzero().squeeze(1)
        group = group[place]
        count = grouped.count(group, asked.known[row[place]])
        some = count > 0
        place = place[some]
        features[place] = compute(asked.of(row[place]), group[some], count[some])
        return features

    def _elapsed(self, event: Tensor, now: Tensor) -> Tensor:
        """Logarithm of the time since interactions by place, -1 for none."""
        span = (now - self._past.times[event]).clamp_min(0).float()
        return torch.log1p(torch.where(event >= 0, span, _NEVER))


def _log(count: Tensor) -> Tensor:
    return torch.log1p(count.float())


def _since(side: Grouped, event: Tensor, count: Tensor) -> Tensor:
    """Logarithm of how many interactions of one side came after one, by place, -1 for none."""
    return torch.log1p(torch.where(event >= 0, (count - side.before[event] - 1).float(), _NEVER_EVENTS))
