"""What became of earlier mentions, by user or by pair of users, as sums that can be looked up at any moment."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trend_assets.graph.growing import GrowingArray, IntArray, SummedRuns, pair

#: A record is drawn to everybody's by as much as this many events would.
_SHRINKAGE = 5.0
# Outcomes are summed as integers, so that a sum has the same bits whatever lies beside it.
_SCALE = 1 << 20
#: Bits of a `both`.
_BITS = 29


class Record:
    """Sums of outcomes by user, or by `both` of a pair, and second since the history's start.

    Args:
        outcomes: how many each mention has.
    """

    def __init__(self, outcomes: int) -> None:
        self._by_user = SummedRuns()
        self._clock = GrowingArray(np.empty(0, np.int64))
        self._sums = GrowingArray(np.zeros((1, outcomes), np.int64))

    def extend(self, user: IntArray, clock: IntArray, outcomes: npt.NDArray[np.float64]) -> None:
        """Takes in mentions in order of time, none earlier than those before.

        Args:
            user, clock: (mentions,).
            outcomes: (mentions, outcomes).
        """
        whole = np.rint(outcomes * _SCALE).astype(np.int64)
        self._by_user = self._by_user.extended(pair(user, clock), whole)
        self._clock.append(clock)
        self._sums.append(self._sums.array[-1] + np.cumsum(whole, axis=0))

    def before(self, users: IntArray, clock: IntArray) -> tuple[npt.NDArray[np.float64], IntArray]:
        """Of each user's mentions before a moment the mean outcomes, drawn to everybody's, and how many there are.

        Returns:
            (*users.shape, outcomes), and of the users' shape.
        """
        clock = np.maximum(clock, 0)
        count, total = self._by_user.between(pair(users, 0), pair(users, clock))
        known = np.searchsorted(self._clock.array, clock)
        everybody = self._sums.array[known] / np.maximum(known, 1)[..., None]
        mean = (total.reshape(*count.shape, -1) + _SHRINKAGE * everybody) / (count + _SHRINKAGE)[..., None] / _SCALE
        return mean, count


def both(one: npt.ArrayLike, other: npt.ArrayLike) -> IntArray:
    """A number below 2^29 for each pair of numbers, in this order.

    Pairs share a number by chance alone (feature hashing, Weinberger et al. 2009): of a million one in five hundred.
    """
    mixed = np.asarray(one, np.int64).astype(np.uint64) << np.uint64(32) | np.asarray(other, np.int64).astype(np.uint64)
    # The finalizer of SplitMix64 (Steele et al. 2014).
    with np.errstate(over="ignore"):
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(64 - _BITS)).astype(np.int64)
