"""A clock in a file, that several processes share: it is set to a moment and goes on from there as real time does."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

VARIABLE = "LIVE_CLOCK"


def set_clock(path: Path, moment: datetime) -> None:
    """Sets it, at once for all who look."""
    fresh = path.with_suffix(".new")
    fresh.write_text(f"{moment.timestamp()} {time.time()}", encoding="utf-8")
    fresh.replace(path)


def read_clock(path: Path) -> datetime:
    """What it shows."""
    moment, since = map(float, path.read_text(encoding="utf-8").split())
    return datetime.fromtimestamp(moment, UTC) + timedelta(seconds=time.time() - since)


def clock() -> datetime:
    """What the clock of this process' environment shows."""
    return read_clock(Path(os.environ[VARIABLE]))
