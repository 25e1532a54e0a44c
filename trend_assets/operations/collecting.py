"""What the lake remembers of earlier collections: where they ended, and what the budgets have spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trend_assets.lake.store import Lake
from trend_assets.sources.budget import month, pacific_day
from trend_assets.sources.collection import Earlier
from trend_assets.sources.collector import CollectorError

_TRACKED_HOURS = timedelta(hours=48)
_TRACKED_VIDEOS = 50

_LAST = """
    SELECT source, hour, arg_max(cursor, finished_at), sum(events)::BIGINT
    FROM collection_attempts WHERE hour >= ? AND hour < ? GROUP BY source, hour
"""
_HELD = """
    SELECT source, arg_max(failure, finished_at), arg_max(message, finished_at), max(retry_at)
    FROM collection_attempts WHERE retry_at > ? GROUP BY source
"""
_SPENT = "SELECT coalesce(sum(units), 0)::BIGINT FROM collection_attempts WHERE source = ? AND finished_at >= ?"
_VIDEOS = """
    SELECT content_id FROM raw_events
    WHERE source = 'youtube' AND event_type = 'upload' AND hour >= ? AND hour < ?
    ORDER BY timestamp DESC LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the live sources have spent, and what they go on from.

    Args:
        now: when it was read; timezone-aware.
        posts: posts received from X in this calendar month (UTC).
        units: YouTube quota units in this Pacific day.
        videos: ids of videos whose comments are followed, the newest first.
    """

    now: datetime
    posts: int = 0
    units: int = 0
    videos: tuple[str, ...] = ()


def ledger(lake: Lake, now: datetime) -> Ledger:
    """Reads the ledger at a moment."""
    return Ledger(
        now=now,
        posts=_spent(lake, "twitter", month(now)[0]),
        units=_spent(lake, "youtube", pacific_day(now)[0]),
        videos=tuple(lake.read(_VIDEOS, [now - _TRACKED_HOURS, now, _TRACKED_VIDEOS])["content_id"]),
    )


def _spent(lake: Lake, source: str, since: datetime) -> int:
    return int(lake.read(_SPENT, [source, since]).item())


@dataclass(frozen=True, slots=True)
class Memory:
    """What a collection is to know of those before it.

    Args:
        ledger: what has been spent.
        earlier: what earlier attempts at the same hours left, by source and hour.
        held: sources that said when to ask again, where that is still to come.
    """

    ledger: Ledger
    earlier: Mapping[tuple[str, datetime], Earlier] = field(default_factory=dict)
    held: Mapping[str, CollectorError] = field(default_factory=dict)


def memory(lake: Lake, start: datetime, end: datetime, now: datetime) -> Memory:
    """Reads what the lake remembers, for a collection of ``[start, end)``."""
    rows = lake.read(_LAST, [start, end]).iter_rows()
    earlier = {(source, hour): Earlier(cursor, events) for source, hour, cursor, events in rows}
    held = {
        source: CollectorError(failure, message, retry_at)
        for source, failure, message, retry_at in lake.read(_HELD, [now]).iter_rows()
    }
    return Memory(ledger(lake, now), earlier, held)
