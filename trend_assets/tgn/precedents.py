"""Earlier topics whose texts are alike, and how far they went."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.history import HOUR, History

PRECEDENT_NAMES: tuple[str, ...] = (
    "precedent_nearest_mean",
    "precedent_weighted_mean",
    "precedent_likeness_max",
    "precedent_likeness_mean",
)

_DAY = 24 * HOUR
#: Earlier topics that speak for a new one, and those of them that are nearest.
_ALIKE = 50
_NEAREST = 10
#: How much more a precedent counts the more it is alike: exp(sharpness x cosine).
_SHARPNESS = 8.0
#: Only so many topics before a new one are looked through, so that a topic's cost is bounded.
_LOOKED_THROUGH = 20_000
_BLOCK = 256
# Vectors are rounded to whole numbers of at most seven bits, of which float32 holds the exact products: a
# likeness has the same bits whatever lies beside it.
_LARGEST = 127
#: Components of a unit vector beyond this many of their root mean square are cut off.
_DEVIATIONS = 5.0
# Of topics equally alike the later one is nearer.
_COLUMNS = 1 << 20


class PrecedentIndex:
    """Looks up what became of earlier topics with texts like a topic's first one; each topic once.

    Args:
        history: the mentions that may be known. What is given for a topic was known when it was born.
    """

    def __init__(self, history: History) -> None:
        topics = np.arange(history.topic_count)
        self._born = history.first_seen(topics)
        # Of a topic not yet a day old this is too little, but such a topic speaks for none.
        self._first_day = np.log1p(history.counts(topics, self._born, self._born + _DAY))
        texts = np.zeros((len(topics), 0)) if history.texts is None else history.texts
        self._missing = np.any(texts != 0, axis=1)
        self._stated = np.flatnonzero(self._missing)
        self._stated_born = self._born[self._stated]
        self._scale = _LARGEST / _DEVIATIONS * np.sqrt(max(texts.shape[1], 1))
        whole = np.rint(texts[self._stated] * self._scale)
        self._vectors = np.clip(whole, -_LARGEST, _LARGEST).astype(np.float32)
        self._table = np.zeros((len(topics), len(PRECEDENT_NAMES)), np.float32)

    def table(self, topics: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Shape (rows, len(PRECEDENT_NAMES)).

        Of the topics first seen at least a day before it, the most alike by cosine: the mean log1p(mentions on
        the first day) of the ten nearest, and of fifty weighted by likeness; the greatest likeness, and the mean
        of the ten. Zero where a topic has no text, or nothing went before it.
        """
        missing = np.unique(topics[self._missing[topics]])
        for start in range(0, len(missing), _BLOCK):
            self._look_up(missing[start : start + _BLOCK])
        return self._table[topics]

    def _look_up(self, topics: npt.NDArray[np.int64]) -> None:
        # Topics are numbered by birth, so that those that may speak for one lie side by side.
        ends = np.searchsorted(self._stated_born, self._born[topics] - _DAY, side="right")
        starts = np.maximum(ends - _LOOKED_THROUGH, 0)
        low, high = int(starts.min()), int(ends.max())
        self._missing[topics] = False
        if high == low:
            return
        own = self._vectors[np.searchsorted(self._stated, topics)]
        likeness = own @ self._vectors[low:high].T
        columns = np.arange(low, high)
        likeness[(columns < starts[:, None]) | (columns >= ends[:, None])] = -np.inf
        self._table[topics] = _summary(likeness, self._scale**2, self._first_day[self._stated[low:high]])


def _summary(likeness: npt.NDArray[np.float32], unit: float, went: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Of the most alike of each row, shape (rows, len(PRECEDENT_NAMES))."""
    missing = max(0, _ALIKE - likeness.shape[1])
    keys = likeness.astype(np.float64) * _COLUMNS + np.arange(likeness.shape[1])
    keys = np.pad(keys, ((0, 0), (0, missing)), constant_values=-np.inf)
    nearest = np.argpartition(-keys, _ALIKE - 1, axis=1)[:, :_ALIKE]
    order = np.take_along_axis(-keys, nearest, 1).argsort(axis=1, kind="stable")
    nearest = np.take_along_axis(nearest, order, 1)
    real = np.isfinite(np.take_along_axis(keys, nearest, 1))
    nearest = np.where(real, nearest, 0)
    alike = np.where(real, np.take_along_axis(likeness, nearest, 1) / unit, 0.0)
    went = np.where(real, went[nearest], 0.0)
    weight = np.where(real, np.exp(_SHARPNESS * alike), 0.0)
    few = np.maximum(real[:, :_NEAREST].sum(1), 1)
    return np.stack(
        [
            went[:, :_NEAREST].sum(1) / few,
            (weight * went).sum(1) / np.maximum(weight.sum(1), 1e-9),
            alike[:, 0],
            alike[:, :_NEAREST].sum(1) / few,
        ],
        axis=1,
    )
