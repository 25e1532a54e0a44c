"""The lake's catalog, read once a snapshot and cached.

DuckLake asks it at every query for the newest snapshot and for the files of every table, which takes ten times as
long as reading the few rows of an answer.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import duckdb

from api.reading.catalog_snapshot import BOUNDED, CatalogSnapshot, DataFile, TableFiles, bound
from trend_assets.lake.connection import quoted

_CATALOG = "__ducklake_metadata_lake"
_CHANGES = f"""
    SELECT snapshot_id, changes_made FROM {_CATALOG}.ducklake_snapshot_changes
    WHERE snapshot_id >= ? ORDER BY snapshot_id
"""
_NEWEST = f"""
    SELECT snapshot_id, schema_version FROM {_CATALOG}.ducklake_snapshot
    WHERE snapshot_id = (SELECT max(snapshot_id) FROM {_CATALOG}.ducklake_snapshot)
"""
_TABLES = f"""
    SELECT t.table_id, t.table_uuid::VARCHAR, t.table_name,
           CASE WHEN s.path_is_relative THEN s.path ELSE '' END AS schema_path, t.path, t.path_is_relative::BOOLEAN,
           list([c.column_name, c.column_type, c.initial_default] ORDER BY c.column_order),
           list([b.born, c.begin_snapshot] ORDER BY c.column_order)
    FROM {_CATALOG}.ducklake_table t
    JOIN {_CATALOG}.ducklake_schema s USING (schema_id)
    JOIN {_CATALOG}.ducklake_column c USING (table_id)
    JOIN (SELECT table_id, column_id, min(begin_snapshot) AS born FROM {_CATALOG}.ducklake_column GROUP BY ALL) b
        USING (table_id, column_id)
    WHERE t.end_snapshot IS NULL AND s.end_snapshot IS NULL AND s.schema_name = 'main'
      AND c.end_snapshot IS NULL AND c.parent_column IS NULL
    GROUP BY ALL
"""
_FILES = f"""
    SELECT f.table_id, f.data_file_id, f.path, f.path_is_relative::BOOLEAN, d.path, d.path_is_relative::BOOLEAN,
           f.begin_snapshot,
           f.file_format = 'parquet' AND f.encryption_key IS NULL AND f.mapping_id IS NULL
               AND coalesce(d.format = 'parquet' AND d.encryption_key IS NULL, true) AS plain
    FROM {_CATALOG}.ducklake_data_file f
    LEFT JOIN (FROM {_CATALOG}.ducklake_delete_file WHERE end_snapshot IS NULL) d USING (data_file_id)
    WHERE f.end_snapshot IS NULL AND list_contains(?, f.table_id) ORDER BY f.data_file_id
"""
_BOUNDS = f"""
    SELECT s.data_file_id, c.column_name, s.min_value, s.max_value
    FROM {_CATALOG}.ducklake_file_column_stats s JOIN {_CATALOG}.ducklake_column c USING (table_id, column_id)
    WHERE s.data_file_id > ? AND c.end_snapshot IS NULL AND list_contains({list(BOUNDED)}, c.column_name)
"""
#: Some rows, or what was deleted of them, may stand in the catalog itself.
_INLINED = f"SELECT table_id FROM {_CATALOG}.ducklake_inlined_data_tables"
_INLINED_DELETES = f"SELECT 1 FROM {_CATALOG}.ducklake_inlined_delete_%d LIMIT 1"
#: A change of rows, or of the files that hold them. Whatever else may happen, all is read anew.
_CHANGE = re.compile(r"(?:inserted_into_table|deleted_from_table|compacted_table|merge_adjacent|rewrite_delete):(\d+)")
#: DuckLake's types of columns that a table may get later, as DuckDB calls them.
_TYPES = {
    "varchar": "VARCHAR",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamptz": "TIMESTAMPTZ",
}
#: These mean something to DuckDB in the name of a file.
_GLOBBED = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a table.

    Args:
        name: its name.
        value: as SQL, in files that are older than the column; None where that cannot be told.
        born: the snapshot that added it.
        changed: the one that gave it its name and type.
    """

    name: str
    value: str | None
    born: int
    changed: int


@dataclass(frozen=True, slots=True)
class _Table:
    uuid: str
    name: str
    folder: str
    columns: tuple[_Column, ...]

    def lacking(self, begin: int) -> tuple[tuple[str, str], ...] | None:
        """The columns that a file of snapshot `begin` lacks, with their values; None where DuckLake alone can say."""
        found = []
        for column in self.columns:
            if begin < column.born and column.value is not None:
                found.append((column.name, column.value))
            elif begin < column.changed:
                return None
        return tuple(found)


