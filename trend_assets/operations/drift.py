"""Reads the live accuracy and inputs of the model in use from the lake, for the drift check."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import orjson
import polars as pl

from trend_assets.forecasting.drift import DriftReport, DriftRule, PerformanceDriftMonitor
from trend_assets.forecasting.history import to_epoch
from trend_assets.forecasting.labels import LABELS
from trend_assets.forecasting.metrics import ndcg_at_k
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import DRIFT_CHECKS
from trend_assets.operations.models import StoredModel, model_at
from trend_assets.settings import Settings

_K = 10
_LEARNT_WEEKS = 8
_METRICS = """
    SELECT metrics FROM training_runs
    WHERE model_version = ? AND status = 'succeeded' ORDER BY started_at DESC LIMIT 1
"""
_OUTCOMES = """
    SELECT cut, label, score, came_true FROM prediction_outcomes
    WHERE list_contains(?, label)
      AND model_version = ? AND made = 'live' AND cut > ? AND cut <= ? ORDER BY cut, label, rank
"""
_COUNTS = """
    SELECT sum(mentions)::BIGINT AS mentions FROM topic_activity
    WHERE hour >= ? AND hour < ? GROUP BY topic, date_trunc('day', hour)
"""


def check_drift(lake: Lake, settings: Settings, now: datetime) -> tuple[StoredModel, DriftReport] | None:
    """The model in use and whether it has drifted; none where no model is in use.

    Accuracy is that of the stored forecasts of the last `drift.weeks`, inputs are the mentions of each
    topic on each of the last seven days beside the eight weeks before the model.
    """
    model = model_at(lake, settings, now)
    if model is None:
        return None
    drift = settings.drift
    monitor = PerformanceDriftMonitor(DriftRule(drift.drop, drift.psi))
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    report = monitor.check(
        _held_out(lake, model),
        _live(lake, model, now - timedelta(weeks=drift.weeks), now),
        _counts(lake, model.week - timedelta(weeks=_LEARNT_WEEKS), model.week),
        _counts(lake, today - timedelta(days=7), today),
    )
    return model, report


def store_check(lake: Lake, model: StoredModel, report: DriftReport, now: datetime) -> None:
    """Keeps what was found, for those who ask the lake and not Dagster."""
    row = {
        "checked_at": now,
        "model_version": model.version,
        "live_cuts": report.cuts,
        "live_ndcg_at_10": report.live_mean,
        "held_out_ndcg_at_10": report.held_out_mean,
        "input_psi": report.psi,
        "reasons": "; ".join(report.reasons),
    }
    lake.write(DRIFT_CHECKS, DRIFT_CHECKS.frame([row]))


def _held_out(lake: Lake, model: StoredModel) -> dict[str, float | None]:
    rows = lake.read(_METRICS, [model.version])["metrics"]
    figures = orjson.loads(rows[0])["tgn"] if len(rows) else {}
    return {label: figures.get(label, {}).get("ndcg_at_10") for label in LABELS}


def _live(lake: Lake, model: StoredModel, start: datetime, end: datetime) -> dict[str, dict[int, float]]:
    """NDCG@10 of each cut that counts, as in a backtest."""
    found: dict[str, dict[int, float]] = {label: {} for label in LABELS}
    outcomes = lake.read(_OUTCOMES, [list(LABELS), model.version, start, end])
    for (cut, label), rows in outcomes.group_by("cut", "label", maintain_order=True):
        relevant = rows["came_true"].to_numpy()
        if len(relevant) >= _K and relevant.any():
            assert isinstance(cut, datetime)
            found[str(label)][to_epoch(cut)] = ndcg_at_k(relevant, rows["score"].to_numpy(), _K)
    return found


def _counts(lake: Lake, start: datetime, end: datetime) -> np.ndarray:
    return lake.read(_COUNTS, [start, end]).select(pl.col("mentions").cast(pl.Float64))["mentions"].to_numpy()
