"""How collection went, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from rich.console import Group
from rich.table import Table

from trend_assets.commands.console import as_it_is
from trend_assets.lake.store import Lake
from trend_assets.settings import Settings

_COLORS = {"complete": "green", "empty": "green", "partial": "yellow", "skipped": "yellow", "failed": "red"}
# What failed on the way, or in an answer, keeps the hour waiting and not its source.
_SOURCES = """
    SELECT source, max(hour) AS hour, arg_max(status, hour) AS status, sum(events)::BIGINT AS events,
           count(*) FILTER (status NOT IN ('complete', 'empty') AND hour >= $since) AS incomplete,
           max(retry_at) FILTER (retry_at > $now AND failure IN ('auth', 'quota', 'rate_limit')) AS retry_at,
           arg_max(message, hour) AS message, NULL AS failure
    FROM collection_status GROUP BY source ORDER BY max(finished_at) DESC LIMIT 20
"""
_ATTEMPTS = """
    SELECT s.source, s.status, s.events, a.added, a.changed, a.requests, a.units, s.retry_at, s.message, s.failure
    FROM collection_status s
    LEFT JOIN collection_attempts a ON a.hour = s.hour AND a.source = s.source AND a.finished_at = s.finished_at
    WHERE s.hour = $hour AND s.finished_at >= $since ORDER BY s.source
"""


def sources_table(lake: Lake, settings: Settings, now: datetime) -> Group | str:
    """Each source's last hour, how it went in words, and when it is asked next; imports have a row each.

    Args:
        lake: what was collected.
        settings: which sources are enabled, and whether the schedule runs.
        now: timezone-aware.
    """
    rows = lake.read(_SOURCES, {"since": now - timedelta(hours=48), "now": now}).rows(named=True)
    enabled = _enabled(settings)
    never = [{"source": name, "hour": None} for name in enabled if name not in {row["source"] for row in rows}]
    if not rows and not never:
        return "no collection yet"
    table = Table("source", "last hour", "state", "events", "open in 48 h", "next try")
    for row in [*rows, *never]:
        if row["hour"] is None:
            table.add_row(row["source"], "", "not asked yet", "0", "", _next_try({}, settings, now))
            continue
        upcoming = _next_try(row, settings, now) if row["source"] in enabled else ""
        table.add_row(
            as_it_is(row["source"]),
            f"{row['hour']:%Y-%m-%d %H:%M}",
            state(row["status"]),
            f"{row['events']:,}",
            str(row["incomplete"] or ""),
            upcoming,
        )
    return _explained(table, rows)


def hour_rows(lake: Lake, hour: datetime, since: datetime) -> list[dict[str, Any]]:
    """What each source gave in an hour, of the sources that were asked since a moment."""
    return lake.read(_ATTEMPTS, {"hour": hour, "since": since}).rows(named=True)


def hour_table(rows: list[dict[str, Any]], settings: Settings, now: datetime) -> Group:
    """One collected hour, source by source."""
    table = Table("source", "state", "events", "new", "changed", "requests", "units", "next try")
    for row in rows:
        done = row["status"] in ("complete", "empty")
        table.add_row(
            row["source"],
            state(row["status"]),
            f"{row['events']:,}",
            *(_number(row[name]) for name in ("added", "changed", "requests", "units")),
            "" if done else _next_try(row, settings, now),
        )
    return _explained(table, rows)


def _explained(table: Table, rows: Iterable[Mapping[str, Any]]) -> Group:
    """The table, and below it why: the name of a variable to set is of use only if all of it can be read."""
    said = [f"{as_it_is(row['source'])}: {as_it_is(row['message'])}" for row in rows if row.get("message")]
    return Group(table, *said)


def state(status: str) -> str:
    """A state in its colour."""
    color = _COLORS.get(status)
    return f"[{color}]{status}[/]" if color else as_it_is(status)


def _enabled(settings: Settings) -> list[str]:
    from trend_assets.assets.collectors import live_sources

    return ["twitter", "youtube", "google_trends"] if settings.simulator.enabled else list(live_sources(settings))


def _next_try(row: Mapping[str, Any], settings: Settings, now: datetime) -> str:
    """When a source, or an hour of it, is asked next: at the schedule's minute, after the pause that it is in."""
    if row.get("failure") == "past":
        return "never"
    if not settings.schedule.enabled:
        return "the schedule is off"
    after = max(row.get("retry_at") or now, now)
    tick = after.replace(minute=settings.schedule.minute, second=0, microsecond=0)
    return f"{tick if tick >= after else tick + timedelta(hours=1):%Y-%m-%d %H:%M}"


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
