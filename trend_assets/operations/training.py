"""One week's model: trained on everything before the week, measured on its last weeks, calibrated, stored."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trend_assets.errors import TrendError
from trend_assets.forecasting.backtest import backtest
from trend_assets.forecasting.baselines import baseline_rankings
from trend_assets.forecasting.calibration import Calibration, fit_calibrated
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.history import History, to_datetime, to_epoch
from trend_assets.forecasting.labels import LABELS, WEEK, LabelSettings
from trend_assets.lake.store import Lake
from trend_assets.operations.history import NothingKnown, label_settings, load_history
from trend_assets.operations.models import model_folder
from trend_assets.settings import Settings

if TYPE_CHECKING:
    from trend_assets.tgn.forecaster import TgnForecaster

#: The last weeks before the week, held out from the first fit: for metrics and calibration.
_HELD_OUT_WEEKS = 8
#: Of a short history, at most this share is held out.
_HELD_OUT_SHARE = 4


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What a training made."""

    model_version: str
    folder: Path
    lake_snapshot: int
    mentions: int
    seconds: float
    losses: dict[str, Any]
    metrics: dict[str, Any]


def new_forecaster(settings: Settings, memory: CutMemory) -> TgnForecaster:
    """An untrained model as the settings have it."""
    # torch takes seconds and 200 MB to load: only what trains or scores pays for it.
    from trend_assets.tgn.forecaster import ForecasterSettings, TgnForecaster

    training = settings.training
    return TgnForecaster(
        ForecasterSettings(
            labels=label_settings(settings.forecast),
            days=training.history_days,
            link_epochs=training.epochs,
            seed=training.seed,
        ),
        memory,
    )


def train(lake: Lake, settings: Settings, week: datetime) -> TrainedModel:
    """Trains the model that may forecast from `week`, a Monday 00:00 UTC, on.

    Raises:
        NothingKnown: there are too few mentions before the week.
        TrendError: `week` is no Monday 00:00 UTC.
    """
    if week.weekday() or week != week.replace(hour=0, minute=0, second=0, microsecond=0):
        raise TrendError(f"a week begins on Monday 00:00 UTC, not at {week.isoformat()}")
    began = time.monotonic()
    snapshot = lake.snapshot()
    history = load_history(lake, week)
    if len(history) < settings.training.min_events:
        raise NothingKnown(
            f"{len(history)} mentions before {week:%Y-%m-%d}, training needs {settings.training.min_events} "
            "(training.min_events): import or collect more, or train a later week"
        )
    labels = label_settings(settings.forecast)
    memory = CutMemory(labels, days=settings.training.history_days)
    forecaster = new_forecaster(settings, memory)
    weeks = held_out_weeks(history)
    calibrations = fit_calibrated(forecaster, history, to_epoch(week), labels, weeks)
    metrics = {
        "held_out_weeks": weeks,
        "tgn": {label: _figures(calibrations[label]) for label in LABELS},
        **_baselines(history, labels, memory, weeks),
    }
    folder = model_folder(settings, week, snapshot)
    if folder.exists():
        # Left by a training that ended before it was recorded: the record would have been a new snapshot.
        shutil.rmtree(folder)
    forecaster.save(
        folder,
        {
            "week": week.isoformat(),
            "lake_snapshot": snapshot,
            "labels": settings.forecast.model_dump(),
            "metrics": metrics,
            "calibrators": {
                label: calibration.calibrator.to_dict()
                for label, calibration in calibrations.items()
                if calibration.calibrator
            },
        },
    )
    return TrainedModel(
        model_version=folder.name,
        folder=folder,
        lake_snapshot=snapshot,
        mentions=len(history),
        seconds=time.monotonic() - began,
        losses={"link": forecaster.report["link_losses"]},
        metrics=metrics,
    )


def held_out_weeks(history: History) -> int:
    """Whole weeks that are held out: eight, or a quarter of a short history, but at least one."""
    known = (history.end - history.start) // WEEK
    return max(1, min(_HELD_OUT_WEEKS, known // _HELD_OUT_SHARE))


def _figures(calibration: Calibration) -> dict[str, Any]:
    return {
        "ndcg_at_10": calibration.ndcg_at_10,
        "examples": calibration.examples,
        "positives": calibration.positives,
        "not_calibrated_because": calibration.reason,
    }


def _baselines(history: History, labels: LabelSettings, memory: CutMemory, weeks: int) -> dict[str, Any]:
    """NDCG@10 of every baseline on the same held-out cuts, fitted once before them."""
    end = to_datetime(history.end)
    result = backtest(
        history,
        baseline_rankings(labels, memory),
        end - timedelta(weeks=weeks),
        end - timedelta(hours=labels.horizon_hours) + timedelta(seconds=1),
        settings=labels,
        retraining="once",
    )
    names = list(next(iter(result.labels.values())).values)
    return {
        name: {label: {"ndcg_at_10": result.labels[label].mean(name, "ndcg_at_10")} for label in LABELS}
        for name in names
    }
