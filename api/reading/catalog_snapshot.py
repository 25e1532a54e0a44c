"""One snapshot of the lake's catalog: the files of every table, and the time bounds of their rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trend_assets.lake.connection import quoted

#: Of these the catalog's least and greatest value in each file are known here.
BOUNDED = ("hour", "cut", "timestamp", "origin")
_NAMED = re.compile(r"\b(?:FROM|JOIN)\s+(\w+)", re.IGNORECASE)
_WITH = re.compile(r"\s*WITH\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Within:
    """A hint for file pruning: a query needs only rows of `table` with `start <= column < end`; None is unbounded.

    Files without such rows are not read, so the query itself must filter in the same way.
    """

    table: str
    column: str
    start: Any
    end: Any


@dataclass(frozen=True, slots=True)
class DataFile:
    """A Parquet file of a table.

    Args:
        number: the catalog's.
        path: where it is.
        deletes: the file that names its deleted rows, or None.
        lacks: columns that were added to the table after it was written, each with its value as SQL.
        bounds: of each of `BOUNDED` the least and greatest value; None where the catalog does not know.
    """

    number: int
    path: str
    deletes: str | None
    bounds: Mapping[str, tuple[Any, Any]] = field(compare=False)
    lacks: tuple[tuple[str, str], ...] = ()

    def may_hold(self, within: Within) -> bool:
        """Whether rows of a span may lie in it; true where its bounds are unknown."""
        least, greatest = self.bounds.get(within.column, (None, None))
        ends_before = within.start is not None and greatest is not None and greatest < within.start
        begins_after = within.end is not None and least is not None and least >= within.end
        return not ends_before and not begins_after


@dataclass(frozen=True, slots=True)
class TableFiles:
    """A table at a snapshot.

    Args:
        name: of the table.
        columns: their names, in order.
        files: that hold its rows; None for a table that DuckLake alone can read, as one whose columns were renamed.
        state: names it as it is since it last changed, as far as was looked.
        schema: the version of the lake's tables.
    """

    name: str
    columns: tuple[str, ...]
    files: tuple[DataFile, ...] | None
    state: str
    schema: int

    def chosen(self, file: DataFile) -> str:
        """The SELECT list over a file, with defaults for columns that it lacks."""
        lacking = dict(file.lacks)
        return ", ".join(f'{lacking[name]} AS "{name}"' if name in lacking else f'"{name}"' for name in self.columns)

    @property
    def empty(self) -> str:
        """The name of a table in memory with the same columns and no rows."""
        return f'memory.main."{self.name}@{self.schema}"'


#: Where rows of a table are: its files, or its state where DuckLake alone knows them.
Files = tuple[DataFile, ...] | str


@dataclass(frozen=True, slots=True)
class CatalogSnapshot:
    """All tables at one snapshot of the lake; reads from one snapshot are consistent.

    Args:
        number: DuckLake's number of the snapshot.
        tables: by name.
    """

    number: int
    tables: Mapping[str, TableFiles]

    def named_in(self, query: str) -> list[str]:
        """The tables that a query names behind FROM or JOIN; nowhere else may it name one."""
        return sorted({name for name in _NAMED.findall(query) if name in self.tables})

    def files(self, table: str, within: Iterable[Within] = ()) -> Files:
        """The files of a table that may hold the needed rows."""
        found = self.tables[table]
        if found.files is None:
            return found.state
        spans = [span for span in within if span.table == table]
        return tuple(file for file in found.files if all(file.may_hold(span) for span in spans))

    def newest(self, table: str, column: str) -> Within:
        """The hint for the rows with a column's greatest value."""
        known = [
            file.bounds[column][1]
            for file in self.tables[table].files or ()
            # Its greatest value may be among the rows that were deleted.
            if file.deletes is None and file.bounds.get(column, (None, None))[1] is not None
        ]
        return Within(table, column, max(known, default=None), None)

    def query(self, query: str, files: Mapping[str, Files]) -> str:
        """The query, rewritten to read every table from its Parquet files."""
        given = [f"{name} AS NOT MATERIALIZED ({self._rows(name, found)})" for name, found in files.items()]
        if not given:
            return query
        opening = _WITH.match(query)
        return f"WITH {', '.join(given)}{f', {query[opening.end() :]}' if opening else query}"

    def _rows(self, name: str, files: Files) -> str:
        table = self.tables[name]
        if isinstance(files, str):
            return f"FROM lake.main.{name} AT (VERSION => {self.number})"
        if not files:
            return f"FROM {table.empty}"
        whole: dict[str, list[str]] = {}
        for file in files:
            if file.deletes is None:
                whole.setdefault(table.chosen(file), []).append(file.path)
        parts = [
            f"SELECT {columns} FROM read_parquet({_texts(paths)}, hive_partitioning = false)"
            for columns, paths in whole.items()
        ]
        parts += [
            f"SELECT {table.chosen(file)} FROM read_parquet({_texts([file.path])}, hive_partitioning = false, "
            f"file_row_number = true) ANTI JOIN (SELECT pos FROM read_parquet({_texts([file.deletes])})) AS deleted "
            "ON file_row_number = deleted.pos"
            for file in files
            if file.deletes is not None
        ]
        return " UNION ALL ".join(parts)


def _texts(values: Sequence[str]) -> str:
    return "[" + ", ".join(map(quoted, values)) + "]"


def bound(column: str, value: str | None) -> Any:
    """A least or greatest value as the catalog writes it; None where it is not known."""
    if value is None or column == "origin":
        return value
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None
