"""Alerts on topics that are likely to grow, limited to a daily rate."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import duckdb

from trend_assets.alerting.alert import Alert
from trend_assets.alerting.raising import raise_alerts
from trend_assets.forecasting.history import to_datetime, to_epoch
from trend_assets.forecasting.sensitivity import SensitivityController, SensitivityRule, SensitivityState
from trend_assets.lake.spam_topics import left_out
from trend_assets.lake.store import Lake, write_frame
from trend_assets.lake.tables import ALERT_THRESHOLDS
from trend_assets.settings import Settings
from trend_assets.words import forecast_in_words

_HOUR = timedelta(hours=1)
#: No alerts on forecasts for older cuts.
_NEWS = timedelta(hours=6)
_CONFIDENT = """
    SELECT topic, label, horizon_hours, confidence, growth, model_version,
           coalesce((metadata ->> 'before')::BIGINT, source_events_count) AS before
    FROM predictions
    WHERE hour = ? AND cut = ? AND label = ? AND revision = 0 AND confidence IS NOT NULL AND (made = 'live' OR ?)
    ORDER BY rank
"""
_LAST = "SELECT threshold, rate, cut, raised FROM alert_thresholds ORDER BY cut DESC LIMIT 1"


def alert_topics(lake: Lake, settings: Settings, cut: datetime, now: datetime) -> int:
    """Raises an alert for each topic of a stored forecast whose confidence exceeds the threshold.

    Only a live forecast is looked at; in the simulated world, which has a time of its own, also a later one. The
    threshold moves with the rate of alerts and is kept in the lake; a cut that is not later than the last one
    alerts nothing, so that an hour may be run again.

    Args:
        lake: open for writing.
        settings: how many alerts a day, and what they look at (`alerts.topic_label`, `alerts.topic_horizon`).
        cut: of the forecast, timezone-aware.
        now: timezone-aware.

    Returns:
        How many topics exceeded it.
    """
    simulated = settings.simulator.enabled
    if not (simulated or now - cut < _NEWS):
        return 0
    rows = lake.read(_CONFIDENT, [cut - _HOUR, cut, settings.alerted_label, simulated])
    if rows.is_empty():
        return 0
    hidden = left_out(lake, cut, settings.attention.muted, settings.attention.hide_spam)
    known = {row["topic"]: row for row in rows.iter_rows(named=True) if row["topic"] not in hidden}
    with lake.transaction() as connection:
        controller = SensitivityController(SensitivityRule(**settings.sensitivity.model_dump()), _state(connection))
        topics = controller.step(to_epoch(cut), {topic: row["confidence"] for topic, row in known.items()})
        _keep(connection, controller.state)
    threshold = controller.state.threshold
    made = f"threshold {threshold * 100:.0f} %, forecast at {cut:%Y-%m-%d %H:%M} UTC by {rows['model_version'][0]}"
    if simulated:
        made += ", of the simulated world"
    alerts = (Alert("topic_rising", topic, f"{_told(known[topic])}; {made}") for topic in topics)
    raise_alerts(lake, settings, alerts)
    return len(topics)


def _told(row: dict[str, Any]) -> str:
    return forecast_in_words(row["label"], row["before"], row["growth"], row["confidence"], row["horizon_hours"])


def _state(connection: duckdb.DuckDBPyConnection) -> SensitivityState | None:
    row = connection.execute(_LAST).fetchone()
    if row is None:
        return None
    threshold, rate, cut, raised = row
    return SensitivityState(threshold, rate, to_epoch(cut), frozenset(raised))


def _keep(connection: duckdb.DuckDBPyConnection, state: SensitivityState) -> None:
    """A state that is there already, for its cut was looked at, is left as it is."""
    if state.last is not None:
        row = {
            "cut": to_datetime(state.last),
            "threshold": state.threshold,
            "rate": state.rate,
            "raised": sorted(state.raised),
        }
        write_frame(connection, ALERT_THRESHOLDS, ALERT_THRESHOLDS.frame([row]))
