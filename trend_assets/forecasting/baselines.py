"""Rankings that only count: what every model must beat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.features import LOOKBACK_DAYS, daily_mentions, exponential_average, mentions_in
from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import Cut, LabelSettings
from trend_assets.forecasting.learned import GradientBoosting, LogisticBaseline
from trend_assets.forecasting.ranking import Ranking, Scores

_DAY = 24 * HOUR
_WEEK_HOURS = 168


@dataclass(frozen=True, slots=True)
class CountingRanking:
    """Ranks by one number made of counts, the same for every label; there is nothing to fit.

    Args:
        name: how tables call it.
        measure: from the history until the cut and the cut to a number a topic, shape (n,).
    """

    name: str
    measure: Callable[[History, Cut], npt.NDArray[np.number]]

    def fit(self, history: History, until: int) -> None:
        """Counting learns nothing."""

    def score(self, history: History, cut: Cut) -> Scores:
        """The number, for each label."""
        scores = self.measure(history, cut).astype(np.float64)
        return dict.fromkeys(cut.asked, scores)


def _mentions(hours: int) -> Callable[[History, Cut], npt.NDArray[np.number]]:
    def measure(history: History, cut: Cut) -> npt.NDArray[np.number]:
        return mentions_in(history, cut.topics, _times(cut), [hours])[:, 0]

    return measure


def _momentum(history: History, cut: Cut) -> npt.NDArray[np.number]:
    daily = daily_mentions(history, cut.topics, _times(cut), 2)
    return daily[:, 0] - daily[:, 1]


def _same_day_last_week(history: History, cut: Cut) -> npt.NDArray[np.number]:
    start = cut.time - _WEEK_HOURS * HOUR
    return history.counts(cut.topics, start, start + _DAY)


def _ewma(half_life: float) -> Callable[[History, Cut], npt.NDArray[np.number]]:
    def measure(history: History, cut: Cut) -> npt.NDArray[np.number]:
        return exponential_average(daily_mentions(history, cut.topics, _times(cut), LOOKBACK_DAYS), half_life)

    return measure


def _times(cut: Cut) -> npt.NDArray[np.int64]:
    return np.full(len(cut), cut.time, dtype=np.int64)


def counting_rankings() -> list[Ranking]:
    """Every ranking that only counts."""
    return [
        CountingRanking("mentions_3h", _mentions(3)),
        CountingRanking("mentions_24h", _mentions(24)),
        CountingRanking("mentions_7d", _mentions(_WEEK_HOURS)),
        CountingRanking("mentions_30d", _mentions(30 * 24)),
        CountingRanking("momentum", _momentum),
        CountingRanking("same_day_last_week", _same_day_last_week),
        CountingRanking("ewma_3d", _ewma(3)),
    ]


def baseline_rankings(settings: LabelSettings, memory: CutMemory | None = None) -> Sequence[Ranking]:
    """Every baseline: the counting rankings, and the learned ones over one shared memory of past cuts."""
    memory = memory or CutMemory(settings)
    return [*counting_rankings(), LogisticBaseline(memory), GradientBoosting(memory)]
