"""Significance of a phrase against its own past, in memory that does not grow with the vocabulary.

After Schubert, Weiler and Kriegel, "SigniTrend: Scalable Detection of Emerging Topics in Textual Streams by Hashed
Significance Thresholds" (KDD 2014): an exponentially weighted mean and variance in hash tables of fixed size. A phrase
is hashed into several rows. Of phrases that meet in a cell the largest count is kept, and of a phrase's cells the least
is believed, so that a collision can hide a trend and never makes one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Floats = NDArray[np.float64]

#: Cells of a row, a power of two, and rows.
CELLS = 1 << 18
ROWS = 3
#: Days after which a day counts half.
HALF_LIFE_DAYS = 7.0
#: Users a day that are added to a deviation, at least and by post of the day: without them three users of a new word
#: would be an infinite trend, and among a million phrases chance alone would find many.
BIAS, BIAS_BY_POST = 0.5, 1e-5

_SHARE = 1 - 0.5 ** (1 / HALF_LIFE_DAYS)
_MULTIPLIERS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93][:ROWS], np.uint64)
_SHIFT = np.uint64(64 - CELLS.bit_length() + 1)


class PhraseBaseline:
    """The usual frequency of phrases: mean and variance of each phrase's users a day.

    Attributes:
        mean: float32 of shape (ROWS, CELLS).
        variance: as `mean`.
        weight: of the days so far, of 1 for ever: what is not known yet is not zero.
    """

    def __init__(
        self,
        mean: NDArray[np.float32] | None = None,
        variance: NDArray[np.float32] | None = None,
        weight: float = 0.0,
    ) -> None:
        self.weight = weight
        self.mean = np.zeros((ROWS, CELLS), np.float32) if mean is None else mean
        self.variance = np.zeros((ROWS, CELLS), np.float32) if variance is None else variance

    def add_day(self, keys: Keys, users: Floats) -> None:
        """A day is over: `users` said each of the different `keys`."""
        counts = np.zeros_like(self.mean)
        for row, cells in enumerate(_cells(keys)):
            np.maximum.at(counts[row], cells, users.astype(np.float32))
        share = np.float32(_SHARE)
        change = counts - self.mean
        step = share * change
        self.mean += step
        self.weight += _SHARE * (1 - self.weight)
        self.variance = (1 - share) * (self.variance + change * step)
        # What is long past is nothing, and compresses well.
        faint = self.mean < 1e-3
        self.mean[faint] = 0
        self.variance[faint] = 0

    def of(self, keys: Keys) -> tuple[Floats, Floats]:
        """Mean and variance of each key, as far as they can be known by now."""
        rows = _cells(keys)
        mean = np.min([self.mean[row][cells] for row, cells in enumerate(rows)], axis=0)
        variance = np.min([self.variance[row][cells] for row, cells in enumerate(rows)], axis=0)
        known = max(self.weight, _SHARE)
        # The first days started from nothing: their share of the variance is what the mean has made up since.
        mean, variance = mean / known, np.maximum(0.0, variance - mean**2 * (1 / known - 1)) / known
        # A mean of few days is uncertain itself.
        days = np.log1p(-min(known, 0.9)) / np.log1p(-_SHARE)
        return mean, np.maximum(variance, mean) * (1 + 1 / days)


def significance(
    users: Floats, mean: Floats | NDArray[np.float32], variance: Floats | float = 0.0, posts: int = 0
) -> Floats:
    """Deviations by which `users` are above `mean`; chance alone, after Poisson, is the least deviation.

    Args:
        posts: of the day, among which they are.
    """
    return (users - mean) / (np.sqrt(np.maximum(variance, mean)) + max(BIAS, BIAS_BY_POST * posts))


def _cells(keys: Keys) -> NDArray[np.uint64]:
    return (keys[None, :] * _MULTIPLIERS[:, None]) >> _SHIFT
