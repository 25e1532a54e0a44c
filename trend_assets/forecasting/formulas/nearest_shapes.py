"""Votes of past topics whose mentions had a like shape: Nikolov and Shah (2012)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.examples import CutMemory, Examples
from trend_assets.forecasting.formulas.recent import hourly
from trend_assets.forecasting.history import History
from trend_assets.forecasting.labels import LABELS, Cut, make_cut
from trend_assets.forecasting.learned import MIN_EXAMPLES
from trend_assets.forecasting.ranking import Scores

Floats = npt.NDArray[np.float64]

#: Hours behind the baseline, of a past topic's shape, and of the part of it that is compared.
_BASELINE, _REFERENCE, _OBSERVED = 168, 24, 12
#: Powers and lengths of the paper's normalisation, in its order.
_SPIKE, _SMOOTH, _LEAST = 1.2, 3, 0.01
#: How much a vote weighs less the farther the shape.
_GAMMA = 0.1
#: Past topics that vote for a label, and as many against it.
_VOTERS = 100
_BLOCK = 500


class _Voters(NamedTuple):
    rose: Floats
    did_not: Floats


class NearestShapes:
    """Ranks by the odds that a vote gives: each past topic weighs exp(-gamma x distance of its shape).

    Nikolov and Shah 2012, "A nonparametric method for early detection of trending topics" (IDSS, MIT; Nikolov's
    thesis, "Trend or no trend"). A shape is the mentions of each hour over their mean, the size of the steps between
    hours to the power 1.2, smoothed, as a logarithm; the distance is the least over all shifts of half a day's shape
    along a past topic's day.

    Args:
        name: how tables call it.
        memory: past cuts, shared between rankings.
    """

    def __init__(self, name: str, memory: CutMemory) -> None:
        self.name = name
        self._memory = memory
        self._voters: dict[str, _Voters] = {}

    def fit(self, history: History, until: int) -> None:
        """Draws the voters of each label from all cuts whose horizon ended by `until`."""
        past, examples = history.until(until), self._memory.examples(history, until)
        chance = np.random.default_rng(0)
        self._voters = {}
        for label in LABELS:
            sides = [np.flatnonzero(examples.asked[label] & (examples.labels[label] == came)) for came in (True, False)]
            if min(map(len, sides)) >= MIN_EXAMPLES:
                drawn = [chance.permutation(rows)[:_VOTERS] for rows in sides]
                self._voters[label] = _Voters(*(self._shapes_of(past, examples, np.sort(rows)) for rows in drawn))

    def score(self, history: History, cut: Cut) -> Scores:
        """Log-odds for each label that was learnt."""
        seen = shapes(hourly(history, cut, _BASELINE))[:, -_OBSERVED:]
        return {label: votes(seen, voters.rose) - votes(seen, voters.did_not) for label, voters in self._voters.items()}

    def _shapes_of(self, past: History, examples: Examples, rows: npt.NDArray[np.int64]) -> Floats:
        moments, first = np.unique(examples.times, return_index=True)
        found = []
        for moment in np.unique(examples.times[rows]):
            cut = make_cut(past, int(moment), self._memory.settings)
            mine = rows[examples.times[rows] == moment] - first[np.searchsorted(moments, moment)]
            found.append(shapes(hourly(past, cut, _BASELINE)[mine])[:, -_REFERENCE:])
        return np.concatenate(found)


def shapes(counts: Floats) -> Floats:
    """What is compared of topics with some mention, from counts of hours, the oldest first; (n, hours)."""
    level = counts / np.maximum(counts.mean(axis=1, keepdims=True), 1e-9)
    steps = np.abs(np.diff(level, axis=1, prepend=0.0)) ** _SPIKE
    sums = np.cumsum(np.pad(steps, ((0, 0), (_SMOOTH, 0))), axis=1)
    smoothed = np.maximum(sums[:, _SMOOTH:] - sums[:, :-_SMOOTH], 0.0)
    return np.asarray(np.log(smoothed + _LEAST), dtype=np.float64)


def votes(seen: Floats, voters: Floats) -> Floats:
    """Logarithm of the voters' weights, summed, for shapes `(n, observed)` and voters `(voters, reference)`; (n,)."""
    length = seen.shape[1]
    parts = np.lib.stride_tricks.sliding_window_view(voters, length, axis=1).reshape(-1, length)
    lengths = (parts**2).sum(axis=1)
    sums = np.empty(len(seen))
    for start in range(0, len(seen), _BLOCK):
        block = seen[start : start + _BLOCK]
        squares = (block**2).sum(axis=1)[:, None] + lengths - 2 * block @ parts.T
        nearest = np.maximum(squares, 0.0).reshape(len(block), len(voters), -1).min(axis=2)
        closest = nearest.min(axis=1, keepdims=True)
        weight = np.exp(-_GAMMA * (nearest - closest)).sum(axis=1)
        sums[start : start + _BLOCK] = np.log(weight) - _GAMMA * closest[:, 0]
    return sums
