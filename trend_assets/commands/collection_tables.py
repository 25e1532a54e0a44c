"""Tables of the state of collection, for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.console import Group
from rich.table import Table

from trend_assets.commands.console import as_it_is, columns
from trend_assets.lake.store import Lake
from trend_assets.names import LIVE_SOURCES
from trend_assets.settings import Settings, enabled_sources

_COUNTS = ("events", "open", "new", "changed", "requests", "units")
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


def collection(lake: Lake, settings: Settings, now: datetime) -> Group | str:
    """How each source's last hour went and when it is asked next, then the files that were imported last.

    Args:
        lake: what was collected.
        settings: which sources are enabled, and whether the schedule runs.
        now: timezone-aware.
    """
    rows = lake.read(_SOURCES, {"since": now - timedelta(hours=48), "now": now}).rows(named=True)
    enabled = enabled_sources(settings)
    never = [{"source": name, "hour": None} for name in enabled if name not in {row["source"] for row in rows}]
    if not rows and not never:
        return "no collection yet"
    live = [row for row in rows if row["source"] in LIVE_SOURCES]
    files = [row for row in rows if row["source"] not in LIVE_SOURCES]
    parts = [_sources([*live, *never], enabled, settings, now)] if live or never else []
    return Group(*parts, *([_files(files)] if files else []), *_reasons(rows))


def _sources(rows: list[dict[str, Any]], enabled: Sequence[str], settings: Settings, now: datetime) -> Group:
    table = columns("source", "last hour", "state", "events", "open", *_next(settings), counts=_COUNTS, wraps="source")
    for row in rows:
        upcoming = _next_try(row, settings, now) if row["source"] in enabled else ""
        if row["hour"] is None:
            cells = ["", "not yet", "0", ""]
        else:
            cells = [f"{row['hour']:%Y-%m-%d %H:%M}", state(row["status"])]
            cells += [f"{row['events']:,}", str(row["incomplete"] or "")]
        table.add_row(row["source"], *cells, *([upcoming] if _next(settings) else []))
    waiting = sum(row.get("incomplete") or 0 for row in rows)
    told = ["open: hours of the last 48 that are not complete"] if waiting else []
    return Group(table, *told, *_schedule_off(settings))


def _files(rows: list[dict[str, Any]]) -> Table:
    table = columns("file", "imported in", "state", "events", counts=_COUNTS, wraps="file")
    for row in rows:
        table.add_row(
            as_it_is(row["source"]), f"{row['hour']:%Y-%m-%d %H:%M}", state(row["status"]), f"{row['events']:,}"
        )
    return table


def hour_rows(lake: Lake, hour: datetime, since: datetime) -> list[dict[str, Any]]:
    """What each source gave in an hour, of the sources that were asked since a moment."""
    return lake.read(_ATTEMPTS, {"hour": hour, "since": since}).rows(named=True)


def hour_table(rows: list[dict[str, Any]], settings: Settings, now: datetime) -> Group:
    """One collected hour, source by source."""
    names = ("source", "state", "events", "new", "changed", "requests", "units", *_next(settings))
    table = columns(*names, counts=_COUNTS, wraps="next try")
    for row in rows:
        done = row["status"] in ("complete", "empty")
        table.add_row(
            row["source"],
            state(row["status"]),
            f"{row['events']:,}",
            *(_number(row[name]) for name in ("added", "changed", "requests", "units")),
            *(["" if done else _next_try(row, settings, now)] if _next(settings) else []),
        )
    return Group(table, *_schedule_off(settings), *_reasons(rows))


def _reasons(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Below a table: the name of a variable to set is of use only if all of it can be read."""
    return [f"{as_it_is(row['source'])}: {as_it_is(row['message'])}" for row in rows if row.get("message")]


def _next(settings: Settings) -> tuple[str, ...]:
    """The column of the next try, where anything is tried by itself."""
    return ("next try",) if settings.schedule.enabled else ()


def _schedule_off(settings: Settings) -> list[str]:
    if settings.schedule.enabled:
        return []
    return ["No source is asked by itself: the schedule is off (schedule.enabled)."]


def state(status: str) -> str:
    """A state in its colour."""
    color = _COLORS.get(status)
    return f"[{color}]{status}[/]" if color else as_it_is(status)


def _next_try(row: Mapping[str, Any], settings: Settings, now: datetime) -> str:
    """When a source, or an hour of it, is asked next: at the schedule's minute, after the pause that it is in."""
    if row.get("failure") == "past":
        return "never"
    after = max(row.get("retry_at") or now, now)
    tick = after.replace(minute=settings.schedule.minute, second=0, microsecond=0)
    return f"{tick if tick >= after else tick + timedelta(hours=1):%m-%d %H:%M}"


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
