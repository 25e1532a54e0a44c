"""The state of earlier collections in the lake: cursors, failures, and budgets used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import duckdb

from trend_assets.lake.store import Lake
from trend_assets.periods import month, pacific_day
from trend_assets.sources.collection import Earlier
from trend_assets.sources.collector import CollectorError
from trend_assets.sources.youtube.followed import FOLLOWED

#: After this time without an end, a collection counts as killed.
_LONGEST_RUN = timedelta(hours=1)

# A late pass begins anew and is not gone on with; what is still running has left nothing yet.
_LAST = """
    SELECT source, hour, arg_max(cursor, finished_at), sum(coalesce(added, events))::BIGINT
    FROM attempts
    WHERE hour >= ? AND hour < ? AND status <> 'running' AND purpose <> 'late' GROUP BY source, hour
"""
_HELD = """
    WITH answered AS (
        SELECT source, max(finished_at) AS answered_at FROM attempts
        WHERE requests > 0 AND status <> 'running' AND failure NOT IN ('auth', 'quota', 'rate_limit') GROUP BY source
    )
    SELECT source, arg_max(failure, finished_at), arg_max(message, finished_at), max(retry_at)
    FROM attempts LEFT JOIN answered USING (source)
    WHERE retry_at > ? AND failure IN ('auth', 'quota', 'rate_limit')
      AND (answered_at IS NULL OR finished_at >= answered_at)
    GROUP BY source
"""
# A collection that failed for several hours counts once.
_REFUSED = """
    WITH answered AS (
        SELECT source, max(finished_at) AS answered_at FROM attempts
        WHERE requests > 0 AND status <> 'running' AND failure <> 'auth' GROUP BY source
    )
    SELECT source, count(DISTINCT started_at) FROM attempts LEFT JOIN answered USING (source)
    WHERE failure = 'auth' AND requests > 0 AND (answered_at IS NULL OR finished_at > answered_at) GROUP BY source
"""
_FAILED = """
    SELECT source, hour, count(*) FROM attempts
    WHERE hour >= ? AND hour < ? AND requests > 0
      AND failure NOT IN ('', 'auth', 'quota', 'budget', 'rate_limit', 'past')
    GROUP BY source, hour
"""
_BUSY = "SELECT DISTINCT source FROM attempts WHERE status = 'running' AND units > 0 AND started_at > ?"
_SPENT = "SELECT coalesce(sum(units), 0)::BIGINT FROM attempts WHERE source = ? AND finished_at >= ?"
_VIDEOS = """
    SELECT content_id, timestamp FROM raw_events
    WHERE source = 'youtube' AND event_type = 'upload' AND hour >= ? AND hour < ?
"""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The use of the live sources' budgets.

    Args:
        now: when it was read; timezone-aware.
        posts: posts received from X in this calendar month (UTC).
        units: YouTube quota units in this Pacific day.
        videos: when the videos whose comments may be followed were published, by id.
        late: it is for a late pass, which gets a part of an hour's budget.
    """

    now: datetime
    posts: int = 0
    units: int = 0
    videos: Mapping[str, datetime] = field(default_factory=dict)
    late: bool = False


@dataclass(frozen=True, slots=True)
class CollectionState:
    """The state of earlier collections, which a new one continues.

    Args:
        ledger: the use of budgets.
        earlier: what earlier attempts at the same hours left, by source and hour.
        held: sources that must not be asked before a later time, such as the end of a rate limit.
        refused: how often in a row a source has refused its key.
        failed: how often an hour of a source has failed for transient reasons.
        busy: sources of whose budget a running collection has reserved a part.
    """

    ledger: Ledger
    earlier: Mapping[tuple[str, datetime], Earlier] = field(default_factory=dict)
    held: Mapping[str, CollectorError] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[tuple[str, datetime], int] = field(default_factory=dict)
    busy: frozenset[str] = frozenset()


def collection_state(lake: Lake, start: datetime, end: datetime, now: datetime) -> CollectionState:
    """Reads the state for a collection of ``[start, end)`` from the lake; `now` is timezone-aware.

    The comments of videos from two days before the hours on are followed, whenever the hours are asked for.
    """
    # One read: until the nightly maintenance each attempt is a file of its own.
    attempts = lake.read("FROM collection_attempts")
    videos = dict(lake.read(_VIDEOS, [start - FOLLOWED, end]).rows())
    with lake.cursor() as connection:
        connection.register("attempts", attempts)
        return _state(connection, start, end, now, videos)


def _state(
    connection: duckdb.DuckDBPyConnection, start: datetime, end: datetime, now: datetime, videos: Mapping[str, datetime]
) -> CollectionState:
    def rows(query: str, *parameters: datetime | str) -> list[tuple[Any, ...]]:
        return connection.execute(query, parameters).pl().rows()

    return CollectionState(
        ledger=Ledger(
            now=now,
            posts=rows(_SPENT, "twitter", month(now)[0])[0][0],
            units=rows(_SPENT, "youtube", pacific_day(now)[0])[0][0],
            videos=videos,
        ),
        earlier={(source, hour): Earlier(cursor, events) for source, hour, cursor, events in rows(_LAST, start, end)},
        held={source: CollectorError(failure, message, at) for source, failure, message, at in rows(_HELD, now)},
        refused=dict(rows(_REFUSED)),
        failed={(source, hour): times for source, hour, times in rows(_FAILED, start, end)},
        busy=frozenset(source for (source,) in rows(_BUSY, now - _LONGEST_RUN)),
    )