class Catalog:
    """Reads the catalog incrementally, and keeps the newest snapshot.

    Args:
        data_path: where the lake's files are.
    """

    def __init__(self, data_path: str) -> None:
        self._data_path = data_path.rstrip("/") + "/"
        self._newest: CatalogSnapshot | None = None
        self._schema = -1
        self._tables: dict[int, _Table] = {}
        self._inlined: set[int] = set()
        self._files: dict[int, dict[int, DataFile]] = {}
        self._newest_file = -1

    def look(self, cursor: duckdb.DuckDBPyConnection) -> CatalogSnapshot:
        """The newest snapshot; the same object as before where nothing was committed."""
        cursor.execute("BEGIN TRANSACTION READ ONLY")
        whole = False
        try:
            self._newest = self._looked(cursor, self._newest)
            whole = True
        finally:
            # Where the catalog was lost there is nothing to end.
            if whole:
                cursor.execute("COMMIT")
        return self._newest

    def _looked(self, cursor: duckdb.DuckDBPyConnection, before: CatalogSnapshot | None) -> CatalogSnapshot:
        if before is None:
            return self._anew(cursor)
        changes = cursor.execute(_CHANGES, [before.number]).fetchall()
        if len(changes) == 1 and changes[0][0] == before.number:
            return before
        newest = int(changes[-1][0]) if changes else -1
        # The one that was known is gone, as are others unseen: it is another lake, or an older one.
        changed = _changed(changes[1:]) if len(changes) == newest - before.number + 1 else None
        if changed is None or not self._tables.keys() >= changed:
            return self._anew(cursor)
        tables = dict(before.tables)
        tables.update(self._read_files(cursor, changed, newest))
        return CatalogSnapshot(newest, tables)

    def _anew(self, cursor: duckdb.DuckDBPyConnection) -> CatalogSnapshot:
        # To the end, as every answer here: a half-read one holds the catalog's log for as long as its connection.
        newest, self._schema = (cursor.execute(_NEWEST).fetchall() or [(-1, -1)])[0]
        self._tables = {
            int(number): _Table(
                uuid, str(name), _joined(self._data_path + schema, path, relative), _columns(declared, snapshots)
            )
            for number, uuid, name, schema, path, relative, declared, snapshots in cursor.execute(_TABLES).fetchall()
        }
        self._inlined = self._read_inlined(cursor)
        self._files, self._newest_file = {}, -1
        return CatalogSnapshot(int(newest), self._read_files(cursor, self._tables.keys(), int(newest)))

    def _read_inlined(self, cursor: duckdb.DuckDBPyConnection) -> set[int]:
        found = {int(number) for (number,) in cursor.execute(_INLINED).fetchall()}
        for number in self._tables.keys() - found:
            # There is no list of these.
            with suppress(duckdb.CatalogException):
                cursor.execute(_INLINED_DELETES % number).fetchall()
                found.add(number)
        return found

    def _read_files(
        self, cursor: duckdb.DuckDBPyConnection, numbers: Collection[int], newest: int
    ) -> Mapping[str, TableFiles]:
        bounds: dict[int, dict[str, tuple[Any, Any]]] = defaultdict(dict)
        for file, column, least, greatest in cursor.execute(_BOUNDS, [self._newest_file]).fetchall():
            bounds[int(file)][column] = bound(column, least), bound(column, greatest)
        rows: dict[int, list[tuple[Any, ...]]] = {number: [] for number in numbers}
        for number, *row in cursor.execute(_FILES, [list(numbers)]).fetchall():
            rows[int(number)].append(tuple(row))
        self._newest_file = max(bounds, default=self._newest_file)
        return {self._tables[number].name: self._table(number, found, bounds, newest) for number, found in rows.items()}

    def _table(
        self, number: int, rows: list[tuple[Any, ...]], bounds: Mapping[int, Mapping[str, Any]], newest: int
    ) -> TableFiles:
        table = self._tables[number]
        before, files = self._files.get(number, {}), {}
        plain = number not in self._inlined
        for file, path, relative, deletes, deletes_relative, begin, usual in rows:
            gone = deletes and _joined(table.folder, deletes, deletes_relative)
            lacks = table.lacking(begin)
            known = before.get(file)
            if known is None or known.deletes != gone:
                whole = _joined(table.folder, path, relative)
                known = DataFile(file, whole, gone, known.bounds if known else bounds.get(file, {}), lacks or ())
            plain = plain and usual and lacks is not None and file not in files and not _GLOBBED & set(known.path)
            files[file] = known
        self._files[number] = files
        columns = tuple(column.name for column in table.columns)
        state = f"{table.uuid} at {newest}"
        return TableFiles(table.name, columns, tuple(files.values()) if plain else None, state, self._schema)


def _changed(changes: list[tuple[int, str]]) -> set[int] | None:
    """The tables whose files changed; None where it cannot be told."""
    found = set()
    for change in (part.strip() for _, made in changes for part in made.split(",") if part.strip()):
        known = _CHANGE.fullmatch(change)
        if known is None:
            return None
        found.add(int(known[1]))
    return found


def _columns(declared: list[list[str | None]], snapshots: list[list[int]]) -> tuple[_Column, ...]:
    return tuple(
        _Column(str(name), _value(str(kind), default), born, changed)
        for (name, kind, default), (born, changed) in zip(declared, snapshots, strict=True)
    )


def _value(kind: str, default: str | None) -> str | None:
    if kind not in _TYPES:
        return None
    literal = "NULL" if default is None else quoted(default)
    return f"CAST({literal} AS {_TYPES[kind]})"


def _joined(folder: str, path: str, relative: bool) -> str:
    return folder + path if relative else path
