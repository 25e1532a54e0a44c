"""Who takes part in a topic, how far the topics went that they joined before, and whether they are there now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.history import HOUR, History
from trend_assets.graph.growing import GrowingArray, IntArray, SortedRuns, halves, pair
from trend_assets.tgn.outcomes import Outcomes
from trend_assets.tgn.records import both

_Floats = npt.NDArray[np.float64]
_Bools = npt.NDArray[np.bool_]

#: How many of a topic's last mentions are looked at.
RECENT = 10
#: Topics looked up at once: what is held meanwhile is 3 kB each.
_AT_ONCE = 1 << 16

_DAY = 24 * HOUR
_WEEK = 7 * _DAY
_WEEKS = 4
#: Hours since a user's last mention in which they count as present.
_PRESENT = (1, 6)
_ATTENTION_HOURS = (24, 168)
_NEWCOMER_HOURS = (6, 24)
#: A user of whom little is known is taken to give a topic a quarter of their mentions.
_ATTENTION_PRIOR = (0.5, 2.0)

#: All that trees of other streams see of participants.
RECORD_NAMES: tuple[str, ...] = (
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
_FURTHER = ("lift", "soon", "big", "returns", "followers")
PARTICIPANT_NAMES: tuple[str, ...] = (
    *RECORD_NAMES,
    *(f"{name}_{of}" for name in _FURTHER for of in ("mean", "max", "first", "last")),
    "idle_mean",
    "idle_min",
    *(f"present_{hours}h" for hours in _PRESENT),
    "day_activity_mean",
    "heat_mean",
    "heat_max",
    "rhythm_mean",
    "rhythm_max",
    "rhythm_lift_mean",
    "moved_on_mean",
    "moved_on_min",
    "moved_on_last",
    "moved_on_first",
    "elsewhere_mean",
    "elsewhere_min",
    *(f"attention_{hours}h_{of}" for hours in _ATTENTION_HOURS for of in ("mean", "max")),
    "own_week_mean",
    "own_week_max",
    *(f"newcomers_{hours}h" for hours in _NEWCOMER_HOURS),
    "newcomers",
    "dyad_record_mean",
    "dyad_record_max",
    "dyad_lift_mean",
    "dyad_met_mean",
    "dyad_met_max",
    "dyad_met_before_mean",
    "dyad_met_before_max",
    "dyad_share",
)


class _Known(NamedTuple):
    """What is known of users at moments; arrays of one shape, (rows, RECENT + 1): the last ones, and the first.

    Attributes:
        outcomes: mean outcomes of their earlier mentions, by name.
        total, week, day: how many mentions they had made, and made in the week and the day before.
        rhythm: mentions of a day as the one that begins now, by the weeks before.
        usual: mentions of any day of these weeks.
        idle: hours since the last one, infinite where there is none.
    """

    outcomes: Mapping[str, _Floats]
    total: IntArray
    week: IntArray
    day: IntArray
    rhythm: _Floats
    usual: _Floats
    idle: _Floats


class ParticipantIndex:
    """Looks up, for topics at moments, who took part and what is known of them; sorts, no loop over mentions.

    A user's record at a moment is the mean outcome of the mentions that the user made at least a day before it, as
    `Outcomes` has them. Of whom nothing is known has everybody's, does nothing else, and was last there when the
    mention was made. A dyad is two known users of whom one followed upon the other in a topic.

    Args:
        history: the mentions that may be known. What is given for a moment uses only those before it.
    """

    def __init__(self, history: History) -> None:
        # Unknown users share the number 0.
        self._user = GrowingArray(np.empty(0, np.int64))
        self._by_topic, self._by_user, self._by_both, self._joined = (SortedRuns() for _ in range(4))
        self._outcomes = Outcomes()
        self.extend(history)

    def __getstate__(self) -> dict[str, Any]:
        """Without the history, which `extend` brings."""
        return {name: value for name, value in vars(self).items() if name != "_history"}

    def extend(self, history: History) -> None:
        """Takes in what came since; a mention's outcome is counted once its day is over."""
        self._history = history
        known = len(self._user)
        if len(history) > known:
            self._take_in(history, known)
        self._outcomes.extend(history, self._user.array, self._by_topic, self._by_both, self._joined)

    def _take_in(self, history: History, known: int) -> None:
        topic, clock = history.topic[known:].astype(np.int64), history.time[known:] - history.start
        user = history.user[known:].astype(np.int64) + 1
        self._by_topic = self._by_topic.extended(pair(topic, np.arange(known, len(history))))
        there = user > 0
        here = both(user, topic)
        self._by_user = self._by_user.extended(pair(user, clock)[there])
        self._by_both = self._by_both.extended(pair(here, clock)[there])
        new = np.flatnonzero(there & (self._by_both.below(pair(here, clock)) == self._by_both.below(pair(here, 0))))
        # Of several mentions in the same second one is the first.
        new = new[np.unique(here[new], return_index=True)[1]]
        self._joined = self._joined.extended(pair(topic, clock)[new])
        self._user.append(user)

    def table(self, topics: IntArray, moments: IntArray, strangers: IntArray | None = None) -> npt.NDArray[np.float32]:
        """Features of topics at moments, shape (rows, len(PARTICIPANT_NAMES)).

        Args:
            topics: by number, each mentioned before its moment; (rows,).
            moments: epoch seconds UTC; (rows,).
            strangers: a user for each row, by number, of whom nothing shall be known; (rows,).
        """
        # None is no user's number.
        nobody = np.full(len(topics), -1) if strangers is None else strangers
        parts = [
            self._part(topics[start : start + _AT_ONCE], moments[start : start + _AT_ONCE], nobody[start:])
            for start in range(0, len(topics), _AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.empty((0, len(PARTICIPANT_NAMES)), np.float32)

    def _part(self, topics: IntArray, moments: IntArray, strangers: IntArray) -> npt.NDArray[np.float32]:
        mention, real = self._looked_at(topics, moments)
        users = self._user.array[mention]
        users = np.where(users == strangers[: len(topics), None] + 1, 0, users)
        known = self._known(users, moments)
        columns = [
            *_what_they_did(users, known, real),
            *self._whether_they_are_there(mention, known, moments, real),
            *self._whether_they_stay(mention, users, topics, moments, real),
            *self._newcomers(topics, moments),
            *self._dyads(mention, users, moments, real),
        ]
        return np.stack(columns, axis=1).astype(np.float32)

    def users(self, topics: IntArray, moments: IntArray) -> IntArray:
        """Who the features of `table` are about, -1 where unknown: the last ones and the first; (rows, RECENT + 1)."""
        mention, _ = self._looked_at(topics, moments)
        found: IntArray = self._user.array[mention] - 1
        return found

    def _looked_at(self, topics: IntArray, moments: IntArray) -> tuple[IntArray, _Bools]:
        """The last mentions and the first, (rows, RECENT + 1), and which of the last ones there are, (rows, RECENT)."""
        count = self._history.counts_before(topics, moments)
        back = np.minimum(np.arange(RECENT), count[:, None] - 1)
        ranks = np.column_stack([count[:, None] - 1 - back, np.zeros_like(count)])
        return self._by_topic.chosen(topics, ranks), np.arange(RECENT) < count[:, None]

    def _known(self, users: IntArray, moments: IntArray) -> _Known:
        """Each pair of user and moment is looked up once."""
        asked = pair(users, self._clock(moments)[:, None])
        # Ascending, so that one look-up lies near the next.
        pairs, place = np.unique(asked, return_inverse=True)
        place = place.reshape(users.shape)
        user, clock = halves(pairs)
        by_user = self._by_user
        made = _Before(by_user, user)
        now = made(clock)
        total = now - made(np.zeros_like(clock))
        weeks = [clock - week * _WEEK for week in range(1, _WEEKS + 1)]
        rhythm = np.sum([made(week + _DAY) - made(week) for week in weeks], axis=0) / _WEEKS
        return _Known(
            outcomes={name: values[place] for name, values in self._outcomes.means(user, clock).items()},
            total=total[place],
            week=(now - made(clock - _WEEK))[place],
            day=(now - made(clock - _DAY))[place],
            rhythm=rhythm[place],
            usual=((now - made(weeks[-1])) / (_WEEKS * 7))[place],
            idle=_idle_hours(by_user, user, clock, total)[place],
        )

    def _whether_they_are_there(
        self, mention: IntArray, known: _Known, moments: IntArray, real: _Bools
    ) -> list[npt.NDArray[Any]]:
        """Of the last ones, by what they do in any topic."""
        hours = (moments[:, None] - self._history.time[mention[:, :-1]]) / HOUR
        idle = np.minimum(known.idle[:, :-1], hours)
        day = np.log1p(known.day[:, :-1])
        heat = day - np.log1p(known.week[:, :-1] / 7)
        rhythm = np.log1p(known.rhythm[:, :-1])
        return [
            *_mean_and_least(np.log1p(idle), real),
            *((real & (idle <= present)).sum(1) for present in _PRESENT),
            _mean(day, real),
            *_mean_and_most(heat, real),
            *_mean_and_most(rhythm, real),
            _mean(rhythm - np.log1p(known.usual[:, :-1]), real),
        ]

    def _whether_they_stay(
        self, mention: IntArray, users: IntArray, topics: IntArray, moments: IntArray, real: _Bools
    ) -> list[npt.NDArray[Any]]:
        """What they have mentioned since they mentioned the topic, and how much of what they mention it is."""
        clock, since = self._clock(moments)[:, None], self._clock(self._history.time[mention]) + 1
        made, here = _Before(self._by_user, users), _Before(self._by_both, both(users, topics[:, None]))
        made_now, here_now = made(clock), here(clock)
        moved = made_now - made(since)
        elsewhere = moved - (here_now - here(since))
        logged = np.log1p(moved)
        found = [*_mean_and_least(logged[:, :-1], real), logged[:, 0], logged[:, -1]]
        # Two pairs that share a number by chance may count more here than anywhere.
        found += _mean_and_least(np.log1p(np.maximum(elsewhere, 0))[:, :-1], real)
        few, many = _ATTENTION_PRIOR
        for hours in _ATTENTION_HOURS:
            start = clock - hours * HOUR
            share = (here_now - here(start) + few) / (made_now - made(start) + many)
            found += _mean_and_most(share[:, :-1], real)
        own = np.log1p(here_now - here(clock - _WEEK))
        return [*found, *_mean_and_most(own[:, :-1], real)]

    def _newcomers(self, topics: IntArray, moments: IntArray) -> list[npt.NDArray[Any]]:
        """Known users who mentioned the topic for the first time lately, and at any time."""
        joined, clock = _Before(self._joined, topics), self._clock(moments)
        now = joined(clock)
        starts = [*(clock - hours * HOUR for hours in _NEWCOMER_HOURS), np.zeros_like(clock)]
        return [np.log1p(now - joined(start)) for start in starts]

    def _dyads(self, mention: IntArray, users: IntArray, moments: IntArray, real: _Bools) -> list[npt.NDArray[Any]]:
        """Of the last ones who followed upon one another, how often they had before, and how far those topics went."""
        later, earlier = users[:, :-2], users[:, 1:-1]
        met = real[:, 1:] & (later > 0) & (earlier > 0) & (later != earlier)
        dyad = both(np.minimum(later, earlier), np.maximum(later, earlier))
        # As for users, what is not a day old has no outcome yet.
        clock = np.broadcast_to(self._clock(moments)[:, None] - _DAY, dyad.shape)
        began = np.minimum(clock, self._clock(self._history.time[mention[:, -1:]]))
        record, lift, times = self._outcomes.of_dyads(dyad, clock)
        _, _, times_before = self._outcomes.of_dyads(dyad, began)
        return [
            *_mean_and_most(record, met),
            _mean(lift, met),
            *_mean_and_most(np.log1p(times), met),
            *_mean_and_most(np.log1p(times_before), met),
            met.sum(1) / real.sum(1),
        ]

    def _clock(self, moments: IntArray) -> IntArray:
        return moments - self._history.start


class _Before:
    """How many keys of some runs lie before a number's at moments: differences count its own.

    The runs are taken once: another thread may put longer ones in their place.

    Args:
        runs: pairs of number and second since the history's start.
        numbers: of users, topics, or `both`.
    """

    def __init__(self, runs: SortedRuns, numbers: IntArray) -> None:
        self._runs, self._numbers = runs, numbers

    def __call__(self, clock: IntArray) -> IntArray:
        return self._runs.below(pair(self._numbers, np.maximum(clock, 0)))


def _idle_hours(by_user: SortedRuns, users: IntArray, clock: IntArray, total: IntArray) -> _Floats:
    """Hours since each user's last mention before a moment, infinite where there is none (`total` 0)."""
    seen = total > 0
    idle = np.full(len(users), np.inf)
    last = by_user.chosen(users[seen], total[seen, None] - 1)[:, 0]
    idle[seen] = (clock[seen] - last) / HOUR
    return idle


def _what_they_did(everybody: IntArray, known: _Known, real: _Bools) -> list[npt.NDArray[Any]]:
    """How far the topics went that the last ones and the first had mentioned, and who they are."""
    users, first = everybody[:, :-1], everybody[:, -1]
    record, young = known.outcomes["record"], known.outcomes["young_record"][:, :-1]
    found = [
        *_mean_and_most(record[:, :-1], real),
        record[:, -1],
        record[:, 0],
        *_mean_and_most(young, real),
        *_mean_and_most(np.log1p(known.week[:, :-1]), real),
        _mean(np.log1p(known.total[:, :-1]), real),
        _distinct(users, real) / real.sum(1),
        _mean((users == first[:, None]).astype(np.float64), real),
    ]
    for name in _FURTHER:
        values = known.outcomes[name]
        found += [*_mean_and_most(values[:, :-1], real), values[:, -1], values[:, 0]]
    return found


def _mean(values: npt.NDArray[Any], real: _Bools) -> npt.NDArray[Any]:
    """Of those that are real in each row; 0 where none is."""
    mean: npt.NDArray[Any] = np.where(real, values, 0.0).sum(1) / np.maximum(real.sum(1), 1)
    return mean


def _mean_and_most(values: npt.NDArray[Any], real: _Bools) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    most = np.where(real, values, -np.inf).max(1)
    return _mean(values, real), np.where(real.any(1), most, 0.0)


def _mean_and_least(values: npt.NDArray[Any], real: _Bools) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    mean, most = _mean_and_most(-values, real)
    return -mean, -most


def _distinct(users: IntArray, real: _Bools) -> IntArray:
    ordered = np.sort(np.where(real, users, -1), axis=1)
    count: IntArray = (ordered[:, 1:] != ordered[:, :-1]).sum(1) + (ordered[:, 0] >= 0)
    return count
