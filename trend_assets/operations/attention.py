"""Alert lines for the topics that deserve attention, kept to a rate."""

from __future__ import annotations

import orjson
import polars as pl

from trend_assets.errors import TrendError
from trend_assets.forecasting.history import to_epoch
from trend_assets.forecasting.sensitivity import SensitivityController, SensitivityRule, SensitivityState
from trend_assets.operations.alerts import write_alert
from trend_assets.operations.files import write_json
from trend_assets.settings import Settings

_STATE = "sensitivity.json"
_LABEL = "bursts"


def alert_topics(settings: Settings, predictions: pl.DataFrame) -> int:
    """Writes an alert line for each topic of one cut whose confidence to burst exceeds the threshold.

    The threshold moves with the rate of alerts and is kept in the home; a cut that is not later than the
    last one alerts nothing, so that an hour may be run again.

    Args:
        predictions: as `PREDICTIONS`, of one cut.

    Returns:
        How many alerts were written.

    Raises:
        TrendError: the state in the home is damaged.
    """
    rows = predictions.filter((pl.col("label") == _LABEL) & pl.col("confidence").is_not_null())
    if rows.is_empty():
        return 0
    path = settings.home / _STATE
    controller = SensitivityController(SensitivityRule(**settings.sensitivity.model_dump()), _state(settings))
    confidence = dict(rows.select("topic", "confidence").iter_rows())
    topics = controller.step(to_epoch(rows["cut"][0]), confidence)
    threshold = controller.state.threshold
    write_json(path, controller.state.to_json())
    for topic in topics:
        message = (
            f"will burst with confidence {confidence[topic]:.2f} (threshold {threshold:.2f}), "
            f"forecast at {rows['cut'][0]:%Y-%m-%d %H:%M} UTC by {rows['model_version'][0]}"
        )
        write_alert(settings, "topic_rising", topic, message)
    return len(topics)


def _state(settings: Settings) -> SensitivityState | None:
    path = settings.home / _STATE
    try:
        return SensitivityState.from_json(orjson.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise TrendError(f"{path} is damaged ({error}): delete it, the threshold begins anew") from None
