"""What became of mentions within a day, kept by who made them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.history import HOUR, History
from trend_assets.graph.growing import IntArray, SortedRuns, pair
from trend_assets.tgn.records import Record, both

_DAY = 24 * HOUR
_SOON = 6 * HOUR
#: Mentions that make a topic big (`LabelSettings.threshold` by default).
_BIG = 8

#: `record` is log1p(mentions of the topic in the day after), `lift` that less log1p(mentions in the day before), `soon`
#: log1p(mentions in six hours), `big` whether there were eight in the day, `returns` log1p(the user's own further
#: mentions), `followers` log1p(users who first mentioned it then), `young_record` the record in topics under a day old.
OUTCOMES = ("record", "lift", "soon", "big", "returns", "followers", "young_record")
#: Of these dyads have the first ones.
_OF_DYADS = 2


class Outcomes:
    """Mean outcomes of mentions, by user and by dyad: two users of whom one followed upon the other in a topic."""

    def __init__(self) -> None:
        self._all, self._young, self._dyads = Record(len(OUTCOMES) - 1), Record(1), Record(_OF_DYADS)
        self._judged = 0

    def extend(
        self, history: History, users: IntArray, by_topic: SortedRuns, by_both: SortedRuns, joined: SortedRuns
    ) -> None:
        """Takes in the outcomes of mentions whose day is over.

        Args:
            history: all mentions that may be known.
            users: of each of its mentions, 0 where unknown; (mentions,).
            by_topic: pairs of topic and number of the mention.
            by_both: pairs of `both` of user and topic, and second since the history's start, of known users.
            joined: pairs of topic and that second, of mentions by which known users first mentioned it.
        """
        judged = int(np.searchsorted(history.time, history.end - _DAY, side="right"))
        if judged <= self._judged:
            return
        rows, self._judged = slice(self._judged, judged), judged
        user, clock = users[rows], history.time[rows] - history.start
        found = _outcomes(history, user, by_both, joined, rows)
        known = user > 0
        self._all.extend(user[known], clock[known], found[known])
        young = known & (history.time[rows] - history.first_seen(history.topic[rows]) < _DAY)
        self._young.extend(user[young], clock[young], found[young, :1])
        before = _previous_users(history, users, by_topic, rows)
        dyads = known & (before > 0) & (before != user)
        number = both(np.minimum(before, user), np.maximum(before, user))[dyads]
        self._dyads.extend(number, clock[dyads], found[dyads, :_OF_DYADS])

    def means(self, users: IntArray, clock: IntArray) -> Mapping[str, npt.NDArray[np.float64]]:
        """By outcome, of what users had mentioned a day before moments, given in seconds since the history's start."""
        every, _ = self._all.before(users, clock - _DAY)
        young, _ = self._young.before(users, clock - _DAY)
        return dict(zip(OUTCOMES, [*np.moveaxis(every, -1, 0), young[..., 0]], strict=True))

    def of_dyads(
        self, dyads: IntArray, clock: IntArray
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], IntArray]:
        """Mean record and lift of dyads before moments, and how often each was one; of the dyads' shape.

        Args:
            dyads: `both` of the smaller and the larger user.
            clock: at least a day before what is asked; seconds since the history's start.
        """
        means, count = self._dyads.before(dyads, clock)
        return means[..., 0], means[..., 1], count


def _outcomes(
    history: History, user: IntArray, by_both: SortedRuns, joined: SortedRuns, rows: slice
) -> npt.NDArray[np.float64]:
    """Of mentions whose day is over; (rows, len(OUTCOMES) - 1), all but `young_record`."""
    time, topic = history.time[rows], history.topic[rows].astype(np.int64)
    start, end = time - history.start + 1, time - history.start + _DAY
    here = both(user, topic)
    after = history.counts(topic, time + 1, time + _DAY)
    record = np.log1p(after)
    columns = [
        record,
        record - np.log1p(history.counts(topic, time - _DAY, time)),
        np.log1p(history.counts(topic, time + 1, time + _SOON)),
        after >= _BIG,
        np.log1p(by_both.below(pair(here, end)) - by_both.below(pair(here, start))),
        np.log1p(joined.below(pair(topic, end)) - joined.below(pair(topic, start))),
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def _previous_users(history: History, users: IntArray, by_topic: SortedRuns, rows: slice) -> IntArray:
    """Who made the mention of the same topic before each of some mentions, 0 where unknown or none; (rows,)."""
    topic = history.topic[rows].astype(np.int64)
    rank = by_topic.below(pair(topic, np.arange(rows.start, rows.stop))) - by_topic.below(pair(topic, 0))
    previous = by_topic.chosen(topic, np.maximum(rank - 1, 0)[:, None])[:, 0]
    return np.where(rank > 0, users[previous], 0)
