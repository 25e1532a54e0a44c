"""The hour of the lake's oldest event."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb

from trend_assets.lake.connection import LakeError, LakeLocation
from trend_assets.lake.store import Lake

# Retention may have deleted raw events, while the events made from them remain.
_OLDEST = "SELECT least((SELECT min(hour) FROM raw_events), (SELECT min(hour) FROM events)) AS hour"


def oldest_hour(location: LakeLocation) -> datetime | None:
    """The hour (UTC) of the oldest event; None where there is none, or no lake that can be read."""
    try:
        lake = Lake(location, read_only=True)
    except LakeError:
        return None
    try:
        found: datetime | None = lake.read(_OLDEST)["hour"].item()
    except duckdb.Error:
        return None
    finally:
        lake.close()
    return found and found.astimezone(UTC)
