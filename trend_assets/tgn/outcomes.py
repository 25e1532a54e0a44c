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

#: `record` is log1p(mentions of the topic in the day after), `young_record` the same of topics under a day old, `lift`
#: that less log1p(mentions in the day before), `soon` log1p(mentions in six hours), `big` whether there were eight in
#: the day, `returns` log1p(the user's own further mentions), `followers` log1p(users who first mentioned it then).
OUTCOMES = ("record", "young_record", "lift", "soon", "big", "returns", "followers")
_OF_DYADS = ("record", "lift")


class Outcomes:
    """Mean outcomes of mentions, by user and by dyad: two users of whom one followed upon the other in a topic."""

    def __init__(self) -> None:
        self._users = {name: Record() for name in OUTCOMES}
        self._dyads = {name: Record() for name in _OF_DYADS}
        self._judged = 0

    def extend(self, history: History, users: IntArray, by_topic: SortedRuns, joined: SortedRuns) -> None:
        """Takes in the outcomes of mentions whose day is over.

        Args:
            history: all mentions that may be known.
            users: of each of its mentions, 0 where unknown; (mentions,).
            by_topic: pairs of topic and number of the mention.
            joined: pairs of topic and second since the history's start, of mentions by which users first mentioned it.
        """
        judged = int(np.searchsorted(history.time, history.end - _DAY, side="right"))
        if judged <= self._judged:
            return
        rows, self._judged = slice(self._judged, judged), judged
        user, clock = users[rows], history.time[rows] - history.start
        found = _outcomes(history, users, joined, rows)
        known = user > 0
        young = history.time[rows] - history.first_seen(history.topic[rows]) < _DAY
        for name, record in self._users.items():
            counted = known & young if name == "young_record" else known
            record.extend(user[counted], clock[counted], found[name][counted])
        before = _previous_users(history, users, by_topic, rows)
        dyads = known & (before > 0) & (before != user)
        number = both(np.minimum(before, user), np.maximum(before, user))[dyads]
        for name, record in self._dyads.items():
            record.extend(number, clock[dyads], found[name][dyads])

    def means(self, users: IntArray, clock: IntArray) -> Mapping[str, npt.NDArray[np.float64]]:
        """By outcome, of what users had mentioned a day before moments, given in seconds since the history's start."""
        return {name: record.mean_before(users, clock - _DAY) for name, record in self._users.items()}

    def of_dyads(
        self, dyads: IntArray, clock: IntArray
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], IntArray]:
        """Mean record and lift of dyads before moments, and how often each was one; of the dyads' shape.

        Args:
            dyads: `both` of the smaller and the larger user.
            clock: at least a day before what is asked; seconds since the history's start.
        """
        record, lift = (each.mean_before(dyads, clock) for each in self._dyads.values())
        return record, lift, self._dyads["record"].count_before(dyads, clock)


def _outcomes(history: History, users: IntArray, joined: SortedRuns, rows: slice) -> dict[str, npt.NDArray[np.float64]]:
    """By `OUTCOMES`, of mentions whose day is over; (rows,) each."""
    time, topic = history.time[rows], history.topic[rows].astype(np.int64)
    clock = time - history.start
    after = history.counts(topic, time + 1, time + _DAY)
    record = np.log1p(after)
    return {
        "record": record,
        "young_record": record,
        "lift": record - np.log1p(history.counts(topic, time - _DAY, time)),
        "soon": np.log1p(history.counts(topic, time + 1, time + _SOON)),
        "big": (after >= _BIG).astype(np.float64),
        "returns": np.log1p(_own_mentions_after(history, users, rows)),
        "followers": np.log1p(joined.below(pair(topic, clock + _DAY)) - joined.below(pair(topic, clock + 1))),
    }


def _own_mentions_after(history: History, users: IntArray, rows: slice) -> IntArray:
    """Further mentions of the same topic by the same user in the day after each of some mentions; (rows,)."""
    last = int(np.searchsorted(history.time, history.time[rows.stop - 1] + _DAY))
    near = slice(rows.start, last)
    _, number = np.unique(pair(users[near], history.topic[near]), return_inverse=True)
    clock = history.time[near] - history.start
    mentions, size = SortedRuns().extended(pair(number, clock)), rows.stop - rows.start
    number, clock = number[:size], clock[:size]
    return mentions.below(pair(number, clock + _DAY)) - mentions.below(pair(number, clock + 1))


def _previous_users(history: History, users: IntArray, by_topic: SortedRuns, rows: slice) -> IntArray:
    """Who made the mention of the same topic before each of some mentions, 0 where unknown or none; (rows,)."""
    topic = history.topic[rows].astype(np.int64)
    rank = by_topic.below(pair(topic, np.arange(rows.start, rows.stop))) - by_topic.below(pair(topic, 0))
    previous = by_topic.chosen(topic, np.maximum(rank - 1, 0)[:, None])[:, 0]
    return np.where(rank > 0, users[previous], 0)
