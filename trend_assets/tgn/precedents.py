"""Earlier topics whose texts are alike, and how far they went."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.history import HOUR, History
from trend_assets.graph.growing import GrowingArray

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
        self._born = GrowingArray(np.empty(0, np.int64))
        self._first_day = GrowingArray(np.empty(0, np.float64))
        # Of topics that have a text: their numbers, when they were born, and their vectors, once a width is known.
        self._stated = GrowingArray(np.empty(0, np.int64))
        self._stated_born = GrowingArray(np.empty(0, np.int64))
        self._vectors: GrowingArray | None = None
        self._scale = 0.0
        self._missing = GrowingArray(np.empty(0, np.bool_))
        self._table = GrowingArray(np.empty((0, len(PRECEDENT_NAMES)), np.float32))
        self.extend(history)

    def extend(self, history: History) -> None:
        """Takes in what came since; a topic's first day is counted once it is over."""
        known = len(self._born)
        topics = np.arange(known, history.topic_count)
        self._born.append(history.first_seen(topics))
        self._table.append(np.zeros((len(topics), len(PRECEDENT_NAMES)), np.float32))
        self._missing.append(self._take_in_texts(topics, history))
        born = self._born.array
        over = np.arange(len(self._first_day), np.searchsorted(born, history.end - _DAY, side="right"))
        counts = history.counts(over, born[over], born[over] + _DAY)
        self._first_day.append(np.log1p(counts))

    def _take_in_texts(self, topics: npt.NDArray[np.int64], history: History) -> npt.NDArray[np.bool_]:
        """Which of the new topics have a text."""
        if history.texts is None or not len(topics):
            return np.zeros(len(topics), np.bool_)
        texts = history.texts[topics]
        if self._vectors is None:
            self._scale = _LARGEST / _DEVIATIONS * np.sqrt(max(texts.shape[1], 1))
            self._vectors = GrowingArray(np.empty((0, texts.shape[1]), np.float32))
        have: npt.NDArray[np.bool_] = np.any(texts != 0, axis=1)
        self._stated.append(topics[have])
        self._stated_born.append(self._born.array[topics[have]])
        self._vectors.append(np.clip(np.rint(texts[have] * self._scale), -_LARGEST, _LARGEST))
        return have

    def table(self, topics: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Shape (rows, len(PRECEDENT_NAMES)).

        Of the topics first seen at least a day before it, the most alike by cosine: the mean log1p(mentions on
        the first day) of the ten nearest, and of fifty weighted by likeness; the greatest likeness, and the mean
        of the ten. Zero where a topic has no text, or nothing went before it.
        """
        missing = np.unique(topics[self._missing.array[topics]])
        for start in range(0, len(missing), _BLOCK):
            self._look_up(missing[start : start + _BLOCK])
        return self._table.array[topics]

    def _look_up(self, topics: npt.NDArray[np.int64]) -> None:
        # Topics are numbered by birth, so that those that may speak for one lie side by side.
        ends = np.searchsorted(self._stated_born.array, self._born.array[topics] - _DAY, side="right")
        starts = np.maximum(ends - _LOOKED_THROUGH, 0)
        low, high = int(starts.min()), int(ends.max())
        self._missing.put(topics, False)
        if high == low or self._vectors is None:
            return
        vectors, stated = self._vectors.array, self._stated.array
        likeness = vectors[np.searchsorted(stated, topics)] @ vectors[low:high].T
        columns = np.arange(low, high)
        likeness[(columns < starts[:, None]) | (columns >= ends[:, None])] = -np.inf
        self._table.put(topics, _summary(likeness, self._scale**2, self._first_day.array[stated[low:high]]))


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
