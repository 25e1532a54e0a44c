"""Arrays and sorted sets that grow at amortized cost.

What was read before stays as it was: nothing that is there is ever changed, or changed in place.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

#: Bits for the second half of a key: seconds since a history's start, or the number of a mention.
_LOW_BITS = 34
LOW = (1 << _LOW_BITS) - 1
#: A run of sorted keys is at least so many times as long as the next one.
_RATIO = 8


def pair(high: npt.ArrayLike, low: npt.ArrayLike) -> IntArray:
    """One key, ordered by `high`, then `low`; whole numbers in [0, 2^29) and [0, 2^34)."""
    return (np.asarray(high, dtype=np.int64) << _LOW_BITS) + np.asarray(low, dtype=np.int64)


def halves(keys: IntArray) -> tuple[IntArray, IntArray]:
    """What `pair` put together."""
    return keys >> _LOW_BITS, keys & LOW


class GrowingArray:
    """An array with room to spare behind its end, which doubles when it is used up.

    Args:
        values: what it begins with; not copied.
    """

    def __init__(self, values: npt.NDArray[Any]) -> None:
        self._buffer = np.ascontiguousarray(values)
        self._size = len(values)
        #: Whether values were changed where they are, and not only added.
        self.is_changed = False

    @classmethod
    def within(cls, buffer: npt.NDArray[Any], size: int) -> GrowingArray:
        """One whose first `size` values lie in a buffer that has room for more."""
        made = cls(buffer)
        made._size = size
        return made

    def __len__(self) -> int:
        return self._size

    @property
    def array(self) -> npt.NDArray[Any]:
        """All values, read-only, without copying; what is added later is not in it."""
        view = self._buffer[: self._size]
        view.setflags(write=False)
        return view

    def part(self, start: int, stop: int) -> npt.NDArray[Any]:
        """Some values without copying, for libraries that refuse what is read-only; they must not be changed."""
        return self._buffer[start:stop]

    def put(self, places: npt.NDArray[Any], values: npt.ArrayLike) -> None:
        """Changes the values at some places."""
        self._buffer[: self._size][places] = values
        self.is_changed = True

    def append(self, values: npt.NDArray[Any]) -> None:
        """Adds values behind the last one; they are cast to the array's type."""
        size = self._size + len(values)
        if size > len(self._buffer):
            larger = np.empty((max(size, 2 * len(self._buffer)), *self._buffer.shape[1:]), self._buffer.dtype)
            larger[: self._size] = self._buffer[: self._size]
            self._buffer = larger
        self._buffer[self._size : size] = values
        self._size = size


class SortedRuns:
    """Keys in a few sorted runs, each much longer than the next; it is never changed, `extended` gives another.

    A short run is merged into the one before it when it has reached an eighth of its length (a log-structured
    merge tree, O'Neil et al. 1996), so that a key is moved only so often and a question asks few runs.
    """

    def __init__(self, runs: tuple[IntArray, ...] = ()) -> None:
        self._runs = runs

    @property
    def runs(self) -> tuple[IntArray, ...]:
        """The runs, the longest first."""
        return self._runs

    def extended(self, keys: IntArray) -> SortedRuns:
        """With more keys, in any order."""
        runs = [*self._runs, np.sort(keys, kind="stable")] if len(keys) else list(self._runs)
        while len(runs) > 1 and _RATIO * len(runs[-1]) >= len(runs[-2]):
            # Of two sorted halves a stable sort takes one pass.
            runs[-2:] = [np.sort(np.concatenate(runs[-2:]), kind="stable")]
        return SortedRuns(tuple(runs))

    def below(self, bounds: IntArray) -> IntArray:
        """How many keys are less than each bound; of the bounds' shape."""
        total = np.zeros(bounds.shape, np.int64)
        for keys in self._runs:
            total += np.searchsorted(keys, bounds)
        return total

    def chosen(self, high: IntArray, ranks: IntArray) -> IntArray:
        """The lower halves of pairs, counted from 0 among those of the same upper half.

        Keys must have been added in ascending order for each upper half.

        Args:
            high: upper halves, shape (n,).
            ranks: shape (n, k); each less than the number of keys of its upper half.
        """
        rest, found = ranks.copy(), np.zeros(ranks.shape, np.int64)
        for keys in self._runs:
            first = np.searchsorted(keys, pair(high, 0))
            length = np.searchsorted(keys, pair(high + 1, 0)) - first
            here = (rest >= 0) & (rest < length[:, None])
            found[here] = keys[(first[:, None] + rest)[here]] & LOW
            rest -= length[:, None]
        return found


class SummedRuns:
    """Keys as in `SortedRuns`, each with a whole number or a row of them, and the sums of these below any bound."""

    def __init__(self, runs: tuple[tuple[IntArray, IntArray], ...] = ()) -> None:
        self._runs = runs

    @property
    def runs(self) -> tuple[tuple[IntArray, IntArray], ...]:
        """The runs, the longest first: keys, and the sums before and behind each."""
        return self._runs

    def extended(self, keys: IntArray, values: IntArray) -> Self:
        """With more keys, in any order, and their numbers."""
        runs = [*self._runs, _summed(keys, values)] if len(keys) else list(self._runs)
        while len(runs) > 1 and _RATIO * len(runs[-1][0]) >= len(runs[-2][0]):
            both = [np.concatenate([keys for keys, _ in runs[-2:]])]
            both.append(np.concatenate([np.diff(sums, axis=0) for _, sums in runs[-2:]]))
            runs[-2:] = [_summed(*both)]
        return type(self)(tuple(runs))

    def between(self, starts: IntArray, ends: IntArray) -> tuple[IntArray, IntArray]:
        """How many keys lie in [start, end), of the bounds' shape, and the sums of their numbers (of no key: 0)."""
        width = self._runs[0][1].shape[1:] if self._runs else ()
        count, total = np.zeros(starts.shape, np.int64), np.zeros((*starts.shape, *width), np.int64)
        for keys, sums in self._runs:
            first, last = np.searchsorted(keys, starts), np.searchsorted(keys, ends)
            count += last - first
            total += sums[last] - sums[first]
        return count, total


def _summed(keys: IntArray, values: IntArray) -> tuple[IntArray, IntArray]:
    order = np.argsort(keys, kind="stable")
    sums = np.cumsum(values[order], axis=0)
    return keys[order], np.concatenate([np.zeros((1, *values.shape[1:]), np.int64), sums])
