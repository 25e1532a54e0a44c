"""Forecasts at the end of each hour, and what became of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import polars as pl

from trend_assets.forecasting.calibration import Calibrator
from trend_assets.forecasting.history import History, to_epoch
from trend_assets.forecasting.labels import LabelSettings
from trend_assets.forecasting.predict import forecast, outcomes_frame
from trend_assets.forecasting.selection import best_counting_ranking
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import PREDICTION_OUTCOMES, PREDICTIONS
from trend_assets.operations.history import NothingKnown, label_settings, load_history
from trend_assets.operations.models import StoredModel, model_at
from trend_assets.settings import Settings

if TYPE_CHECKING:
    from trend_assets.tgn.forecaster import TgnForecaster

_HOUR = timedelta(hours=1)


def forecast_hours(lake: Lake, settings: Settings, start: datetime, end: datetime) -> pl.DataFrame:
    """Forecasts at the end of every hour of `[start, end)`, as `PREDICTIONS`.

    Each sees the history until its cut alone, and the newest model trained on nothing from after it.
    """
    try:
        history = load_history(lake, end)
    except NothingKnown:
        return PREDICTIONS.frame()
    labels = label_settings(settings.forecast)
    frames = [PREDICTIONS.frame()]
    cut = start + _HOUR
    while cut <= end:
        if to_epoch(cut) > history.start:
            frames.append(_forecast(history.until(cut), cut, labels, model_at(settings, cut)))
        cut += _HOUR
    return pl.concat(frames)


def _forecast(history: History, cut: datetime, labels: LabelSettings, model: StoredModel | None) -> pl.DataFrame:
    if model is None:
        ranking = best_counting_ranking(history, to_epoch(cut), labels)
        return forecast(ranking, history, cut, labels)
    ranking, calibrators = _loaded(model)
    return forecast(
        ranking,
        history,
        cut,
        labels,
        calibrators=calibrators,
        growth=ranking,
        model_version=model.version,
        fallback=best_counting_ranking(history, to_epoch(cut), labels),
    )


@lru_cache(maxsize=2)
def _loaded(model: StoredModel) -> tuple[TgnForecaster, dict[str, Calibrator]]:
    """The model and its calibrators; its memory rolls forward from one cut to the next."""
    # torch takes seconds and 200 MB to load: only what trains or scores pays for it.
    from trend_assets.tgn.checkpoint import load_checkpoint
    from trend_assets.tgn.forecaster import KIND, TgnForecaster

    stored = load_checkpoint(model.folder, KIND).metadata["extra"]["calibrators"]
    calibrators = {label: Calibrator.from_dict(values) for label, values in stored.items()}
    return TgnForecaster.load(model.folder), calibrators


def score_hours(lake: Lake, settings: Settings, start: datetime, end: datetime) -> pl.DataFrame:
    """What became of the predictions whose horizon ended in `[start, end)`, as `PREDICTION_OUTCOMES`."""
    labels = label_settings(settings.forecast)
    back = timedelta(hours=labels.horizon_hours)
    predictions = lake.read_table(PREDICTIONS, start - back, end - back)
    if predictions.is_empty():
        return PREDICTION_OUTCOMES.frame()
    return outcomes_frame(predictions, load_history(lake, end), labels)
