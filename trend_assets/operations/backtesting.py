"""All rankings over the past of one lake."""

from __future__ import annotations

from datetime import datetime

from trend_assets.forecasting.backtest import BacktestResult, Progress, backtest
from trend_assets.forecasting.baselines import baseline_rankings
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.ranking import Ranking
from trend_assets.lake.store import Lake
from trend_assets.operations.history import label_settings, load_history
from trend_assets.operations.training import new_forecaster
from trend_assets.settings import Settings


def run_backtest(
    lake: Lake,
    settings: Settings,
    start: datetime,
    end: datetime,
    *,
    every_hours: int = 6,
    with_tgn: bool = True,
    progress: Progress | None = None,
) -> BacktestResult:
    """Every baseline, and the TGN, at the cuts of `[start, end)`, retrained weekly on the past only."""
    history = load_history(lake)
    labels = label_settings(settings.forecast)
    memory = CutMemory(labels, days=settings.training.history_days)
    rankings: list[Ranking] = [*baseline_rankings(labels, memory)]
    if with_tgn:
        rankings.insert(0, new_forecaster(settings, memory))
    return backtest(history, rankings, start, end, every_hours, labels, progress=progress)
