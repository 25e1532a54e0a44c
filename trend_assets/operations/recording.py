"""Records a collection in the lake besides its events: attempts, states, and later payloads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import duckdb
import polars as pl

from trend_assets.lake.store import Lake, write_frame
from trend_assets.lake.tables import (
    COLLECTION_ATTEMPTS,
    COLLECTION_STATUS,
    OBSERVATIONS,
    REJECTED_EVENTS,
)
from trend_assets.lake.waiting import once_unlocked
from trend_assets.operations.backoff import SOON, next_try
from trend_assets.operations.collecting import CollectionState
from trend_assets.operations.identity import Identified, identify
from trend_assets.sources.collection import Collected, Purpose

_HOUR = timedelta(hours=1)
_GIVEN = """
    SELECT hour, source, count(*) AS given FROM raw_events
    WHERE hour >= ? AND hour < ? AND list_contains(?, origin) GROUP BY hour, source
"""
_RELEASE = "DELETE FROM collection_attempts WHERE status = 'running' AND source = ? AND started_at = ?"


def reserve(
    connection: duckdb.DuckDBPyConnection, units: Mapping[str, int], hour: datetime, purpose: Purpose, now: datetime
) -> None:
    """Counts as spent what a collection may spend, before it does.

    So neither a second one at the same time nor one that is killed can carry a budget beyond its limit.

    Args:
        connection: of the transaction that read the budgets.
        units: by source.
        hour: the last hour that is asked for.
        purpose: why it is.
        now: when the collection begins; timezone-aware.
    """
    common = {"hour": hour, "purpose": purpose, "started_at": now, "finished_at": now, "status": "running"}
    rest = {
        "events": 0,
        "requests": 0,
        "cursor": "",
        "failure": "",
        "message": "not at its end yet, or interrupted",
    }
    rows = [{**common, **rest, "source": source, "units": spent} for source, spent in units.items()]
    write_frame(connection, COLLECTION_ATTEMPTS, COLLECTION_ATTEMPTS.frame(rows))


def compare(lake: Lake, collected: Collected) -> tuple[Collected, Identified]:
    """Compares what was received with what the lake holds; to be asked before the rows are written.

    Args:
        lake: where the earlier payloads are.
        collected: what the sources gave.

    Returns:
        The same without the events whose ids are those of others, which are rejected and counted; and what
        each received event is.
    """
    with lake.cursor() as cursor:
        cursor.execute("BEGIN")
        found = identify(cursor, lake.known_events, collected.raw, repeats_count=True)
        cursor.execute("ROLLBACK")
    if not found.reasons:
        return collected, found
    counted = found.conflicts.group_by("hour", "source").agg(conflicts=pl.len().cast(pl.Int64))
    status = collected.status.drop("conflicts").join(counted, on=["hour", "source"], how="left", maintain_order="left")
    rejected = pl.col("rejected") + pl.col("conflicts").fill_null(0)
    return replace(
        collected,
        raw=found.events,
        rejected=pl.concat([collected.rejected, found.rejected()]),
        status=status.with_columns(rejected=rejected).select(collected.status.columns),
    ), found


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection, as it is recorded.

    Args:
        start: first hour.
        end: where the last hour ends.
        purpose: why it was asked for.
        origins: of each source that was asked, as in `raw_events.origin`.
        started: when it began; timezone-aware.
        reserved: sources for which a budget was reserved then.
    """

    start: datetime
    end: datetime
    purpose: Purpose
    origins: Mapping[str, str]
    started: datetime
    reserved: Sequence[str] = ()


def record(
    lake: Lake, collection: Collection, collected: Collected, compared: Identified, memory: CollectionState
) -> Collected:
    """Writes all but the events themselves, which must be there already; returns what was written.

    A late pass leaves a state as it is unless it completes the hour: its own failure says nothing of
    what was collected a day before.
    """
    attempts = _with_retries(_counted(collection, collected, compared), memory)
    status = _with_retries(_given(lake, collection, collected.status, attempts, memory), memory)
    if collection.purpose == "late":
        status = status.filter(pl.col("status").is_in(["complete", "empty"]))

    def written() -> None:
        with lake.transaction() as connection:
            for source in collection.reserved:
                connection.execute(_RELEASE, [source, collection.started])
            write_frame(connection, COLLECTION_ATTEMPTS, attempts)
            write_frame(connection, COLLECTION_STATUS, status)
            write_frame(connection, REJECTED_EVENTS, collected.rejected)
            write_frame(connection, OBSERVATIONS, compared.observations())

    once_unlocked(written)
    return replace(collected, status=status, attempts=attempts)


def _counted(collection: Collection, collected: Collected, compared: Identified) -> pl.DataFrame:
    """The attempts with what of their events was new, known and changed."""
    # A chart is of the moment at which it is read, after the hour for which it was asked.
    asked = pl.col("hour").clip(collection.start, collection.end - _HOUR)
    seen = compared.raw.select("source", hour=asked, verdict=compared.verdicts)
    counts = {
        "added": (pl.col("verdict") == "new").sum(),
        "repeated": pl.col("verdict").is_in(["known", "changed"]).sum(),
        "changed": (pl.col("verdict") == "changed").sum(),
    }
    sums = seen.group_by("hour", "source").agg(**{name: count.cast(pl.Int64) for name, count in counts.items()})
    joined = collected.attempts.drop(*counts).join(sums, on=["hour", "source"], how="left", maintain_order="left")
    return joined.with_columns(pl.col(*counts).fill_null(0)).select(COLLECTION_ATTEMPTS.column_names)


def _given(
    lake: Lake, collection: Collection, status: pl.DataFrame, attempts: pl.DataFrame, memory: CollectionState
) -> pl.DataFrame:
    """The states with the events that all attempts have brought, those included whose run was killed."""
    given = lake.read(_GIVEN, [collection.start, collection.end, list(collection.origins.values())])
    given = given.cast({"hour": status.schema["hour"]})
    brought = {(source, hour): added for source, hour, added in attempts.select("source", "hour", "added").iter_rows()}
    told = [
        brought.get((source, hour), 0)
        + (memory.earlier[source, hour].events if (source, hour) in memory.earlier else 0)
        for source, hour in status.select("source", "hour").iter_rows()
    ]
    joined = status.join(given, on=["hour", "source"], how="left", maintain_order="left")
    told_events = pl.max_horizontal(pl.col("given").fill_null(0), pl.Series("told", told, pl.Int64))
    return joined.with_columns(events=told_events).drop("given")


def _with_retries(frame: pl.DataFrame, memory: CollectionState) -> pl.DataFrame:
    """The rows with the moment of the next try, where the source did not name it."""
    if frame.is_empty():
        return frame
    return frame.with_columns(pl.Series("retry_at", list(_retries(frame, memory)), frame.schema["retry_at"]))


def _retries(frame: pl.DataFrame, memory: CollectionState) -> Iterator[datetime | None]:
    wanted = frame.select("source", "hour", "failure", "finished_at", "retry_at")
    for source, hour, failure, finished, said in wanted.iter_rows():
        before = memory.refused.get(source, 0) if failure == "auth" else memory.failed.get((source, hour), 0)
        if failure == "budget" and source in memory.busy:
            # The other collection gives back what it does not spend.
            said = finished + SOON
        yield said or next_try(failure or "", before, finished)
