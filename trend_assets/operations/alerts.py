"""Alert lines: one JSON object a line in the home's `logs/alerts.jsonl`."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from trend_assets.settings import Settings


def write_alert(settings: Settings, kind: str, subject: str, message: str) -> None:
    """Appends one alert.

    Args:
        kind: what happened, e.g. `run_failed`.
        subject: to what: a run, a source, a file.
        message: in a user's words.
    """
    settings.logs_folder.mkdir(parents=True, exist_ok=True)
    line = {"at": datetime.now(UTC).isoformat(), "kind": kind, "subject": subject, "message": message}
    with (settings.logs_folder / "alerts.jsonl").open("ab") as file:
        file.write(orjson.dumps(line) + b"\n")
