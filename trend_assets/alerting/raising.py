"""Raises alerts: writes them to the log at once, and to the lake, from where they are delivered."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime

import duckdb
from filelock import Timeout

from trend_assets.alerting.alert import Alert
from trend_assets.alerting.history import AlertHistory
from trend_assets.alerting.lines import write_line
from trend_assets.lake.connection import LakeError
from trend_assets.lake.store import Lake
from trend_assets.settings import AlertRule, Settings

_log = logging.getLogger(__name__)


def raise_alert(lake: Lake, settings: Settings, rule: AlertRule, subject: str, message: str) -> None:
    """Raises one alert; see `raise_alerts`.

    Args:
        lake: open for writing.
        rule: what happened.
        subject: to what: a run, a source, a file.
        message: in a user's words.
    """
    raise_alerts(lake, settings, [Alert(rule, subject, message)])


def raise_alerts(lake: Lake, settings: Settings, alerts: Iterable[Alert]) -> None:
    """Raises alerts, the same once a window; what raises them goes on even where the lake cannot be written."""
    raised, now = list(alerts), datetime.now(UTC)
    try:
        AlertHistory(lake, settings).add(raised, now)
    except (LakeError, duckdb.Error, Timeout) as error:
        _log.warning("%d alerts are in the log alone: %s", len(raised), str(error).splitlines()[0])
        for alert in raised:
            write_line(settings, alert, now)
