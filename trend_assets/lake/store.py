"""The lake as the pipeline uses it: frames in, frames out, one transaction a write."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime
from typing import Any

import duckdb
import polars as pl
from filelock import FileLock, Timeout

from trend_assets.lake.connection import LakeError, LakeLocation, hiding_secrets, open_duckdb
from trend_assets.lake.lineage import note_write, noted
from trend_assets.lake.migrations import migrate, refuse_newer
from trend_assets.lake.table import Table
from trend_assets.lake.tables import TABLES
from trend_assets.periods import utc

_LOCK_SECONDS = 120


class Lake:
    """One process's hold on a lake: reads on cursors, writes one at a time.

    Args:
        location: where the lake is.
        read_only: open it without the right to write; it must exist.

    Raises:
        LakeError: it cannot be opened, or was written by a newer release.
    """

    def __init__(self, location: LakeLocation, *, read_only: bool = False) -> None:
        self.location = location
        self.read_only = read_only
        self._write_lock = threading.RLock()
        self._connection = self._open()

    def _open(self) -> duckdb.DuckDBPyConnection:
        if self.read_only:
            connection = open_duckdb(self.location, read_only=True)
            if refuse_newer(connection) == 0:
                connection.close()
                raise LakeError(f"the lake in {self.location.folder} has no tables yet: run `trend import FILE`")
            return connection
        with self._process_lock():
            connection = open_duckdb(self.location, read_only=False)
            migrate(connection)
        return connection

    @contextmanager
    def _process_lock(self) -> Iterator[None]:
        """SQLite takes one writer at a time; PostgreSQL resolves conflicts by itself."""
        if not self.location.uses_sqlite:
            with nullcontext():
                yield
            return
        self.location.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.location.lock_file, timeout=_LOCK_SECONDS):
                yield
        except Timeout:
            raise LakeError(
                f"another process has held {self.location.lock_file} for {_LOCK_SECONDS} s: "
                "see which with `fuser`, and try again when it is done"
            ) from None

    def close(self) -> None:
        self._connection.close()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own on the same attached lake; for one thread."""
        cursor = self._connection.cursor()
        # What is in use, and the time zone, belong to a connection and are not handed on to its cursors.
        cursor.execute("USE lake; SET TimeZone = 'UTC'")
        return noted(cursor)

    def read(self, query: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> pl.DataFrame:
        """The answer to a query as a frame; times are UTC."""
        with hiding_secrets(self.location), self.cursor() as cursor:
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
        return frame.cast({name: table.schema[name] for name in names})  # type: ignore[arg-type]

    def has(self, table: Table) -> bool:
        """Whether the lake has a table: one of an older release gets a new one when it is next opened for writing."""
        found = "SELECT 1 FROM duckdb_tables() WHERE database_name = 'lake' AND table_name = ?"
        return not self.read(found, [table.name]).is_empty()

    def snapshot(self) -> int:
        """The number of the lake's newest snapshot."""
        with hiding_secrets(self.location), self.cursor() as cursor:
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
        return f"{table.name} AT (VERSION => {int(snapshot)})"

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One write: all of it is seen, or nothing."""
        with hiding_secrets(self.location), self._write_lock, self._process_lock(), self.cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                yield cursor
            except BaseException:
                # Where the catalog was lost there is nothing to roll back, and the reason must not be hidden.
                with suppress(duckdb.Error):
                    cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")

    @contextmanager
    def alone(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection for maintenance while nothing else writes: each statement is a transaction of its own."""
        with hiding_secrets(self.location), self._write_lock, self._process_lock(), self.cursor() as cursor:
            yield cursor

    @contextmanager
    def let_go(self) -> Iterator[None]:
        """This process has the lake closed, and no other writes; no cursor may be in use. It is opened again after."""
        with self._write_lock, self._process_lock():
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
            start: first partition that is replaced; only for tables that replace.
            end: where the replaced partitions end (exclusive).

        Raises:
            ValueError: the frame does not fit the table, or rows lie outside `[start, end)`.
        """
        with self.transaction() as connection:
            return write_frame(connection, table, frame, start, end)


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
    connection.register("incoming", frame)
    try:
        connection.execute(f"INSERT INTO {table.name} SELECT * FROM incoming")
    finally:
        connection.unregister("incoming")
    return frame.height


def _unknown(connection: duckdb.DuckDBPyConnection, table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame's rows, one a key, whose key the table does not hold."""
    frame = frame.unique(subset=list(table.key), keep="first", maintain_order=True)
    if frame.is_empty():
        return frame
    keys = frame.select(table.key)
    where, parameters = "true", []
    if table.partition and table.partition in frame.columns:
        # Lets DuckLake skip files of other times.
        where = f"{table.partition} BETWEEN ? AND ?"
        parameters = [frame[table.partition].min(), frame[table.partition].max()]
    connection.register("incoming_keys", keys)
    names = ", ".join(table.key)
    try:
        known = connection.execute(
            f"SELECT {names} FROM {table.name} SEMI JOIN incoming_keys USING ({names}) WHERE {where}",
            parameters,
        ).pl()
    finally:
        connection.unregister("incoming_keys")
    return frame.join(known.cast(dict(keys.schema)), on=list(table.key), how="anti", maintain_order="left")


def _delete_known(connection: duckdb.DuckDBPyConnection, table: Table, frame: pl.DataFrame) -> None:
    names = ", ".join(table.key)
    connection.register("incoming_keys", frame.select(table.key))
    try:
        connection.execute(f"DELETE FROM {table.name} WHERE ({names}) IN (SELECT ({names}) FROM incoming_keys)")
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
            connection.execute(f"INSERT INTO {table.name} SELECT * FROM earlier")
            connection.unregister("earlier")
    finally:
        connection.unregister("incoming")


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
