"""What is forecast: which topics a cut asks about, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.history import HOUR, History, to_datetime
from trend_assets.words import label_ahead

#: Those of the main horizon, `LabelSettings.horizon_hours`.
LABELS = ("bursts", "breaks_out", "emerges")

WEEK = 7 * 24 * HOUR

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FurtherHorizon:
    """Another time ahead for which a forecast says, too, what will grow.

    Args:
        hours: how far ahead.
        threshold: mentions in that time that the label needs.
        min_growth: by how many they must exceed as long a time before the cut.
    """

    hours: int
    threshold: int
    min_growth: int

    @property
    def label(self) -> str:
        """Its one label, as `emerges_6h`."""
        return label_ahead("emerges", self.hours)


@dataclass(frozen=True, slots=True)
class LabelSettings:
    """The definition of the labels.

    Args:
        window_hours: how far back a topic must have been mentioned to be asked about.
        horizon_hours: how far ahead a forecast looks; at most a week, since the usual activity is taken
            from the same hours of weeks that must have ended by the cut.
        threshold: mentions in the horizon that any label needs.
        min_growth: by how many mentions `emerges` must exceed the horizon-long time before the cut.
        min_support: mentions in the window that a topic needs to be asked about.
        burst_ratio: how many times the usual activity `bursts` needs.
        burst_weeks: how many earlier weeks make the usual activity.
        further: horizons beside `horizon_hours`, each with one label.

    Raises:
        ValueError: a length that is not positive, a horizon longer than a week, or two of the same length.
    """

    window_hours: int = 24
    horizon_hours: int = 24
    threshold: int = 8
    min_growth: int = 4
    min_support: int = 1
    burst_ratio: float = 2.0
    burst_weeks: int = 4
    further: tuple[FurtherHorizon, ...] = ()

    def __post_init__(self) -> None:
        for name in ("window_hours", "horizon_hours", "threshold", "min_support", "burst_weeks"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        for hours in self.horizons:
            if not 1 <= hours <= WEEK // HOUR:
                raise ValueError(f"horizon_hours must be from 1 to 168, not {hours}")
        if len(set(self.horizons)) < len(self.horizons):
            raise ValueError(f"the horizons {list(self.horizons)} name one twice")

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The settings that `dataclasses.asdict` wrote; releases before knew one horizon."""
        return cls(**{**values, "further": tuple(FurtherHorizon(**one) for one in values.get("further", ()))})

    @property
    def window(self) -> int:
        """The window in seconds."""
        return self.window_hours * HOUR

    @property
    def horizon(self) -> int:
        """The main horizon in seconds."""
        return self.horizon_hours * HOUR

    @property
    def horizons(self) -> tuple[int, ...]:
        """All horizons in hours, the main one first."""
        return self.horizon_hours, *(one.hours for one in self.further)

    @property
    def hours_of(self) -> Mapping[str, int]:
        """The horizon of each label in hours; those of the main one come first."""
        return {**dict.fromkeys(LABELS, self.horizon_hours), **{one.label: one.hours for one in self.further}}


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """What a cut asks; it holds only what was known by then.

    Args:
        time: epoch seconds UTC.
        topics: candidates' numbers in the history, ascending; shape (n,).
        support: their mentions in the window before the cut; shape (n,).
        before: for each horizon in hours, their mentions in as long a time before the cut; shape (n,) each.
        usual: their mean mentions in the main horizon's hours of the weeks before; shape (n,).
        asked: for each label, which of the topics it is asked of; shape (n,) each.
    """

    time: int
    topics: npt.NDArray[np.int64]
    support: npt.NDArray[np.int64]
    before: Mapping[int, npt.NDArray[np.int64]]
    usual: npt.NDArray[np.float64]
    asked: Mapping[str, BoolArray]

    def __len__(self) -> int:
        return len(self.topics)


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What became of a cut's topics, as far as it is known: a horizon that had not passed is absent.

    Args:
        labels: for each label, which topics it came true for (false where it was not asked); (n,) each.
        needed: mentions in its horizon that make each label come true; (n,) each.
        after: for each horizon in hours, mentions in it; (n,) each.
        growth: for each horizon in hours, log1p(after) - log1p(before); (n,) each.
    """

    labels: Mapping[str, BoolArray]
    needed: Mapping[str, npt.NDArray[np.int64]]
    after: Mapping[int, npt.NDArray[np.int64]]
    growth: Mapping[int, npt.NDArray[np.float64]]


def make_cut(history: History, time: int, settings: LabelSettings) -> Cut:
    """The candidates of a cut and what is known of them.

    Args:
        history: mentions at least up to `time`; nothing later is looked at.
        time: epoch seconds UTC.

    Raises:
        ValueError: the history ends before the cut.
    """
    if history.end < time:
        raise ValueError(f"the history ends at {to_datetime(history.end)}, before the cut at {to_datetime(time)}")
    past = history.until(time)
    topics = past.candidates(time, settings.window, settings.min_support)
    return cut_of(past, time, topics, settings, past.first_seen(topics) >= time - settings.window)


def cut_of(
    history: History,
    time: int,
    topics: npt.NDArray[np.int64],
    settings: LabelSettings,
    newborn: BoolArray,
) -> Cut:
    """A cut that asks about given topics.

    Args:
        history: mentions at least up to `time`; nothing later is looked at.
        time: epoch seconds UTC.
        topics: their numbers; shape (n,).
        newborn: which of them `breaks_out` asks; shape (n,). It asks none where the history begins less than another
            window before the topics' own, and `bursts` none where no week lies before: what is new or usual is not
            known then.
    """
    past = history.until(time)
    everything = np.ones(len(topics), dtype=np.bool_)
    return Cut(
        time=time,
        topics=topics,
        support=past.counts(topics, time - settings.window, time),
        before={hours: past.counts(topics, time - hours * HOUR, time) for hours in settings.horizons},
        usual=usual_mentions(past, topics, time, settings),
        asked={
            **dict.fromkeys(settings.hours_of, everything),
            "bursts": everything & (time - WEEK >= history.start),
            "breaks_out": newborn & (time - 2 * settings.window >= history.start),
        },
    )


def usual_mentions(
    history: History, topics: npt.NDArray[np.int64], time: int, settings: LabelSettings
) -> npt.NDArray[np.float64]:
    """Mean mentions in the horizon's hours of the last `burst_weeks` weeks; shape (n,).

    A week before a topic's birth counts as zero; weeks that begin before the history does are left
    out. Where none is left it is zero, and `bursts` asks of nothing.
    """
    starts = time - WEEK * np.arange(1, settings.burst_weeks + 1, dtype=np.int64)
    starts = starts[starts >= history.start]
    if not len(starts):
        return np.zeros(len(topics))
    usual: npt.NDArray[np.float64] = history.counts(topics[:, None], starts, starts + settings.horizon).mean(axis=1)
    return usual


def mentions_needed(cut: Cut, settings: LabelSettings) -> Mapping[str, npt.NDArray[np.int64]]:
    """Mentions from which each label of the cut's horizons comes true, by what was known at the cut; (n,) each."""
    least = np.full(len(cut), settings.threshold, dtype=np.int64)
    return {
        "bursts": np.maximum(least, np.ceil(settings.burst_ratio * cut.usual).astype(np.int64)),
        "breaks_out": least,
        "emerges": np.maximum(least, cut.before[settings.horizon_hours] + settings.min_growth),
        **{
            one.label: np.maximum(one.threshold, cut.before[one.hours] + one.min_growth)
            for one in settings.further
            if one.hours in cut.before
        },
    }


def outcomes(history: History, cut: Cut, settings: LabelSettings) -> Outcomes:
    """What became of the cut's topics, for the horizons that have passed when the history ends.

    Raises:
        ValueError: none has.
    """
    passed = [hours for hours in settings.horizons if history.end >= cut.time + hours * HOUR]
    if not passed:
        end = cut.time + min(settings.horizons) * HOUR
        raise ValueError(f"the history ends at {to_datetime(history.end)}, before the horizon at {to_datetime(end)}")
    after = {hours: history.counts(cut.topics, cut.time, cut.time + hours * HOUR) for hours in passed}
    hours_of = settings.hours_of
    needed = {label: found for label, found in mentions_needed(cut, settings).items() if hours_of[label] in passed}
    return Outcomes(
        labels={label: cut.asked[label] & (after[hours_of[label]] >= needed[label]) for label in needed},
        needed=needed,
        after=after,
        growth={hours: np.log1p(found) - np.log1p(cut.before[hours]) for hours, found in after.items()},
    )
