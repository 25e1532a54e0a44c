"""Files of the lake that are missing or damaged: finding them, and letting go of them.

A table one of whose files cannot be read can neither be read whole nor be written again where that file has rows.
To let go of a file is what DuckLake does where all rows of a file are deleted: a snapshot without it. What it says
of the catalog's tables is at https://ducklake.select/docs/stable/specification/queries#delete
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from trend_assets.lake.connection import LAKE
from trend_assets.lake.local_failures import first_line
from trend_assets.lake.object_storage import object_storage, reaching
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import TABLES

_METADATA = f"__ducklake_metadata_{LAKE}"
#: Each file of the newest snapshot with the rows that it holds and, where the table has partitions, between which.
_FILES = f"""
    SELECT file.data_file_id AS id, file.path AS name, file.record_count AS rows,
           min_value::TIMESTAMPTZ AS first, max_value::TIMESTAMPTZ AS last
    FROM {_METADATA}.ducklake_data_file AS file
    JOIN {_METADATA}.ducklake_table AS part ON part.table_id = file.table_id AND part.end_snapshot IS NULL
    LEFT JOIN {_METADATA}.ducklake_column AS col ON col.table_id = file.table_id AND col.end_snapshot IS NULL
        AND col.column_name = $partition
    LEFT JOIN {_METADATA}.ducklake_file_column_stats AS bounds ON bounds.data_file_id = file.data_file_id
        AND bounds.column_id = col.column_id
    WHERE file.end_snapshot IS NULL AND part.table_name = $table
"""
_FILLED = f"SELECT table_name FROM ducklake_table_info('{LAKE}') WHERE file_count > 0"
_LISTED = f"""
    SELECT data_file, data_file_size_bytes, delete_file, delete_file_size_bytes FROM ducklake_list_files('{LAKE}', ?)
"""
_SNAPSHOT = f"""
    INSERT INTO {_METADATA}.ducklake_snapshot
        (snapshot_id, snapshot_time, schema_version, next_catalog_id, next_file_id)
    SELECT snapshot_id + 1, now(), schema_version, next_catalog_id, next_file_id
    FROM {_METADATA}.ducklake_snapshot ORDER BY snapshot_id DESC LIMIT 1
"""
_CHANGES = f"""
    INSERT INTO {_METADATA}.ducklake_snapshot_changes
        (snapshot_id, changes_made, author, commit_message, commit_extra_info)
    SELECT (SELECT max(snapshot_id) FROM {_METADATA}.ducklake_snapshot),
           string_agg(DISTINCT 'deleted_from_table:' || table_id, ','), 'trend repair', $message, NULL
    FROM {_METADATA}.ducklake_data_file WHERE list_contains($files, data_file_id)
"""
_END = f"""
    UPDATE {_METADATA}.{{}} SET end_snapshot = (SELECT max(snapshot_id) FROM {_METADATA}.ducklake_snapshot)
    WHERE end_snapshot IS NULL AND list_contains($files, data_file_id)
"""


@dataclass(frozen=True, slots=True)
class DamagedFile:
    """A file that the newest snapshot needs and that cannot be read.

    Args:
        table: its table.
        file: its number in the catalog.
        path: of the file with the rows.
        why: what is wrong with it, or with the file that says which of its rows are deleted.
        rows: that it holds; some may be deleted.
        first: the first partition of which it has rows; None where the table has no partitions.
        last: the last one.
    """

    table: str
    file: int
    path: str
    why: str
    rows: int
    first: datetime | None
    last: datetime | None


def damaged_files(lake: Lake, *, read: bool) -> list[DamagedFile]:
    """The files that are missing, have another size than the catalog says, or cannot be read.

    Args:
        lake: open for reading.
        read: read every byte; without it only what the disk or the storage lists is compared.
    """
    sizes, filled = _stored_sizes(lake), set(lake.read(_FILLED)["table_name"])
    return [damaged for table in TABLES if table in filled for damaged in _of_table(lake, table, sizes, read)]


def _of_table(lake: Lake, table: str, sizes: Mapping[str, int] | None, read: bool) -> Iterator[DamagedFile]:
    listed = lake.read(_LISTED, [table]).rows()
    parameters = {"table": table, "partition": TABLES[table].partition or ""}
    known = {row["name"]: row for row in lake.read(_FILES, parameters).iter_rows(named=True)}
    with lake.cursor() as cursor:
        for path, size, deletions, deletions_size in listed:
            why = _wrong(cursor, path, size, sizes, read)
            if why is None and deletions:
                why = _wrong(cursor, deletions, deletions_size, sizes, read)
            if why:
                row = next(row for name, row in known.items() if path.endswith(name))
                yield DamagedFile(table, row["id"], path, why, row["rows"], row["first"], row["last"])


def _stored_sizes(lake: Lake) -> Mapping[str, int] | None:
    """Bytes of each object in the storage; None where the files are on a disk."""
    if not lake.location.uses_storage:
        return None
    from pyarrow.fs import FileSelector

    with reaching(lake.location, f"the files in {lake.location.files}"):
        selected = FileSelector(lake.location.files.removeprefix("s3://").rstrip("/"), recursive=True)
        return {f"s3://{info.path}": info.size for info in object_storage(lake.location).get_file_info(selected)}


def _wrong(
    cursor: duckdb.DuckDBPyConnection, path: str, size: int, sizes: Mapping[str, int] | None, read: bool
) -> str | None:
    """What is wrong with a file; None where nothing is."""
    found = _local_size(path) if sizes is None else sizes.get(path)
    if found is None:
        return "missing"
    if found != size:
        return f"{found:,} bytes long, {size:,} were written"
    if not read or not path.endswith(".parquet"):
        return None
    try:
        # A count would be answered from the file's statistics.
        cursor.execute("SELECT bit_xor(hash(COLUMNS(*))) FROM read_parquet(?)", [path]).fetchall()
    except duckdb.Error as error:
        return first_line(str(error).replace(path, "…"))
    return None


def _local_size(path: str) -> int | None:
    try:
        return Path(path).stat().st_size
    except FileNotFoundError:
        return None


def let_go(lake: Lake, damaged: Sequence[DamagedFile]) -> None:
    """Takes files out of the newest snapshot, with all their rows; they stay where they are, and so do older snapshots.

    Args:
        lake: open for writing.
        damaged: at least one.
    """
    files = [one.file for one in damaged]
    names = ", ".join(Path(one.path).name for one in damaged)
    with lake.transaction() as connection:
        connection.execute(_SNAPSHOT)
        connection.execute(_CHANGES, {"files": files, "message": f"let go of {names}"})
        for table in ("ducklake_data_file", "ducklake_delete_file"):
            connection.execute(_END.format(table), {"files": files})
