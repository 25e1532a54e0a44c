"""Alerts on the topics that deserve attention, kept to a rate."""

from __future__ import annotations

from datetime import datetime, timedelta

import orjson
import polars as pl

from trend_assets.alerting.alert import Alert
from trend_assets.alerting.raising import raise_alerts
from trend_assets.errors import TrendError
from trend_assets.forecasting.history import to_epoch
from trend_assets.forecasting.sensitivity import SensitivityController, SensitivityRule, SensitivityState
from trend_assets.lake.store import Lake
from trend_assets.operations.files import write_json
from trend_assets.settings import Settings

_STATE = "sensitivity.json"
_LABEL = "bursts"
#: An older forecast is made to look back.
_NEWS = timedelta(hours=6)


def alert_topics(lake: Lake, settings: Settings, predictions: pl.DataFrame, now: datetime) -> int:
    """Raises an alert for each topic of one cut whose confidence to burst exceeds the threshold.

    The threshold moves with the rate of alerts and is kept in the home; a cut that is not later than the
    last one alerts nothing, so that an hour may be run again, nor does one long gone, that is forecast to look
    back. The simulated world has a time of its own.

    Args:
        lake: open for writing.
        settings: how many alerts a day.
        predictions: as `PREDICTIONS`, of one cut.
        now: timezone-aware.

    Returns:
        How many topics exceeded it.

    Raises:
        TrendError: the state in the home is damaged.
    """
    rows = predictions.filter((pl.col("label") == _LABEL) & pl.col("confidence").is_not_null())
    if rows.is_empty() or not (settings.simulator.enabled or now - rows["cut"][0] < _NEWS):
        return 0
    path = settings.home / _STATE
    controller = SensitivityController(SensitivityRule(**settings.sensitivity.model_dump()), _state(settings))
    confidence = dict(rows.select("topic", "confidence").iter_rows())
    topics = controller.step(to_epoch(rows["cut"][0]), confidence)
    threshold = controller.state.threshold
    write_json(path, controller.state.to_json())
    forecast = f"forecast at {rows['cut'][0]:%Y-%m-%d %H:%M} UTC by {rows['model_version'][0]}"
    if settings.simulator.enabled:
        forecast += ", of the simulated world"
    alerts = (
        Alert(
            "topic_rising",
            topic,
            f"will burst with confidence {confidence[topic]:.2f} (threshold {threshold:.2f}), {forecast}",
        )
        for topic in topics
    )
    raise_alerts(lake, settings, alerts)
    return len(topics)


def _state(settings: Settings) -> SensitivityState | None:
    path = settings.home / _STATE
    try:
        return SensitivityState.from_json(orjson.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise TrendError(f"{path} is damaged ({error}): delete it, the threshold begins anew") from None
