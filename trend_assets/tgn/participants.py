"""Who takes part in a topic, and how far the topics went that they joined before."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.history import HOUR, History

#: How many of a topic's last mentions are looked at.
RECENT = 10

_DAY = 24 * HOUR
_WEEK = 7 * _DAY
#: A user's record is drawn to everybody's by as much as this many events would.
_SHRINKAGE = 5.0
# Outcomes are summed as integers, so that a sum has the same bits whatever lies beside it.
_SCALE = 1 << 20

PARTICIPANT_NAMES: tuple[str, ...] = (
    "record_mean",
    "record_max",
    "record_first",
    "record_last",
    "young_record_mean",
    "young_record_max",
    "activity_mean",
    "activity_max",
    "experience_mean",
    "distinct_share",
    "gap_1",
    "gap_3",
    "gap_10",
    "creator_share",
)


class ParticipantIndex:
    """Looks up, for topics at moments, who took part and with what record; one sort, no loop.

    A user's record at a moment is the mean of log1p(mentions in the day after) over the mentions that the
    user made at least a day before it; the young record counts only mentions of topics under a day old.

    Args:
        history: the mentions that may be known. What is given for a moment uses only those before it.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        time, topic = history.time, history.topic.astype(np.int64)
        # Unknown users share the number 0.
        user = history.user.astype(np.int64) + 1
        self._by_topic = np.argsort(topic, kind="stable")
        self._topic_start = np.searchsorted(topic[self._by_topic], np.arange(history.topic_count))
        self._user = user
        after = np.log1p(history.counts(topic, time + 1, time + _DAY))
        outcome = np.rint(after * _SCALE).astype(np.int64)
        outcome[user == 0] = 0
        young = (time - history.first_seen(topic) < _DAY) & (user > 0)
        self._span = history.end - history.start + 1
        self._all = _Record(user, time - history.start, outcome, user > 0, self._span)
        self._young = _Record(user, time - history.start, outcome, young, self._span)

    def table(self, topics: npt.NDArray[np.int64], moments: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Features of topics at moments (epoch seconds UTC), shape (rows, len(PARTICIPANT_NAMES)).

        Each topic must have been mentioned before its moment.
        """
        if not len(topics):
            return np.empty((0, len(PARTICIPANT_NAMES)), np.float32)
        count = self._history.counts_before(topics, moments)
        back = np.minimum(np.arange(RECENT), count[:, None] - 1)
        real = np.arange(RECENT) < count[:, None]
        mention = self._by_topic[self._topic_start[topics][:, None] + count[:, None] - 1 - back]
        users = self._user[mention]
        first = self._user[self._by_topic[self._topic_start[topics]]]
        clock = (moments - self._history.start)[:, None]
        record = self._all.mean_before(np.column_stack([users, first]), clock - _DAY)
        young = self._young.mean_before(users, clock - _DAY)
        total = self._all.count_before(users, clock)
        week = total - self._all.count_before(users, clock - _WEEK)
        gaps = np.log1p((moments[:, None] - self._history.time[mention]) / HOUR)
        activity = np.log1p(week)
        columns = [
            _mean(record[:, :-1], real),
            _max(record[:, :-1], real),
            record[:, -1],
            record[:, 0],
            _mean(young, real),
            _max(young, real),
            _mean(activity, real),
            _max(activity, real),
            _mean(np.log1p(total), real),
            _distinct(users, real) / real.sum(1),
            gaps[:, 0],
            gaps[:, 2],
            gaps[:, 9],
            _mean((users == first[:, None]).astype(np.float64), real),
        ]
        return np.stack(columns, axis=1).astype(np.float32)


class _Record:
    """Running sums of outcomes by user, looked up by user and second since the history's start."""

    def __init__(
        self,
        user: npt.NDArray[np.int64],
        clock: npt.NDArray[np.int64],
        outcome: npt.NDArray[np.int64],
        counted: npt.NDArray[np.bool_],
        span: int,
    ) -> None:
        keys = (user * span + clock)[counted]
        order = np.argsort(keys, kind="stable")
        self._span = span
        self._keys = keys[order]
        self._sums = np.concatenate([[0], np.cumsum(outcome[counted][order])])
        self._clock = clock[counted]
        self._all_sums = np.concatenate([[0], np.cumsum(outcome[counted])])

    def count_before(self, users: npt.NDArray[np.int64], clock: npt.NDArray[np.int64]) -> npt.NDArray:
        """Counted mentions of each user before a moment, in seconds since the history's start."""
        start = np.searchsorted(self._keys, users * self._span)
        return np.searchsorted(self._keys, users * self._span + np.maximum(clock, 0)) - start

    def mean_before(self, users: npt.NDArray[np.int64], clock: npt.NDArray[np.int64]) -> npt.NDArray:
        """Mean outcome of each user's mentions before a moment, drawn to the mean of everybody's."""
        start = np.searchsorted(self._keys, users * self._span)
        end = np.searchsorted(self._keys, users * self._span + np.maximum(clock, 0))
        known = np.searchsorted(self._clock, np.maximum(clock, 0))
        everybody = self._all_sums[known] / np.maximum(known, 1)
        total = self._sums[end] - self._sums[start] + _SHRINKAGE * everybody
        return total / (end - start + _SHRINKAGE) / _SCALE


def _mean(values: npt.NDArray, real: npt.NDArray[np.bool_]) -> npt.NDArray:
    return (values * real).sum(1) / real.sum(1)


def _max(values: npt.NDArray, real: npt.NDArray[np.bool_]) -> npt.NDArray:
    return np.where(real, values, -np.inf).max(1)


def _distinct(users: npt.NDArray[np.int64], real: npt.NDArray[np.bool_]) -> npt.NDArray:
    ordered = np.sort(np.where(real, users, -1), axis=1)
    return (ordered[:, 1:] != ordered[:, :-1]).sum(1) + (ordered[:, 0] >= 0)
