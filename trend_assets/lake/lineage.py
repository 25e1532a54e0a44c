"""Records which tables of the lake are read and written, for tests of the lineage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, cast

import duckdb

from trend_assets.lake.tables import TABLES

#: The tables behind each view.
_VIEWS = {"mentions": frozenset(("temporal_edges", "nodes"))}
_WORD = re.compile(r'"?(\w+)')
_READS = frozenset(("FROM", "JOIN"))
_WRITES = frozenset(("INTO", "UPDATE"))


@dataclass(slots=True)
class Access:
    """Names of the tables that were read, and of those that were written."""

    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)

    def add(self, statement: str) -> None:
        """Notes the tables that a statement names."""
        # DuckDB's tokenizer finds identifiers, so that names in strings and comments do not count.
        starts = [start for start, _ in duckdb.tokenize(statement)]
        words = [match[1] if (match := _WORD.match(statement, start)) else statement[start] for start in starts]
        for index, word in enumerate(words):
            before = words[index - 1].upper() if index else ""
            if before in _READS and word in _VIEWS:
                self.reads |= _VIEWS[word]
            if word not in TABLES or before not in _READS | _WRITES:
                continue
            deleted = before == "FROM" and index > 1 and words[index - 2].upper() == "DELETE"
            (self.writes if deleted or before in _WRITES else self.reads).add(word)


_access: ContextVar[Access | None] = ContextVar("access", default=None)


@contextmanager
def noting() -> Iterator[Access]:
    """What this thread reads and writes inside, by all lakes."""
    found = Access()
    token = _access.set(found)
    try:
        yield found
    finally:
        _access.reset(token)


def note_write(table: str) -> None:
    """Notes a table that is written, even where there is no row to write."""
    if (access := _access.get()) is not None:
        access.writes.add(table)


def noted(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The connection; while somebody is `noting`, one whose statements are noted."""
    access = _access.get()
    return connection if access is None else cast("duckdb.DuckDBPyConnection", _Noted(connection, access))


class _Noted:
    def __init__(self, connection: duckdb.DuckDBPyConnection, access: Access) -> None:
        self._connection, self._access = connection, access

    def execute(self, query: str, *arguments: Any, **named: Any) -> duckdb.DuckDBPyConnection:
        self._access.add(query)
        return self._connection.execute(query, *arguments, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def __enter__(self) -> _Noted:
        self._connection.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._connection.__exit__(*error)
