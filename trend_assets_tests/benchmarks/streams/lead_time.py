"""How many hours before a topic became big a ranking called it, at equal false alarms a day.

A topic becomes big when the mentions of 24 hours reach the threshold, and twice the threshold within a day from then.
It is called at the first hourly cut of the day before at which its score reaches the ranking's level; topics that are
above the threshold are not called. A call of a topic that does not become big within a day is a false alarm, once a
day. The level is the lowest that keeps to so many false alarms a day over the days walked, for every ranking alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import Cut
from trend_assets.forecasting.ranking import Scores
from trend_assets.graph.growing import pair

LABEL = "emerges"
FALSE_ALARMS = (1, 3, 10)
_DAY = 24 * HOUR
_STEPS = 24

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Crossings(NamedTuple):
    """Moments at which topics became big, by topic, then time; (crossings,) each."""

    topic: Ints
    time: Ints


def crossings(history: History, threshold: int) -> Crossings:
    """All of a history."""
    order = np.lexsort((history.time, history.topic))
    topic, time = history.topic[order].astype(np.int64), np.asarray(history.time)[order]
    over, twice = (_reached(topic, time, count) for count in (threshold, 2 * threshold))
    at = np.flatnonzero(over)
    fresh = np.ones(len(at), dtype=np.bool_)
    fresh[1:] = (topic[at[1:]] != topic[at[:-1]]) | (time[at[1:]] - time[at[:-1]] > _DAY)
    first = at[fresh]
    # Of each crossing the next mention at which twice as many were reached, if it is the same topic's within a day.
    big = np.append(np.flatnonzero(twice), len(topic))
    following = np.minimum(big[np.searchsorted(big, first)], len(topic) - 1)
    grew = twice[following] & (topic[following] == topic[first]) & (time[following] - time[first] <= _DAY)
    return Crossings(topic[first][grew], time[first][grew])


def _reached(topic: Ints, time: Ints, count: int) -> npt.NDArray[np.bool_]:
    """Whether a mention is the last of `count` of its topic within 24 hours."""
    reached = np.zeros(len(time), dtype=np.bool_)
    back = count - 1
    reached[back:] = (topic[back:] == topic[: len(topic) - back]) & (time[back:] - time[: len(time) - back] < _DAY)
    return reached


class Calls:
    """Collects the scores of topics that are below the threshold at hourly cuts."""

    def __init__(self, threshold: int) -> None:
        self._threshold = threshold
        self._topics: list[Ints] = []
        self._times: list[Ints] = []
        self._scores: dict[str, list[Floats]] = {}

    def observe(self, cut: Cut, _: Mapping[str, npt.NDArray[np.bool_]], scores: Mapping[str, Scores]) -> None:
        """Takes in a cut."""
        below = cut.support < self._threshold
        self._topics.append(cut.topics[below])
        self._times.append(np.full(below.sum(), cut.time))
        for name, given in scores.items():
            found = given.get(LABEL)
            unknown = np.full(below.sum(), -np.inf)
            self._scores.setdefault(name, []).append(unknown if found is None else found[below].astype(np.float64))

    def told(self, history: History) -> dict[str, Any]:
        """By false alarms a day and ranking: share called, mean and median hours ahead, how often the TGN was first."""
        topics, times = np.concatenate(self._topics), np.concatenate(self._times)
        order = np.lexsort((times, topics))
        topics, times = topics[order], times[order]
        big = crossings(history, self._threshold)
        walked = (big.time > times.min()) & (big.time <= times.max() + HOUR)
        big = Crossings(big.topic[walked], big.time[walked])
        days = float(times.max() - times.min()) / _DAY
        scores = {name: np.concatenate(each)[order] for name, each in self._scores.items()}
        return {
            "big_topics": len(big.time),
            "days": days,
            "false_alarms_a_day": {
                str(rate): _at_rate(scores, topics, times, big, rate * days) for rate in FALSE_ALARMS
            },
        }


def _at_rate(scores: Mapping[str, Floats], topics: Ints, times: Ints, big: Crossings, allowed: float) -> dict[str, Any]:
    ahead = {name: _hours_ahead(each, topics, times, big, allowed) for name, each in scores.items()}
    return {name: _summed(hours, ahead.get("tgn")) for name, hours in ahead.items()}


def _summed(hours: Floats, of_tgn: Floats | None) -> dict[str, Any]:
    called = ~np.isnan(hours)
    told: dict[str, Any] = {"called": float(called.mean()) if len(hours) else None}
    if called.any():
        told |= {"mean_hours": float(hours[called].mean()), "median_hours": float(np.median(hours[called]))}
    if of_tgn is not None and of_tgn is not hours:
        ours, theirs = np.nan_to_num(of_tgn), np.nan_to_num(hours)
        told |= {"tgn_earlier": float((ours > theirs).mean()), "tgn_later": float((ours < theirs).mean())}
    return told


def _hours_ahead(scores: Floats, topics: Ints, times: Ints, big: Crossings, allowed: float) -> Floats:
    """Hours from the first call to each crossing, NaN where it was not called; (crossings,)."""
    rises = _rises_within_a_day(topics, times, big)
    # The ranks of scores, so that halving ends after a few steps whatever the scale.
    levels = np.unique(scores[np.isfinite(scores)])
    low, high = 0, len(levels)
    for _ in range(_STEPS):
        if low >= high:
            break
        middle = (low + high) // 2
        if _alarms(scores >= levels[middle], rises, topics, times) <= allowed:
            high = middle
        else:
            low = middle + 1
    if high == len(levels):
        return np.full(len(big.time), np.nan)
    return _first_call(scores >= levels[high], topics, times, big)


def _rises_within_a_day(topics: Ints, times: Ints, big: Crossings) -> npt.NDArray[np.bool_]:
    keys = pair(*big)
    following = np.searchsorted(keys, pair(topics, times))
    at = np.minimum(following, max(len(keys) - 1, 0))
    if not len(keys):
        return np.zeros(len(topics), dtype=np.bool_)
    return (following < len(keys)) & (big.topic[at] == topics) & (big.time[at] - times <= _DAY)


def _alarms(called: npt.NDArray[np.bool_], rises: npt.NDArray[np.bool_], topics: Ints, times: Ints) -> int:
    """How many false alarms, each topic once in 24 hours; rows by topic, then time."""
    at = np.flatnonzero(called & ~rises)
    # Counted by days since a topic's first one: the same for every ranking, and without a loop over calls.
    first = np.ones(len(at), dtype=np.bool_)
    first[1:] = topics[at[1:]] != topics[at[:-1]]
    began = times[at[first]][np.cumsum(first) - 1]
    return len(np.unique(pair(topics[at], (times[at] - began) // _DAY)))


def _first_call(called: npt.NDArray[np.bool_], topics: Ints, times: Ints, big: Crossings) -> Floats:
    at = np.flatnonzero(called)
    keys = pair(topics[at], times[at])
    hours = np.full(len(big.time), np.nan)
    found = np.searchsorted(keys, pair(big.topic, big.time - _DAY))
    for row, place in enumerate(found):
        if place < len(at) and topics[at[place]] == big.topic[row] and times[at[place]] <= big.time[row]:
            hours[row] = (big.time[row] - times[at[place]]) / HOUR
    return hours
