"""Checks of the lake: catalog, files, clock, and what was collected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

from trend_assets.commands.doctor.finding import Finding
from trend_assets.lake.connection import LakeLocation, lake_location
from trend_assets.lake.damage import damaged_files
from trend_assets.lake.store import Lake
from trend_assets.operations.catching_up import missed_hours
from trend_assets.operations.models import model_at, model_store, stored_models
from trend_assets.periods import hour_start
from trend_assets.settings import Settings, live_sources

_HOUR = timedelta(hours=1)
#: A request to object storage that is older is refused by most servers; forecasts count as live within an hour.
_MOST_SKEW = timedelta(minutes=5)
#: Bytes; SQLite writes a log back from 4 MB on.
_LARGE_LOG = 64 << 20


def lake(settings: Settings) -> Iterator[Finding]:
    """Whether the lake opens, is of this release, and can be written to; and what it holds."""
    location = lake_location(settings)
    with closing(Lake(location, read_only=True)) as opened:
        newest = opened.read("SELECT max(hour) AS hour, count(*) AS events FROM events").row(0, named=True)
        told = f"{location}: {newest['events']:,} events"
        yield Finding("lake", told + (f", the newest of {newest['hour']:%Y-%m-%d %H:%M} UTC" if newest["hour"] else ""))
        yield _files(opened)
        yield from _clock(opened, location)
        yield from _hours(opened, settings)
        yield from _model(opened, settings)
    yield from _rights(location, settings)
    # Who writes last has emptied it, if that can be done.
    yield from _log(location)


def _files(opened: Lake) -> Finding:
    """Whether each file is there in full; what is in it is read by `trend repair`."""
    damaged = damaged_files(opened, read=False)
    if not damaged:
        return Finding("files", "each is there in full")
    tables = ", ".join(sorted({one.table for one in damaged}))
    told = f"{len(damaged)} of {tables} cannot be read, e.g. {damaged[0].path}: {damaged[0].why}"
    return Finding("files", told, "put them back from a copy of the disk, or see `trend repair`")


def _log(location: LakeLocation) -> Iterator[Finding]:
    """SQLite writes the log of a catalog back only while no process is within a transaction."""
    log = location.sqlite_catalog.with_name(f"{location.sqlite_catalog.name}-wal")
    size = log.stat().st_size if location.uses_sqlite and log.is_file() else 0
    if size > _LARGE_LOG:
        told = f"{log} has grown to {size / 2**20:,.0f} MB: a process has not read an answer of the lake to its end"
        yield Finding("log", told, f"end it, such as a notebook: `lsof {location.sqlite_catalog}` names it")


def _rights(location: LakeLocation, settings: Settings) -> Iterator[Finding]:
    """Takes the lock of writers, and writes to the storage."""
    with closing(Lake(location)) as opened, opened.transaction():
        pass
    store = model_store(settings)
    store.need_rights()
    yield Finding("rights", f"the catalog and {store.address()} can be written to")


def _clock(opened: Lake, location: LakeLocation) -> Iterator[Finding]:
    """This machine's clock beside the database's, where that is another machine's."""
    if location.uses_sqlite:
        return
    import psycopg

    with psycopg.connect(location.libpq()) as connection:
        theirs = connection.execute("SELECT clock_timestamp()").fetchone()
    assert theirs is not None
    skew = abs(datetime.now(UTC) - theirs[0])
    todo = "let both machines keep their time with NTP" if skew > _MOST_SKEW else None
    yield Finding("clock", f"{skew.total_seconds():.0f} s away from the database's", todo)


def _hours(opened: Lake, settings: Settings) -> Iterator[Finding]:
    """Hours of the enabled sources that are missing and that the schedule would still ask for."""
    live = live_sources(settings)
    if not live:
        yield Finding("hours", "no live source is enabled")
        return
    now = hour_start(datetime.now(UTC))
    missed = missed_hours(opened, list(live), now - settings.schedule.catch_up_hours * _HOUR, now - _HOUR, now)
    if not missed:
        yield Finding("hours", f"none is missing of {', '.join(live)}")
        return
    last, names = max(hour for _, hour in missed), sorted({name for name, _ in missed})
    yield Finding(
        "hours",
        f"{len(missed)} are missing of {', '.join(names)}, the last of {last:%Y-%m-%d %H:%M} UTC",
        "let `trend up` run (it catches up by itself), and see why on the Collection page or in collection_status",
    )


def _model(opened: Lake, settings: Settings) -> Iterator[Finding]:
    store, stored = model_store(settings), stored_models(settings)
    used = model_at(opened, settings, datetime.now(UTC))
    told = f"{len(stored)} stored in {store.address()}; "
    yield Finding("models", told + (f"{used.version} is in use" if used else "none is in use: counting forecasts"))
