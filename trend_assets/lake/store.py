"""The lake's interface for the pipeline: Polars frames in and out, one transaction a write."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import duckdb
import polars as pl

from trend_assets.lake.connection import LAKE, LakeError, LakeLocation, explained, no_lake, open_duckdb
from trend_assets.lake.known_events import KnownEvents
from trend_assets.lake.lineage import note_write, noted
from trend_assets.lake.migrations import NEWEST, migrate, refuse_newer
from trend_assets.lake.old_files import take_over
from trend_assets.lake.revisions import next_revisions
from trend_assets.lake.table import Table
from trend_assets.lake.tables import RAW_EVENTS, TABLES
from trend_assets.lake.waiting import once_unlocked
from trend_assets.lake.write_lock import WriteLock, holding, write_lock
from trend_assets.periods import utc


class Lake:
    """One process's hold on a lake: reads on cursors, writes one at a time.

    Args:
        location: where the lake is.
        read_only: open it without the right to write; it must exist. One of an older release is brought up to
            date first, and nothing else is written.

    Raises:
        LakeError: it cannot be opened, or was written by a newer release.
    """

    def __init__(self, location: LakeLocation, *, read_only: bool = False) -> None:
        self.location = location
        self.read_only = read_only
        self.known_events = KnownEvents()
        self._turn = threading.RLock()
        self._lock: WriteLock | None = None if read_only else write_lock(location)
        self._connection = self._open()

    def _open(self) -> duckdb.DuckDBPyConnection:
        if self.read_only:
            connection = open_duckdb(self.location, read_only=True)
            found = refuse_newer(connection)
            if found == NEWEST:
                return connection
            connection.close()
            if found == 0:
                raise no_lake(self.location)
            self._migrate_for_reading(found)
            return open_duckdb(self.location, read_only=True)
        # Of processes that start at the same time only one may create the lake.
        with self._alone():
            connection = open_duckdb(self.location, read_only=False)
            with explained(self.location):
                migrate(connection)
                take_over(connection, self.location)
        return connection

    def _migrate_for_reading(self, found: int) -> None:
        """A reader of this release asks for columns that an older lake has not."""
        try:
            Lake(self.location).close()
        except (LakeError, duckdb.Error, OSError) as error:
            raise LakeError(
                f"this lake has version {found}, this release reads version {NEWEST}, and it cannot be brought up to "
                f"date from here ({str(error).splitlines()[0]}): run `trend status` once where it can be written"
            ) from None

    @contextmanager
    def _alone(self) -> Iterator[WriteLock]:
        """No other thread, process or machine writes.

        Raises:
            LakeError: another does, for too long; or this thread is within a transaction.
        """
        if self._lock is None:
            raise LakeError("the lake was opened to be read only: open it with read_only=False to write")
        with self._turn, holding(self._lock):
            yield self._lock

    def close(self) -> None:
        """Closes the connection, and the lock's own."""
        self._connection.close()
        if self._lock is not None:
            self._lock.close()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own on the same attached lake; for one thread."""
        cursor = self._connection.cursor()
        # What is in use, and the time zone, belong to a connection and are not handed on to its cursors.
        cursor.execute("USE lake; SET TimeZone = 'UTC'")
        return noted(cursor)

    def read(self, query: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> pl.DataFrame:
        """The answer to a query as a frame; times are UTC."""
        with explained(self.location), self.cursor() as cursor:
            return cursor.execute(query, parameters).pl()

    def read_table(
        self,
        table: Table,
        start: datetime | None = None,
        end: datetime | None = None,
        columns: Sequence[str] = (),
    ) -> pl.DataFrame:
        """A table's rows whose partition is in `[start, end)`, with the declared types, ordered by key."""
        names = list(columns) or table.column_names
        where, parameters = _window(table, start, end)
        order = ", ".join(name for name in (table.partition, *table.key) if name in names)
        query = f"SELECT {', '.join(names)} FROM {table.name} WHERE {where}"
        frame = self.read(query + (f" ORDER BY {order}" if order else ""), parameters)
        return frame.cast({name: table.schema[name] for name in names})

    def tables(self) -> frozenset[str]:
        """Names of its tables: a lake of an older release gets a new one when it is next opened for writing."""
        return frozenset(self.read("SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake'")["table_name"])

    def has(self, table: Table) -> bool:
        """Whether there is a table already."""
        return table.name in self.tables()

    def snapshot(self) -> int:
        """The number of the lake's newest snapshot."""
        with explained(self.location), self.cursor() as cursor:
            row = cursor.execute("SELECT id FROM lake.current_snapshot()").fetchone()
        if row is None:
            raise LakeError("the lake has no snapshot")
        return int(row[0])

    def at(self, table: Table, snapshot: int) -> str:
        """What to write behind FROM for a table as it was at a snapshot.

        Raises:
            LakeError: the lake has no such snapshot, or has let it expire.
        """
        kept = self.read("SELECT snapshot_id FROM lake.snapshots() ORDER BY snapshot_id")["snapshot_id"]
        if snapshot not in kept:
            raise LakeError(f"the lake has no snapshot {snapshot}: it keeps {kept.len()} from {kept[0]} to {kept[-1]}")
        # A table with a version takes no alias.
        return f"(FROM {table.name} AT (VERSION => {int(snapshot)}))"

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One write: all of it is seen, or nothing.

        Raises:
            LakeError: another process writes for too long, or this thread is within a transaction already.
        """
        with explained(self.location), self._alone() as lock, self.cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                yield cursor
                lock.check()
                cursor.execute("COMMIT")
            except BaseException:
                # Where the catalog was lost there is nothing to roll back, and the reason must not be hidden.
                with suppress(duckdb.Error):
                    cursor.execute("ROLLBACK")
                self.known_events.ended(None)
                raise
            self.known_events.ended(_committed(cursor))

    @contextmanager
    def alone(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection for maintenance while nothing else writes: each statement is a transaction of its own."""
        with explained(self.location), self._alone(), self.cursor() as cursor:
            yield cursor

    @contextmanager
    def let_go(self) -> Iterator[None]:
        """This process has the lake closed, and no other writes; no cursor may be in use. It is opened again after."""
        with self._alone():
            self._connection.close()
            try:
                yield
            finally:
                self._connection = open_duckdb(self.location, read_only=False)

    def write(
        self, table: Table, frame: pl.DataFrame, start: datetime | None = None, end: datetime | None = None
    ) -> int:
        """Write a frame as the table's mode says, in one transaction; returns the rows added.

        Args:
            table: where to.
            frame: rows with the table's columns and types.
            start: first partition that is written; for tables that replace and revise.
            end: where the written partitions end (exclusive).

        Raises:
            ValueError: the frame does not fit the table, or rows lie outside `[start, end)`.
        """

        def written() -> int:
            with self.transaction() as connection:
                if table is not RAW_EVENTS:
                    self.known_events.untouched()
                    return write_frame(connection, table, frame, start, end)
                held = self.known_events.answered(connection, frame["id"])
                fresh = _unknown(connection, table, table.conform(frame), held)
                return self.insert_events(connection, fresh)

        return once_unlocked(written)

    def insert_events(self, connection: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> int:
        """Inserts rows of `RAW_EVENTS` whose ids the lake does not hold, inside a transaction of this lake."""
        note_write(RAW_EVENTS.name)
        if frame.is_empty():
            self.known_events.untouched()
            return 0
        self.known_events.inserted(connection, frame["id"])
        return _insert(connection, RAW_EVENTS, RAW_EVENTS.conform(frame))


def write_frame(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    frame: pl.DataFrame,
    start: datetime | None = None,
    end: datetime | None = None,
) -> int:
    """`Lake.write` inside a transaction that the caller holds."""
    frame = table.conform(frame)
    note_write(table.name)
    if table.write == "replace":
        _refuse_outside(table, frame, start, end)
        where, parameters = _window(table, start, end)
        connection.execute(f"DELETE FROM {table.name} WHERE {where}", parameters)
        return _insert(connection, table, frame)
    if table.write == "revise":
        _refuse_outside(table, frame, start, end)
        return _insert(connection, table, next_revisions(connection, table, frame))
    if table.write == "merge":
        _delete_known(connection, table, frame)
        return _insert(connection, table, frame)
    fresh = _unknown(connection, table, frame)
    if table.write == "upsert":
        _take_earlier(connection, table, frame)
    return _insert(connection, table, fresh)


def _insert(connection: duckdb.DuckDBPyConnection, table: Table, frame: pl.DataFrame) -> int:
    if frame.is_empty():
        return 0
    names = ", ".join(f'"{name}"' for name in table.column_names)
    connection.register("incoming", frame)
    try:
        # By name: a column that a migration added stands last in the lake, wherever it is declared.
        connection.execute(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM incoming")
    finally:
        connection.unregister("incoming")
    return frame.height


def _unknown(
    connection: duckdb.DuckDBPyConnection, table: Table, frame: pl.DataFrame, held: Collection[str] | None = None
) -> pl.DataFrame:
    """The frame's rows, one a key, whose key the table does not hold; `held` are its keys, where they are known."""
    frame = frame.unique(subset=list(table.key), keep="first", maintain_order=True)
    if frame.is_empty():
        return frame
    if held is not None:
        return frame.filter(~pl.col(table.key[0]).is_in(list(held)))
    keys = frame.select(table.key)
    # Times in the key let DuckLake skip files. A partition that is not in it does not: a key is one in all of them.
    times = [name for name in table.key if isinstance(table.schema[name], pl.Datetime)]
    where = " AND ".join(f"{name} BETWEEN ? AND ?" for name in times) or "true"
    parameters = [bound for name in times for bound in (frame[name].min(), frame[name].max())]
    connection.register("incoming_keys", keys)
    names = ", ".join(table.key)
    try:
        known = connection.execute(
            f"SELECT {names} FROM {table.name} SEMI JOIN incoming_keys USING ({names}) WHERE {where}",
            parameters,
        ).pl()
    finally:
        connection.unregister("incoming_keys")
    return frame.join(
        known.cast({name: keys.schema[name] for name in keys.columns}),
        on=list(table.key),
        how="anti",
        maintain_order="left",
    )


def _delete_known(connection: duckdb.DuckDBPyConnection, table: Table, frame: pl.DataFrame) -> None:
    # A part of a key may be null, as where a collector has no file.
    same = " AND ".join(f"{table.name}.{name} IS NOT DISTINCT FROM k.{name}" for name in table.key)
    connection.register("incoming_keys", frame.select(table.key))
    try:
        connection.execute(f"DELETE FROM {table.name} WHERE EXISTS (SELECT 1 FROM incoming_keys k WHERE {same})")
    finally:
        connection.unregister("incoming_keys")


def _take_earlier(connection: duckdb.DuckDBPyConnection, table: Table, frame: pl.DataFrame) -> None:
    """Rows that the frame has seen earlier than the table take the frame's `first_seen`."""
    if frame.is_empty():
        return
    names = ", ".join(table.key)
    connection.register("incoming", frame)
    try:
        earlier = connection.execute(
            f"SELECT i.* FROM incoming i JOIN {table.name} t USING ({names}) WHERE i.first_seen < t.first_seen"
        ).pl()
        if earlier.height:
            connection.register("earlier", earlier)
            connection.execute(f"DELETE FROM {table.name} WHERE ({names}) IN (SELECT ({names}) FROM earlier)")
            connection.execute(f"INSERT INTO {table.name} BY NAME SELECT * FROM earlier")
            connection.unregister("earlier")
    finally:
        connection.unregister("incoming")


def _committed(connection: duckdb.DuckDBPyConnection) -> int | None:
    """The newest snapshot that this process has made, if it can be told."""
    with suppress(duckdb.Error):
        row = connection.execute(f"SELECT id FROM {LAKE}.last_committed_snapshot()").fetchone()
        return int(row[0]) if row and row[0] is not None else None
    return None


def _window(table: Table, start: datetime | None, end: datetime | None) -> tuple[str, list[datetime]]:
    if start is None and end is None:
        return "true", []
    if table.partition is None:
        raise ValueError(f"{table.name} has no partitions")
    bounds = [(start, ">="), (end, "<")]
    parts = [f"{table.partition} {sign} ?" for bound, sign in bounds if bound is not None]
    return " AND ".join(parts), [utc(bound) for bound, _ in bounds if bound is not None]


def _refuse_outside(table: Table, frame: pl.DataFrame, start: datetime | None, end: datetime | None) -> None:
    if table.partition is None or frame.is_empty() or start is None or end is None:
        return
    inside = pl.col(table.partition).is_between(utc(start), utc(end), closed="left")
    outside = frame.filter(~inside)
    if outside.height:
        raise ValueError(
            f"{table.name}: {outside.height} rows lie outside the partitions being written "
            f"[{start.isoformat()}, {end.isoformat()}), the first in {outside[table.partition][0]}"
        )


def table_named(name: str) -> Table:
    """The declared table of that name.

    Raises:
        LakeError: there is none.
    """
    if name not in TABLES:
        raise LakeError(f"there is no table {name!r}: the lake has {', '.join(TABLES)}")
    return TABLES[name]
