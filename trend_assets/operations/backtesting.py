"""Backtests of the model and all baselines over one lake."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from trend_assets.forecasting.backtest import BacktestResult, Observer, Progress, Retraining, backtest
from trend_assets.forecasting.baselines import baseline_rankings
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.formulas import formula_rankings
from trend_assets.forecasting.labels import BoolArray, Cut
from trend_assets.forecasting.ranking import Ranking, Scores
from trend_assets.forecasting.reliability import ConfidenceWalk
from trend_assets.lake.store import Lake
from trend_assets.operations.history import label_settings, load_history
from trend_assets.operations.training import new_forecaster
from trend_assets.periods import hour_start
from trend_assets.settings import Settings


def run_backtest(
    lake: Lake,
    settings: Settings,
    start: datetime,
    end: datetime,
    *,
    every_hours: int = 6,
    with_tgn: bool = True,
    formulas: bool = False,
    retraining: Retraining = "weekly",
    progress: Progress | None = None,
    processes: int = 1,
    observe: Observer | None = None,
    more: Callable[[CutMemory], Sequence[Ranking]] = lambda _: (),
) -> BacktestResult:
    """Every baseline, and the TGN, at the cuts of `[start, end)`, retrained on the past only.

    Args:
        every_hours: between cuts.
        with_tgn: whether it is trained, too.
        formulas: whether the rankings of products and papers are compared, too.
        retraining: how often all rankings are fitted anew.
        progress: told how far it is.
        processes: that share out the weeks; each takes as much memory as one training.
        observe: told of every cut.
        more: makes further rankings, on the past cuts that all share.
    """
    messages = settings.training.messages if with_tgn else ()
    history = load_history(lake, _known_until(lake), messages=messages, text_model=settings.embeddings.model)
    labels = label_settings(settings.forecast)
    memory = CutMemory(labels, days=settings.training.history_days)
    rankings: list[Ranking] = [*baseline_rankings(labels, memory), *more(memory)]
    if formulas:
        rankings += formula_rankings(memory)
    if with_tgn:
        rankings.insert(0, new_forecaster(settings, memory, threads=1 if processes > 1 else 2))
    confidences = ConfidenceWalk("tgn", labels.hours_of)

    def told(cut: Cut, came_true: Mapping[str, BoolArray], scores: Mapping[str, Scores]) -> None:
        confidences.add(cut, came_true, scores)
        if observe:
            observe(cut, came_true, scores)

    result = backtest(
        history,
        rankings,
        start,
        end,
        every_hours,
        labels,
        retraining,
        progress=progress,
        observe=told,
        processes=processes,
    )
    return replace(result, reliability=confidences.reliability())


def _known_until(lake: Lake) -> datetime | None:
    """The end of the last day that has edges, or this hour: a quiet evening is known, too."""
    last: datetime | None = lake.read("SELECT max(hour) AS last FROM temporal_edges")["last"][0]
    if last is None:
        return None
    now = hour_start(datetime.now(UTC))
    return max(min(last.replace(hour=0) + timedelta(days=1), now), last + timedelta(hours=1))
