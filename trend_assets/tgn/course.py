"""A topic's course: its silence and share, counted in the mentions of the whole stream, and its own past days."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.features import daily_mentions, mentions_in
from trend_assets.forecasting.history import HOUR, History

_Topics = npt.NDArray[np.int64]
_Moments = npt.NDArray[np.int64]
_Columns = list[npt.NDArray[np.float64]]

#: Which of a topic's last mentions are looked back to; its gap is taken over eight.
_BACK = (1, 2, 3, 5, 8, 10)
_GAP = 8
#: To which of these the topics are counted that began since.
_NEWER_BACK = (1, 3)
_SHARE_HOURS = (1, 6, 24)
_DAYS = 28
_WEEKS_AGO = (2, 3, 4)
_DAY = 24 * HOUR
_WEEK = 7 * _DAY

COURSE_NAMES: tuple[str, ...] = (
    *(f"stream_since_{mentions}" for mentions in _BACK),
    "stream_since_by_gap",
    *(f"newer_topics_{mentions}" for mentions in _NEWER_BACK),
    *(f"stream_share_{hours}h" for hours in _SHARE_HOURS),
    "stream_next_day",
    "most_daily",
    "days_since_most",
    "active_days",
    "daily_spread",
    *(f"same_day_{weeks}_weeks_ago" for weeks in _WEEKS_AGO),
    "first_day",
    "first_hour",
)


def course_table(history: History, topics: _Topics, moments: _Moments) -> npt.NDArray[np.float32]:
    """Features of topics at moments, shape (rows, len(COURSE_NAMES)); logarithms, except `active_days`.

    Args:
        history: the mentions that may be known. What is given for a moment uses only those before it.
        topics: by number, each mentioned before its moment; (rows,).
        moments: epoch seconds UTC; (rows,).
    """
    columns = [*_in_the_stream(history, topics, moments), *_past_days(history, topics, moments)]
    return np.stack(columns, axis=1).astype(np.float32)


def _in_the_stream(history: History, topics: _Topics, moments: _Moments) -> _Columns:
    """By the mentions of all topics: a quiet night is no silence.

    `stream_since_*` counts them from one of the topic's last mentions on, that one included, and `newer_topics_*` the
    topics that began from then on; `stream_next_day` is the stream's day that began a week before the moment against
    the day just past, 0 where a week ago nothing was collected.
    """
    times = history.time
    here = np.searchsorted(times, moments)
    last = history.nth_last(topics, moments, _BACK)
    since = here[:, None] - np.searchsorted(times, last)
    logged = np.log1p(since)
    between = np.minimum(_GAP, history.counts_before(topics, moments)) - 1
    gap = (since[:, _BACK.index(_GAP)] - since[:, 0]) / np.maximum(between, 1)
    born = history.first_seen(np.arange(history.topic_count))
    began = np.searchsorted(born, moments)[:, None] - np.searchsorted(born, last[:, [*map(_BACK.index, _NEWER_BACK)]])
    mentions = here[:, None] - np.searchsorted(times, moments[:, None] - np.array(_SHARE_HOURS) * HOUR)
    share = np.log1p(mentions_in(history, topics, moments, _SHARE_HOURS)) - np.log1p(mentions)
    week_ago = np.searchsorted(times, moments - _WEEK + _DAY) - np.searchsorted(times, moments - _WEEK)
    ahead = np.log1p(week_ago) - np.log1p(mentions[:, -1])
    ahead[moments - _WEEK < history.start] = 0.0
    return [*logged.T, logged[:, 0] - np.log1p(gap), *np.log1p(began).T, *share.T, ahead]


def _past_days(history: History, topics: _Topics, moments: _Moments) -> _Columns:
    """Of the last four weeks: the day of most mentions, how many had any, how they spread; and how the topic began."""
    daily = daily_mentions(history, topics, moments, _DAYS)
    first = history.first_seen(topics)
    begun = [history.counts(topics, first, np.minimum(first + span, moments)) for span in (_DAY, HOUR)]
    # The spread by whole sums, so that a row has the same bits alone and among others.
    total, squares = daily.sum(axis=1), (daily**2).sum(axis=1)
    spread = np.sqrt(np.maximum(_DAYS * squares - total**2, 0)) / _DAYS
    ago = (daily[:, 7 * weeks - 1] for weeks in _WEEKS_AGO)
    logged = (daily.max(axis=1), daily.argmax(axis=1), spread, *ago, *begun)
    most, since, wide, *rest = (np.log1p(column) for column in logged)
    return [most, since, (daily > 0).sum(axis=1).astype(np.float64), wide, *rest]
