"""What is forecast: which topics a cut asks about, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.history import HOUR, History, to_datetime

LABELS = ("bursts", "breaks_out", "emerges")

WEEK = 7 * 24 * HOUR

BoolArray = npt.NDArray[np.bool_]


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

    Raises:
        ValueError: a length that is not positive, or a horizon longer than a week.
    """

    window_hours: int = 24
    horizon_hours: int = 24
    threshold: int = 8
    min_growth: int = 4
    min_support: int = 1
    burst_ratio: float = 2.0
    burst_weeks: int = 4

    def __post_init__(self) -> None:
        for name in ("window_hours", "horizon_hours", "threshold", "min_support", "burst_weeks"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.horizon_hours * HOUR > WEEK:
            raise ValueError(f"horizon_hours must be at most 168, not {self.horizon_hours}")

    @property
    def window(self) -> int:
        """The window in seconds."""
        return self.window_hours * HOUR

    @property
    def horizon(self) -> int:
        """The horizon in seconds."""
        return self.horizon_hours * HOUR


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """What a cut asks; it holds only what was known by then.

    Args:
        time: epoch seconds UTC.
        topics: candidates' numbers in the history, ascending; shape (n,).
        support: their mentions in the window before the cut; shape (n,).
        before: their mentions in the horizon's length before the cut; shape (n,).
        usual: their mean mentions in the horizon's hours of the weeks before; shape (n,).
        asked: for each label, which of the topics it is asked of; shape (n,) each.
    """

    time: int
    topics: npt.NDArray[np.int64]
    support: npt.NDArray[np.int64]
    before: npt.NDArray[np.int64]
    usual: npt.NDArray[np.float64]
    asked: Mapping[str, BoolArray]

    def __len__(self) -> int:
        return len(self.topics)


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What became of a cut's topics.

    Args:
        labels: for each label, which topics it came true for (false where it was not asked); (n,) each.
        needed: mentions in the horizon that make each label come true; (n,) each.
        after: mentions in the horizon; shape (n,).
        growth: log1p(after) - log1p(before); shape (n,).
    """

    labels: Mapping[str, BoolArray]
    needed: Mapping[str, npt.NDArray[np.int64]]
    after: npt.NDArray[np.int64]
    growth: npt.NDArray[np.float64]


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
        newborn: which of them `breaks_out` asks; shape (n,).
    """
    past = history.until(time)
    everything = np.ones(len(topics), dtype=np.bool_)
    return Cut(
        time=time,
        topics=topics,
        support=past.counts(topics, time - settings.window, time),
        before=past.counts(topics, time - settings.horizon, time),
        usual=usual_mentions(past, topics, time, settings),
        asked={"bursts": everything, "breaks_out": newborn, "emerges": everything},
    )


def usual_mentions(
    history: History, topics: npt.NDArray[np.int64], time: int, settings: LabelSettings
) -> npt.NDArray[np.float64]:
    """Mean mentions in the horizon's hours of the last `burst_weeks` weeks; shape (n,).

    A week before a topic's birth counts as zero; weeks that begin before the history does are left
    out. Where none is left nothing is usual, and it is zero.
    """
    starts = time - WEEK * np.arange(1, settings.burst_weeks + 1, dtype=np.int64)
    starts = starts[starts >= history.start]
    if not len(starts):
        return np.zeros(len(topics))
    usual: npt.NDArray[np.float64] = history.counts(topics[:, None], starts, starts + settings.horizon).mean(axis=1)
    return usual


def _needed(cut: Cut, settings: LabelSettings) -> Mapping[str, npt.NDArray[np.int64]]:
    least = np.full(len(cut), settings.threshold, dtype=np.int64)
    return {
        "bursts": np.maximum(least, np.ceil(settings.burst_ratio * cut.usual).astype(np.int64)),
        "breaks_out": least,
        "emerges": np.maximum(least, cut.before + settings.min_growth),
    }


def outcomes(history: History, cut: Cut, settings: LabelSettings) -> Outcomes:
    """What became of the cut's topics.

    Raises:
        ValueError: the horizon has not passed when the history ends.
    """
    end = cut.time + settings.horizon
    if history.end < end:
        raise ValueError(f"the history ends at {to_datetime(history.end)}, before the horizon at {to_datetime(end)}")
    after = history.counts(cut.topics, cut.time, end)
    needed = _needed(cut, settings)
    return Outcomes(
        labels={label: cut.asked[label] & (after >= needed[label]) for label in LABELS},
        needed=needed,
        after=after,
        growth=np.log1p(after) - np.log1p(cut.before),
    )
