"""Mastodon's trending tags: `Trends::Tags#calculate_scores` in app/models/trends/tags.rb of its public code."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.formulas.recent import Recent, recent
from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import Cut

_DAY = 24 * HOUR
#: Mastodon's own settings: accounts that a tag needs, hours after which a score counts half, and is forgotten.
_THRESHOLD = 5
_HALF_LIFE = 4
_COOLDOWN = 48


def mastodon_trends(history: History, cut: Cut) -> npt.NDArray[np.float64]:
    """The highest (observed - expected)^2 / expected of two days, halved every four hours since; (n,).

    Observed are the accounts of a UTC day so far, expected those of the day before; looked at every hour, where
    Mastodon looks every five minutes. It lists no tag below 1; here these keep their score. Mentions of unknown
    users count as accounts of their own.
    """
    start = (cut.time - _COOLDOWN * HOUR) // _DAY * _DAY - _DAY
    days = -(-(cut.time - start) // _DAY)
    so_far = _accounts(recent(history, cut, start), start, len(cut), days)
    ended = (cut.time - start) // HOUR
    hours = np.arange(ended - _COOLDOWN, ended)
    observed = so_far[:, hours]
    expected = np.maximum(so_far[:, hours // 24 * 24 - 1], 1)
    scores = np.where((expected > observed) | (observed < _THRESHOLD), 0.0, (observed - expected) ** 2.0 / expected)
    # A later score must be higher to replace an earlier one: of equal ones the first counts.
    latest = scores.argmax(axis=1)
    highest = np.take_along_axis(scores, latest[:, None], 1)[:, 0]
    decayed: npt.NDArray[np.float64] = highest * 0.5 ** ((_COOLDOWN - 1 - latest) / _HALF_LIFE)
    return decayed


def _accounts(found: Recent, start: int, topics: int, days: int) -> npt.NDArray[np.int64]:
    """Different accounts of the UTC day until the end of each hour; (topics, 24 x days)."""
    strangers = found.user < 0
    user = np.where(strangers, -1 - np.arange(len(found.user)), found.user)
    keys = np.stack([found.row, (found.time - start) // _DAY, user])
    # The mentions are in order of time, so that of equal keys the first is the earliest.
    _, first = np.unique(keys, axis=1, return_index=True)
    hour = (found.time[first] - start) // HOUR
    came = np.bincount(found.row[first] * 24 * days + hour, minlength=topics * 24 * days)
    return came.reshape(topics, days, 24).cumsum(axis=2).reshape(topics, 24 * days)
