"""What counting knows of a topic at a cut: mentions over many windows, their timing, users, age, calendar."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import Cut

#: Windows before the cut, in hours.
MENTION_WINDOWS = (1, 2, 3, 6, 12, 24, 48, 72, 168, 336, 720)
USER_WINDOWS = (6, 24, 168)
_WINDOWS = np.array(USER_WINDOWS, dtype=np.int64) * HOUR
#: Over how many of the last mentions the gaps between them are averaged.
GAPS = (3, 8)
#: Half-lives of the moving averages of daily mentions, in days.
HALF_LIVES = (1, 3, 7, 14)
#: How far back counting looks: a first cut should have this much history before it.
LOOKBACK_DAYS = 30

_WEEK_DAYS = 7
_CALENDAR = ("weekday", "hour")

COUNT_NAMES: tuple[str, ...] = (
    *(f"mentions_{hours}h" for hours in MENTION_WINDOWS),
    *(f"mentions_day_{day}" for day in range(2, _WEEK_DAYS + 1)),
    "same_day_last_week",
    *(f"ewma_{days}d" for days in HALF_LIVES),
    "age_hours",
    "idle_hours",
    *(f"gap_hours_{mentions}" for mentions in GAPS),
    *(f"users_{hours}h" for hours in USER_WINDOWS),
    *_CALENDAR,
)


def count_table(history: History, cuts: Sequence[Cut]) -> npt.NDArray[np.float64]:
    """Counts of the cuts' topics, one row a topic, cut after cut.

    Args:
        history: mentions at least up to the last cut; each row uses only what was before its own cut.
        cuts: in any order.

    Returns:
        Shape (sum of candidates, len(COUNT_NAMES)), columns as `COUNT_NAMES`: mentions and users are
        counts, `ewma_*` mentions a day, `age_hours` and `idle_hours` hours since the topic was first and last
        mentioned, `gap_hours_*` mean hours between its last mentions (of one mention: since it), `weekday` 0 for
        Monday, `hour` UTC.
    """
    if not cuts:
        return np.empty((0, len(COUNT_NAMES)))
    topics = np.concatenate([cut.topics for cut in cuts])
    times = np.repeat([cut.time for cut in cuts], [len(cut) for cut in cuts]).astype(np.int64)
    daily = daily_mentions(history, topics, times, LOOKBACK_DAYS)
    age = (times - history.first_seen(topics)) / HOUR
    users = np.concatenate([_distinct_users(history, cut) for cut in cuts])
    calendar = np.stack([(times // (24 * HOUR) + 3) % 7, times // HOUR % 24], axis=1)
    columns = [
        mentions_in(history, topics, times, MENTION_WINDOWS),
        daily[:, 1:_WEEK_DAYS],
        daily[:, _WEEK_DAYS - 1 : _WEEK_DAYS],
        np.stack([exponential_average(daily, days) for days in HALF_LIVES], axis=1),
        age[:, None],
        timing(history, topics, times),
        users,
        calendar,
    ]
    return np.concatenate(columns, axis=1, dtype=np.float64)


def log_features(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """`log1p` of every column but the calendar's, for learned rankings; the shape stays."""
    features = counts.copy()
    amounts = features[:, : -len(_CALENDAR)]
    np.log1p(amounts, out=amounts)
    return features.astype(np.float32)


def mentions_in(
    history: History,
    topics: npt.NDArray[np.int64],
    times: npt.NDArray[np.int64],
    hours: Sequence[int],
) -> npt.NDArray[np.int64]:
    """Mentions in the last `hours` before each time; shape (rows, len(hours))."""
    lengths = np.asarray(hours, dtype=np.int64) * HOUR
    return history.counts(topics[:, None], times[:, None] - lengths, times[:, None])


def daily_mentions(
    history: History, topics: npt.NDArray[np.int64], times: npt.NDArray[np.int64], days: int
) -> npt.NDArray[np.int64]:
    """Mentions in each of the last 24-hour days before each time, latest first; shape (rows, days)."""
    edges = times[:, None] - np.arange(days + 1, dtype=np.int64) * 24 * HOUR
    before = history.counts_before(topics[:, None], edges)
    return before[:, :-1] - before[:, 1:]


def timing(history: History, topics: npt.NDArray[np.int64], times: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Hours since the last mention before each time, and mean hours between the last ones; (rows, 1 + len(GAPS))."""
    seen = history.nth_last(topics, times, (1, *GAPS))
    idle = (times[:, None] - seen[:, :1]) / HOUR
    between = np.minimum(GAPS, history.counts_before(topics, times)[:, None]) - 1
    gaps = (seen[:, :1] - seen[:, 1:]) / HOUR / np.maximum(between, 1)
    return np.concatenate([idle, np.where(between > 0, gaps, idle)], axis=1)


def exponential_average(daily: npt.NDArray[np.int64], half_life: float) -> npt.NDArray[np.float64]:
    """Exponentially weighted mean of daily mentions, latest first; shape (rows,).

    Args:
        daily: shape (rows, days).
        half_life: days after which a day counts half.
    """
    weights = 0.5 ** (np.arange(daily.shape[1]) / half_life)
    # Summed day by day: a matrix product rounds differently with the number of rows, and a cut's
    # features must be the same bits whether it is computed alone or among others.
    total = np.zeros(len(daily))
    for day, weight in enumerate(weights):
        total += weight * daily[:, day]
    mean: npt.NDArray[np.float64] = total / weights.sum()
    return mean


def _distinct_users(history: History, cut: Cut) -> npt.NDArray[np.int64]:
    """Known users who mentioned each topic in each of `USER_WINDOWS`; shape (n, windows)."""
    first, last = np.searchsorted(history.time, [cut.time - max(USER_WINDOWS) * HOUR, cut.time], side="left")
    row = np.full(history.topic_count, -1, dtype=np.int64)
    row[cut.topics] = np.arange(len(cut))
    rows, users = row[history.topic[first:last]], history.user[first:last].astype(np.int64)
    counted = (rows >= 0) & (users >= 0)
    # The windows that a mention is too old for; of a pair's mentions the latest is the first one in order.
    old = np.searchsorted(_WINDOWS, (cut.time - history.time[first:last])[counted], side="left")
    keys = np.sort((rows[counted] << 34) | (users[counted] << 2) | old)
    latest = np.ones(len(keys), dtype=np.bool_)
    latest[1:] = keys[1:] >> 2 != keys[:-1] >> 2
    found = (keys[latest] >> 34) * len(USER_WINDOWS) + (keys[latest] & 3)
    counts = np.bincount(found, minlength=len(cut) * len(USER_WINDOWS)).reshape(len(cut), len(USER_WINDOWS))
    return counts.cumsum(axis=1)
