"""Who takes part in a topic, and how far the topics went that they joined before."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.history import HOUR, History
from trend_assets.graph.growing import GrowingArray, SortedRuns, SummedRuns, halves, pair

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
    "creator_share",
)


class ParticipantIndex:
    """Looks up, for topics at moments, who took part and with what record; sorts, no loop over mentions.

    A user's record at a moment is the mean of log1p(mentions in the day after) over the mentions that the
    user made at least a day before it; the young record counts only mentions of topics under a day old.

    Args:
        history: the mentions that may be known. What is given for a moment uses only those before it.
    """

    def __init__(self, history: History) -> None:
        # Unknown users share the number 0.
        self._user = GrowingArray(np.empty(0, np.int64))
        self._by_topic, self._by_user = SortedRuns(), SortedRuns()
        self._all, self._young = Record(), Record()
        self._judged = 0
        self.extend(history)

    def __getstate__(self) -> dict[str, Any]:
        """Without the history, which `extend` brings."""
        return {name: value for name, value in vars(self).items() if name != "_history"}

    def extend(self, history: History) -> None:
        """Takes in what came since; a mention's outcome is counted once its day is over."""
        self._history = history
        known = len(self._user)
        if len(history) > known:
            user = history.user[known:].astype(np.int64) + 1
            clock = history.time[known:] - history.start
            self._by_topic = self._by_topic.extended(pair(history.topic[known:], np.arange(known, len(history))))
            self._by_user = self._by_user.extended(pair(user, clock)[user > 0])
            self._user.append(user)
        judged = int(np.searchsorted(history.time, history.end - _DAY, side="right"))
        if judged > self._judged:
            self._judge(history, slice(self._judged, judged))
            self._judged = judged

    def _judge(self, history: History, rows: slice) -> None:
        time, topic, user = history.time[rows], history.topic[rows].astype(np.int64), self._user.array[rows]
        after = np.log1p(history.counts(topic, time + 1, time + _DAY))
        outcome = np.rint(after * _SCALE).astype(np.int64)
        young = (time - history.first_seen(topic) < _DAY) & (user > 0)
        for record, counted in ((self._all, user > 0), (self._young, young)):
            record.extend(user[counted], time[counted] - history.start, outcome[counted])

    def table(
        self,
        topics: npt.NDArray[np.int64],
        moments: npt.NDArray[np.int64],
        strangers: npt.NDArray[np.int64] | None = None,
    ) -> npt.NDArray[np.float32]:
        """Features of topics at moments, shape (rows, len(PARTICIPANT_NAMES)).

        Args:
            topics: by number, each mentioned before its moment; (rows,).
            moments: epoch seconds UTC; (rows,).
            strangers: a user for each row, by number, of whom nothing shall be known; (rows,).
        """
        if not len(topics):
            return np.empty((0, len(PARTICIPANT_NAMES)), np.float32)
        mention, real = self._looked_at(topics, moments)
        everybody = self._user.array[mention]
        if strangers is not None:
            everybody = np.where(everybody == strangers[:, None] + 1, 0, everybody)
        users, first = everybody[:, :-1], everybody[:, -1]
        records, youngs, totals, weeks, place = self._known(everybody, moments)
        record, young = records[place], youngs[place[:, :-1]]
        total, week = totals[place[:, :-1]], weeks[place[:, :-1]]
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
            _mean((users == first[:, None]).astype(np.float64), real),
        ]
        return np.stack(columns, axis=1).astype(np.float32)

    def users(self, topics: npt.NDArray[np.int64], moments: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Who the features of `table` are about, -1 where unknown: the last ones and the first; (rows, RECENT + 1)."""
        mention, _ = self._looked_at(topics, moments)
        return self._user.array[mention] - 1

    def _looked_at(
        self, topics: npt.NDArray[np.int64], moments: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """The last mentions and the first, (rows, RECENT + 1), and which of the last ones there are, (rows, RECENT)."""
        count = self._history.counts_before(topics, moments)
        back = np.minimum(np.arange(RECENT), count[:, None] - 1)
        ranks = np.column_stack([count[:, None] - 1 - back, np.zeros_like(count)])
        return self._by_topic.chosen(topics, ranks), np.arange(RECENT) < count[:, None]

    def _known(self, users: npt.NDArray[np.int64], moments: npt.NDArray[np.int64]) -> tuple[npt.NDArray[Any], ...]:
        """Records and activity of users at moments, each pair once, and which pair is whose, of the users' shape."""
        asked = pair(users, (moments - self._history.start)[:, None])
        # Ascending, so that one look-up lies near the next.
        pairs, place = np.unique(asked, return_inverse=True)
        user, clock = halves(pairs)
        total = self._made_before(user, clock)
        week = total - self._made_before(user, clock - _WEEK)
        records = (record.mean_before(user, clock - _DAY) for record in (self._all, self._young))
        return *records, total, week, place.reshape(users.shape)

    def _made_before(self, users: npt.NDArray[np.int64], clock: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """Mentions of each known user before a moment, in seconds since the history's start."""
        before = self._by_user.below(pair(users, np.maximum(clock, 0)))
        return before - self._by_user.below(pair(users, 0))


class Record:
    """Sums of outcomes by user, looked up by user and second since the history's start."""

    def __init__(self) -> None:
        self._by_user = SummedRuns()
        self._clock = GrowingArray(np.empty(0, np.int64))
        self._sums = GrowingArray(np.zeros(1, np.int64))

    def extend(self, user: npt.NDArray[np.int64], clock: npt.NDArray[np.int64], outcome: npt.NDArray[np.int64]) -> None:
        """Takes in mentions in order of time, none earlier than those before."""
        self._by_user = self._by_user.extended(pair(user, clock), outcome)
        self._clock.append(clock)
        self._sums.append(self._sums.array[-1] + np.cumsum(outcome))

    def mean_before(self, users: npt.NDArray[np.int64], clock: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """Mean outcome of each user's mentions before a moment, drawn to the mean of everybody's."""
        clock = np.maximum(clock, 0)
        count, total = self._by_user.between(pair(users, 0), pair(users, clock))
        known = np.searchsorted(self._clock.array, clock)
        everybody = self._sums.array[known] / np.maximum(known, 1)
        return (total + _SHRINKAGE * everybody) / (count + _SHRINKAGE) / _SCALE


def _mean(values: npt.NDArray[Any], real: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    mean: npt.NDArray[Any] = (values * real).sum(1) / real.sum(1)
    return mean


def _max(values: npt.NDArray[Any], real: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    most: npt.NDArray[Any] = np.where(real, values, -np.inf).max(1)
    return most


def _distinct(users: npt.NDArray[np.int64], real: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    ordered = np.sort(np.where(real, users, -1), axis=1)
    count: npt.NDArray[Any] = (ordered[:, 1:] != ordered[:, :-1]).sum(1) + (ordered[:, 0] >= 0)
    return count
