"""Past cuts with their features and outcomes, computed once and shared by everything that learns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.features import LOOKBACK_DAYS, count_table, log_features
from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import Cut, LabelSettings, Outcomes, make_cut, outcomes
from trend_assets.forecasting.likelihood import likelihood

_DAY = 24 * HOUR
_BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A cut and the log counts of its topics; features (n, len(COUNT_NAMES)) float32."""

    cut: Cut
    features: npt.NDArray[np.float32]


class _Ended(NamedTuple):
    """What became of a cut's topics, and how likely each label would have come true by that; see `Outcomes`."""

    outcomes: Outcomes
    likely: Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Past cuts to learn from, one row a topic, cut after cut.

    Args:
        features: (rows, len(COUNT_NAMES)) float32.
        asked: which rows each label asks, of those whose outcome is known; (rows,) each.
        labels: which came true; (rows,) each.
        likely: how likely each label would have come true, by what came: see `likelihood`; (rows,) each.
        growth: for each horizon in hours, log1p(after) - log1p(before), NaN where not known yet; (rows,) each.
        times: the row's cut, epoch seconds UTC; (rows,).
    """

    features: npt.NDArray[np.float32]
    asked: Mapping[str, npt.NDArray[np.bool_]]
    labels: Mapping[str, npt.NDArray[np.bool_]]
    likely: Mapping[str, npt.NDArray[np.float32]]
    growth: Mapping[int, npt.NDArray[np.float32]]
    times: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.times)


class CutMemory:
    """Remembers what was known at each cut of a history, and what became of it.

    Features use only what was before their cut, so that remembering them across refits leaks nothing;
    outcomes are given out only once their horizon has ended.

    Args:
        settings: what is asked at a cut.
        every_hours: hours between the cuts to learn from, aligned with 00:00 UTC.
        days: how many days back the cuts to learn from go.
    """

    def __init__(self, settings: LabelSettings, every_hours: int = 6, days: int = 365) -> None:
        if every_hours < 1 or days < 1:
            raise ValueError("every_hours and days must be at least 1")
        self.settings = settings
        self.every_hours = every_hours
        self.days = days
        # By the data behind the history: another history, even of the same times, shares nothing.
        self._known: WeakKeyDictionary[object, dict[int, Known]] = WeakKeyDictionary()
        self._ended: WeakKeyDictionary[object, dict[int, _Ended]] = WeakKeyDictionary()

    def __reduce__(self) -> tuple[type[CutMemory], tuple[LabelSettings, int, int]]:
        """What is remembered stays in its process."""
        return CutMemory, (self.settings, self.every_hours, self.days)

    def known_at(self, history: History, cut: Cut) -> Known:
        """The features of a cut's topics.

        Args:
            history: at least until the cut.
        """
        known = self._known.setdefault(history.origin, {})
        found = known.get(cut.time)
        if found is None or not np.array_equal(found.cut.topics, cut.topics):
            found = Known(cut, self.features(history.until(cut.time), [cut]))
            known[cut.time] = found
        return found

    def features(self, history: History, cuts: Sequence[Cut]) -> npt.NDArray[np.float32]:
        """Log counts of the cuts' topics, cut after cut; (rows, len(COUNT_NAMES)).

        Args:
            history: at least until the last cut.
        """
        return log_features(count_table(history, cuts))

    def cut_times(self, history: History, until: int) -> npt.NDArray[np.int64]:
        """Cuts to learn from: the shortest horizon has ended by `until`, a month of history lies before them.

        Of a history shorter than four months, a quarter lies before them.
        """
        step = self.every_hours * HOUR
        before = min(LOOKBACK_DAYS * _DAY, (until - history.start) // 4)
        first = max(until - self.days * _DAY, history.start + before)
        last = min(until, history.end) - min(self.settings.horizons) * HOUR
        return np.arange(-(-first // step) * step, last + 1, step, dtype=np.int64)

    def examples(self, history: History, until: int) -> Examples:
        """Everything to learn from at `until` (epoch seconds UTC)."""
        past = history.until(until)
        times = self.cut_times(past, until).tolist()
        self._remember(past, times)
        known, ended = self._known[past.origin], self._ended[past.origin]
        hours_of, sizes = self.settings.hours_of, [len(known[time].cut) for time in times]

        def joined(hours: int, found: Iterable[npt.NDArray[Any] | None], missing: bool | float) -> npt.NDArray[Any]:
            """What was found of each cut, or what is missing where the horizon had not passed by then."""
            parts = [
                np.full(size, missing) if values is None or time + hours * HOUR > past.end else values
                for time, size, values in zip(times, sizes, found, strict=True)
            ]
            return _joined(parts, np.bool_ if missing is False else np.float32)

        return Examples(
            features=np.concatenate([known[time].features for time in times] or [np.empty((0, 0), np.float32)]),
            asked={
                label: joined(hours, [known[time].cut.asked[label] for time in times], False)
                for label, hours in hours_of.items()
            },
            labels={
                label: joined(hours, [ended[time].outcomes.labels.get(label) for time in times], False)
                for label, hours in hours_of.items()
            },
            likely={
                label: joined(hours, [ended[time].likely.get(label) for time in times], 0.0)
                for label, hours in hours_of.items()
            },
            growth={
                hours: joined(hours, [ended[time].outcomes.growth.get(hours) for time in times], np.nan)
                for hours in self.settings.horizons
            },
            times=np.repeat(np.array(times, dtype=np.int64), sizes),
        )

    def _remember(self, past: History, times: Sequence[int]) -> None:
        known = self._known.setdefault(past.origin, {})
        missing = [time for time in times if time not in known]
        for start in range(0, len(missing), _BATCH):
            cuts = [make_cut(past, time, self.settings) for time in missing[start : start + _BATCH]]
            features = self.features(past, cuts)
            ends = np.cumsum([len(cut) for cut in cuts])[:-1]
            for cut, rows in zip(cuts, np.split(features, ends), strict=True):
                known[cut.time] = Known(cut, rows)
        ended = self._ended.setdefault(past.origin, {})
        for time in times:
            passed = sum(time + hours * HOUR <= past.end for hours in self.settings.horizons)
            if time not in ended or len(ended[time].outcomes.after) < passed:
                ended[time] = self._end(past, known[time].cut)

    def _end(self, past: History, cut: Cut) -> _Ended:
        became, hours_of = outcomes(past, cut, self.settings), self.settings.hours_of
        return _Ended(
            became,
            {label: likelihood(became.after[hours_of[label]], needed) for label, needed in became.needed.items()},
        )


def _joined(arrays: Sequence[npt.NDArray[Any]], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    return np.concatenate([np.empty(0, dtype), *arrays]).astype(dtype, copy=False)
