"""Ranks of link aggregators: points, here all mentions so far, against age."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import Cut

Floats = npt.NDArray[np.float64]

_GRAVITY = 1.8
#: 2005-12-08 07:46:43 UTC, from which Reddit counts.
_REDDIT_EPOCH = 1_134_028_003
_REDDIT_SECONDS = 45_000
#: After so long, a comment lifts its post no more.
_LEMMY_LIMIT = 48 * HOUR


def hacker_news(history: History, cut: Cut) -> Floats:
    """(points - 1)^0.8 / (hours + 2)^1.8: `frontpage-rank` in news.arc of Arc 3.1 (Graham and Morris 2009)."""
    points = _points(history, cut) - 1.0
    return points**0.8 / (_hours(cut, history.first_seen(cut.topics)) + 2.0) ** _GRAVITY


def reddit_hot(history: History, cut: Cut) -> Floats:
    """log10(points) + seconds / 45000: `hot` in r2/r2/lib/db/_sorts.pyx of Reddit's public code."""
    posted = history.first_seen(cut.topics) - _REDDIT_EPOCH
    return np.asarray(np.log10(np.maximum(_points(history, cut), 1.0)) + posted / _REDDIT_SECONDS, dtype=np.float64)


def lemmy_hot(history: History, cut: Cut) -> Floats:
    """log(3 + points) / (hours + 2)^1.8 (Lemmy's documentation, "Trending / Hot / Best Sorting algorithm")."""
    return _lemmy(history, cut, history.first_seen(cut.topics))


def lemmy_active(history: History, cut: Cut) -> Floats:
    """As `lemmy_hot`, with hours since the last mention, of those in the first two days (the same page)."""
    posted = history.first_seen(cut.topics)
    counted = np.minimum(posted + _LEMMY_LIMIT, cut.time)
    last = history.nth_last(cut.topics, counted, [1])[:, 0]
    return _lemmy(history, cut, last)


def _lemmy(history: History, cut: Cut, since: npt.NDArray[np.int64]) -> Floats:
    return np.asarray(np.log(3.0 + _points(history, cut)) / (_hours(cut, since) + 2.0) ** _GRAVITY, dtype=np.float64)


def _points(history: History, cut: Cut) -> Floats:
    return history.counts_before(cut.topics, cut.time).astype(np.float64)


def _hours(cut: Cut, since: npt.NDArray[np.int64]) -> Floats:
    return (cut.time - since) / HOUR
