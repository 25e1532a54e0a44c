"""What an hour of a source usually brings, and which of its last hours are incomplete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trend_assets.lake.store import Lake

_DAYS = 7
#: With less there is nothing to compare with.
_LEAST_DAYS, _LEAST_EVENTS = 3, 20

_USUAL = """
    SELECT median(events), median(without_user), count(*) FROM (
        SELECT hour, count(*) AS events, count(*) FILTER (user_id IS NULL) / count(*) AS without_user
        FROM raw_events WHERE source = ? AND list_contains(?, hour) AND hour BETWEEN ? AND ? GROUP BY hour
    )
"""
_NEWEST = "SELECT status, message FROM collection_status WHERE source = ? ORDER BY hour DESC LIMIT 1"
_INCOMPLETE = """
    WITH first AS (SELECT min(hour) AS hour FROM collection_attempts WHERE source = $source AND purpose = 'new')
    SELECT wanted.hour FROM (
        SELECT unnest(generate_series(greatest(hour, $start::TIMESTAMPTZ), $end::TIMESTAMPTZ - INTERVAL 1 HOUR,
                                      INTERVAL 1 HOUR)) AS hour FROM first WHERE hour < $end
    ) wanted
    LEFT JOIN collection_status s ON s.hour = wanted.hour AND s.source = $source AND s.hour >= $start
    WHERE s.status IS NULL OR s.status NOT IN ('complete', 'empty') ORDER BY wanted.hour
"""


@dataclass(frozen=True, slots=True)
class Usual:
    """The same hour of the day in the week before, as medians.

    Args:
        events: events of the source.
        without_user: the share of them that name no user, 0 to 1.
    """

    events: float
    without_user: float


def usual_hour(lake: Lake, source: str, hour: datetime) -> Usual | None:
    """What the source usually brings at this hour of the day; None where too little is known.

    Args:
        lake: what was collected.
        source: its name.
        hour: the hour that is compared, UTC; only earlier ones are read.
    """
    before = [hour - timedelta(days=days) for days in range(1, _DAYS + 1)]
    events, without_user, days = lake.read(_USUAL, [source, before, before[-1], before[0]]).row(0)
    if days < _LEAST_DAYS or events < _LEAST_EVENTS:
        return None
    return Usual(events, without_user)


def newest_state(lake: Lake, source: str) -> tuple[str, str] | None:
    """State and reason of the newest hour of the source that was asked for; None where there is none."""
    rows = lake.read(_NEWEST, [source]).rows()
    return rows[0] if rows else None


def incomplete_hours(lake: Lake, source: str, start: datetime, end: datetime) -> Sequence[datetime]:
    """Hours in ``[start, end)``, since the schedule first asked for one, that were not read to their end."""
    return lake.read(_INCOMPLETE, {"source": source, "start": start, "end": end})["hour"].to_list()
