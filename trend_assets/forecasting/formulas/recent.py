"""The last mentions of a cut's topics, as the formulas want them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import Cut


class Recent(NamedTuple):
    """Mentions before a cut, in order of time.

    Attributes:
        row: the topic's place in the cut; (mentions,).
        time: epoch seconds UTC; (mentions,).
        user: by number, -1 where unknown; (mentions,).
    """

    row: npt.NDArray[np.int64]
    time: npt.NDArray[np.int64]
    user: npt.NDArray[np.int64]


def recent(history: History, cut: Cut, since: int) -> Recent:
    """Mentions of the cut's topics from `since` (epoch seconds UTC) until the cut."""
    first, last = np.searchsorted(history.time, [since, cut.time], side="left")
    row = np.full(history.topic_count, -1, dtype=np.int64)
    row[cut.topics] = np.arange(len(cut))
    rows = row[history.topic[first:last]]
    mine = rows >= 0
    return Recent(rows[mine], history.time[first:last][mine], history.user[first:last].astype(np.int64)[mine])


def hourly(history: History, cut: Cut, hours: int) -> npt.NDArray[np.float64]:
    """Mentions of each topic in each of the last hours before the cut, the oldest first; (n, hours)."""
    since = cut.time - hours * HOUR
    found = recent(history, cut, since)
    cells = found.row * hours + (found.time - since) // HOUR
    return np.bincount(cells, minlength=len(cut) * hours).reshape(len(cut), hours).astype(np.float64)
