"""Which snapshot of the lake last changed a table: an answer is good until a table that it was made from changes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import duckdb

#: Stands for all tables, where it is not known which.
EVERYTHING = "*"
_CHANGES = """
    SELECT snapshot_id, changes_made FROM __ducklake_metadata_lake.ducklake_snapshot_changes
    WHERE snapshot_id > ? ORDER BY snapshot_id
"""
_NEWEST = "SELECT max(snapshot_id) FROM __ducklake_metadata_lake.ducklake_snapshot"
_NAMES = "SELECT table_id, table_name FROM __ducklake_metadata_lake.ducklake_table"
_ROWS_CHANGED = re.compile(r"(?:inserted_into_table|deleted_from_table|inlined_insert|inlined_delete):(\d+)")
#: These change files and not what is in them.
_SAME_ROWS = re.compile(r"(?:compacted_table|merge_adjacent|rewrite_delete|inline_flush|flushed_inlined):\d+")
_PARAMETER = re.compile(r"\?|\$\w+")

_recorded: ContextVar[set[str] | None] = ContextVar("recorded", default=None)


@contextmanager
def recording() -> Iterator[set[str]]:
    """Collects the tables that are read inside, in this task and in threads that it starts."""
    tables: set[str] = set()
    token = _recorded.set(tables)
    try:
        yield tables
    finally:
        _recorded.reset(token)


def record(tables: Iterable[str]) -> None:
    """Notes that tables are read."""
    if (found := _recorded.get()) is not None:
        found.update(tables)


def is_recording() -> bool:
    return _recorded.get() is not None


def tables_of(cursor: duckdb.DuckDBPyConnection, query: str) -> frozenset[str]:
    """The tables that a query names; `EVERYTHING` where that cannot be told."""
    try:
        # A number in the place of each parameter: the text is looked at, not run.
        return frozenset(cursor.get_table_names(_PARAMETER.sub("NULL", query)))
    except duckdb.Error:
        return frozenset({EVERYTHING})


class Versions:
    """The last snapshot that changed each table, as far as was looked."""

    def __init__(self) -> None:
        self.newest = -1
        self._names: dict[int, str] = {}
        self._known: set[str] = set()
        self._changed: dict[str, int] = {}
        #: Whatever was not seen to change after it may have changed until here.
        self._floor = -1

    def look(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Reads what was committed since the last look."""
        if self.newest < 0:
            (newest,) = cursor.execute(_NEWEST).fetchone() or (-1,)
            self._read_names(cursor)
            self.newest = self._floor = int(newest)
            return
        rows = [
            (int(snapshot), str(changes)) for snapshot, changes in cursor.execute(_CHANGES, [self.newest]).fetchall()
        ]
        if not rows:
            return
        newest = int(rows[-1][0])
        # Where old snapshots were dropped unseen, anything may have changed.
        if len(rows) != newest - self.newest or not self._understood(cursor, rows):
            self._floor = newest
        self.newest = newest

    def of(self, tables: Collection[str]) -> int:
        """The snapshot at which any of these last changed; the newest for names that are no tables, as views."""
        if not self._known.issuperset(tables):
            return self.newest
        return max([self._floor, *(self._changed.get(name, -1) for name in tables)])

    def touch(self, name: str) -> None:
        """Notes that something that is no table changed with the newest snapshot."""
        self._known.add(name)
        self._changed[name] = self.newest

    def _understood(self, cursor: duckdb.DuckDBPyConnection, rows: list[tuple[int, str]]) -> bool:
        for snapshot, changes in rows:
            for change in filter(None, (part.strip() for part in changes.split(","))):
                if _SAME_ROWS.fullmatch(change):
                    continue
                found = _ROWS_CHANGED.fullmatch(change)
                name = self._name(cursor, int(found[1])) if found else None
                if name is None:
                    return False
                self._changed[name] = int(snapshot)
        return True

    def _name(self, cursor: duckdb.DuckDBPyConnection, table: int) -> str | None:
        if table not in self._names:
            self._read_names(cursor)
        return self._names.get(table)

    def _read_names(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._names = {int(number): str(name) for number, name in cursor.execute(_NAMES).fetchall()}
        self._known.update(self._names.values())
