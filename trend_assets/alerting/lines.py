"""The log channel: one JSON object a line in the home's `logs/alerts.jsonl`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import orjson

from trend_assets.alerting.alert import Alert
from trend_assets.settings import Settings

CHANNEL = "log"


def log_file(settings: Settings) -> Path:
    """Where the lines are."""
    return settings.logs_folder / "alerts.jsonl"


def write_line(settings: Settings, alert: Alert, at: datetime) -> None:
    """Appends one alert; a line is written whole, whoever else writes.

    Args:
        at: when it was raised; timezone-aware.
    """
    path = log_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    line = {
        "at": at.isoformat(),
        "kind": alert.rule,
        "severity": alert.severity,
        "subject": alert.subject,
        "message": alert.message,
    }
    with path.open("ab", buffering=0) as file:
        file.write(orjson.dumps(line) + b"\n")
