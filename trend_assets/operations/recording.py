"""What a collection leaves in the lake besides its events: attempts, states, and later payloads."""

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
from trend_assets.operations.backoff import SOON, next_try
from trend_assets.operations.collecting import Memory
from trend_assets.sources.collection import Collected, Purpose

_HOUR = timedelta(hours=1)
_KNOWN = """
    WITH told AS (
        SELECT id, raw_data, collected_at AS told_at FROM raw_events SEMI JOIN incoming USING (id)
        WHERE hour BETWEEN ? AND ?
        UNION ALL
        SELECT id, raw_data, observed_at FROM observations SEMI JOIN incoming USING (id) WHERE hour BETWEEN ? AND ?
    )
    SELECT id, arg_max(raw_data, told_at) AS last_told FROM told GROUP BY id
"""
_GIVEN = """
    SELECT hour, source, count(*) AS given FROM raw_events
    WHERE hour >= ? AND hour < ? AND list_contains(?, origin) GROUP BY hour, source
"""
_RELEASE = "DELETE FROM collection_attempts WHERE status = 'running' AND source = ? AND started_at = ?"


def reserve(
    connection: duckdb.DuckDBPyConnection, units: Mapping[str, int], hour: datetime, purpose: Purpose, now: datetime
) -> None:
    """Counts as spent what a collection may spend, before it does: neither a second one at the same time nor
    one that is killed can carry a budget beyond its limit.

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


@dataclass(frozen=True, slots=True)
class Compared:
    """Ids of received events that the lake knew already, and which of them had changed."""

    known: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()


def compare(lake: Lake, raw: pl.DataFrame) -> Compared:
    """Compares what was received with what the lake holds; to be asked before the rows are written.

    Args:
        lake: where the earlier payloads are.
        raw: rows of `RAW_EVENTS`.
    """
    if raw.is_empty():
        return Compared()
    span = [raw["hour"].min(), raw["hour"].max()]
    with lake.cursor() as cursor:
        cursor.register("incoming", raw.select("id"))
        known = cursor.execute(_KNOWN, [*span, *span]).pl()
    joined = raw.join(known, on="id")
    changed = joined.filter(pl.col("raw_data") != pl.col("last_told"))
    return Compared(frozenset(joined["id"]), frozenset(changed["id"]))


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


def record(lake: Lake, collection: Collection, collected: Collected, compared: Compared, memory: Memory) -> Collected:
    """Writes all but the events themselves, which must be there already; returns what was written.

    A late pass leaves a state as it is unless it completes the hour: its own failure says nothing of
    what was collected a day before.
    """
    attempts = _with_retries(_counted(collection, collected, compared), memory)
    status = _with_retries(_given(lake, collection, collected.status, attempts, memory), memory)
    if collection.purpose == "late":
        status = status.filter(pl.col("status").is_in(["complete", "empty"]))
    with lake.transaction() as connection:
        for source in collection.reserved:
            connection.execute(_RELEASE, [source, collection.started])
        write_frame(connection, COLLECTION_ATTEMPTS, attempts)
        write_frame(connection, COLLECTION_STATUS, status)
        write_frame(connection, REJECTED_EVENTS, collected.rejected)
        write_frame(connection, OBSERVATIONS, _observations(collected.raw, compared))
    return replace(collected, status=status, attempts=attempts)


def _counted(collection: Collection, collected: Collected, compared: Compared) -> pl.DataFrame:
    """The attempts with what of their events was new, known and changed."""
    # A chart is of the moment at which it is read, after the hour for which it was asked.
    asked = pl.col("hour").clip(collection.start, collection.end - _HOUR)
    seen = collected.raw.select(
        "source", hour=asked, known=pl.col("id").is_in(compared.known), changed=pl.col("id").is_in(compared.changed)
    )
    sums = seen.group_by("hour", "source").agg(pl.col("known", "changed").sum().cast(pl.Int64))
    joined = collected.attempts.drop("changed").join(sums, on=["hour", "source"], how="left", maintain_order="left")
    known = pl.col("known").fill_null(0)
    counts = {"added": pl.col("events") - known, "repeated": known, "changed": pl.col("changed").fill_null(0)}
    return joined.with_columns(**counts).select(COLLECTION_ATTEMPTS.column_names)


def _given(
    lake: Lake, collection: Collection, status: pl.DataFrame, attempts: pl.DataFrame, memory: Memory
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


def _with_retries(frame: pl.DataFrame, memory: Memory) -> pl.DataFrame:
    """The rows with the moment of the next try, where the source did not name it."""
    if frame.is_empty():
        return frame
    return frame.with_columns(pl.Series("retry_at", list(_retries(frame, memory)), frame.schema["retry_at"]))


def _retries(frame: pl.DataFrame, memory: Memory) -> Iterator[datetime | None]:
    wanted = frame.select("source", "hour", "failure", "finished_at", "retry_at")
    for source, hour, failure, finished, said in wanted.iter_rows():
        before = memory.refused.get(source, 0) if failure == "auth" else memory.failed.get((source, hour), 0)
        if failure == "budget" and source in memory.busy:
            # The other collection gives back what it does not spend.
            said = finished + SOON
        yield said or next_try(failure or "", before, finished)


def _observations(raw: pl.DataFrame, compared: Compared) -> pl.DataFrame:
    changed = raw.filter(pl.col("id").is_in(compared.changed)).unique(subset="id", keep="last", maintain_order=True)
    return changed.rename({"collected_at": "observed_at"}).select(OBSERVATIONS.column_names)
