"""Lake maintenance: compaction, expiry of old snapshots, deletion of unreferenced files.

Each step holds the write lock for one table at most, so that writers get their turn between two steps.
DuckLake's own functions do the work: https://ducklake.select/docs/stable/duckdb/maintenance/recommended_maintenance
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import duckdb

from trend_assets.lake.connection import LAKE, LakeError
from trend_assets.lake.store import Lake
from trend_assets.lake.waiting import once_unlocked

#: Files above this size are left as they are: merging a table into one file would write it anew each night.
_SMALL_BYTES = 64 << 20
#: A file is written anew once this share of its rows is deleted; in a small table with the first, for files with
#: deleted rows are not merged.
_DELETED_SHARE = 0.2
#: A query of another process may still read a file that nothing refers to any more. On a SQLite catalog DuckLake
#: (duckdb 1.5.5) compares days, not moments: two of them are one at least.
_GRACE = timedelta(days=2)
#: Attempts of a step: a writer that holds no lock (plain SQL) may conflict with it.
_TRIES = 4

_METADATA = f"__ducklake_metadata_{LAKE}"
_SIZE = "SELECT sum(file_count + delete_file_count), sum(file_size_bytes + delete_file_size_bytes) "
# A file whose bounds are not known may hold anything: nothing sorts before "" or behind U+10FFFF.
_TIGHTEN = f"""
    UPDATE {_METADATA}.ducklake_table_column_stats AS stats SET min_value = found.least, max_value = found.greatest
    FROM (
        SELECT table_id, column_id,
               CASE WHEN bool_or(unknown) THEN '' ELSE min(min_value) END AS least,
               CASE WHEN bool_or(unknown) THEN chr(1114111) ELSE max(max_value) END AS greatest
        FROM (
            SELECT table_id, column_id, min_value, max_value,
                   (min_value IS NULL OR max_value IS NULL) AND coalesce(null_count, 0) < record_count AS unknown
            FROM {_METADATA}.ducklake_file_column_stats
            JOIN (SELECT data_file_id, record_count FROM {_METADATA}.ducklake_data_file WHERE end_snapshot IS NULL)
            USING (data_file_id)
            UNION ALL
            SELECT table_id, column_id, NULL, NULL, false FROM {_METADATA}.ducklake_table_column_stats
        ) GROUP BY table_id, column_id
    ) AS found
    WHERE stats.table_id = found.table_id AND stats.column_id = found.column_id
      AND (stats.table_id, stats.column_id) IN (
          SELECT (table_id, column_id) FROM {_METADATA}.ducklake_column WHERE column_type = 'varchar'
      )
"""
#: Compacts the SQLite catalog, and truncates its write-ahead log once no reader needs it.
_VACUUM = """
import sqlite3, sys
catalog = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
catalog.execute("VACUUM")
busy = catalog.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
catalog.close()
sys.exit("its log is in use" if busy else 0)
"""
#: Catalog tables with texts as bounds of files; without VACUUM deleted rows stay in PostgreSQL's pages.
_POSTGRES_TABLES = ("ducklake_file_column_stats", "ducklake_table_column_stats")


@dataclass(frozen=True, slots=True)
class Size:
    """Files that the newest snapshot refers to, deletion files among them, and their bytes."""

    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class LakeMaintenance:
    """The result of a maintenance of the lake.

    Args:
        before: the lake's size before it.
        after: the lake's size after it.
        snapshots: how many expired.
        removed: files that were deleted.
        seconds: how long it took.
    """

    before: Size
    after: Size
    snapshots: int
    removed: int
    seconds: float


def maintain(lake: Lake, before: datetime, now: datetime, keep: Collection[int] = ()) -> LakeMaintenance:
    """Compacts every table, lets old snapshots expire, and deletes the files that nothing refers to.

    Args:
        lake: open for writing.
        before: snapshots older than this (timezone-aware) expire, except the newest.
        now: files that nothing has referred to for one to two days are deleted.
        keep: snapshots that stay whatever their age, such as those that a model was trained on.
    """
    began, size = time.monotonic(), lake_size(lake)
    compact(lake)
    expired = expire(lake, before, keep)
    removed = remove_files(lake, now - _GRACE)
    return LakeMaintenance(size, lake_size(lake), expired, removed, time.monotonic() - began)


def lake_size(lake: Lake) -> Size:
    """How large the lake is as it is now; what older snapshots alone refer to is not counted."""
    with lake.cursor() as cursor:
        row = cursor.execute(f"{_SIZE} FROM ducklake_table_info('{LAKE}')").fetchone()
    return Size(*(int(value or 0) for value in row or (0, 0)))


def compact(lake: Lake, deleted_share: float = _DELETED_SHARE) -> None:
    """Writes files with many deleted rows anew, and merges small files; older snapshots stay readable.

    Args:
        deleted_share: of a file's rows, 0 to 1; at 0 every file with a deleted row is written anew.
    """
    small = _names(lake, f"file_size_bytes < {_SMALL_BYTES}")
    for table in _names(lake, "delete_file_count > 0"):
        _patiently(partial(_rewrite, lake, table, 0.0 if table in small else deleted_share))
    for table in _names(lake, "file_count > 1"):
        _patiently(partial(_merge, lake, table))


def _names(lake: Lake, condition: str) -> list[str]:
    query = f"SELECT table_name FROM ducklake_table_info('{LAKE}') WHERE {condition} ORDER BY table_name"
    return lake.read(query)["table_name"].to_list()


def _rewrite(lake: Lake, table: str, deleted_share: float) -> None:
    with lake.alone() as cursor:
        cursor.execute(f"CALL ducklake_rewrite_data_files('{LAKE}', '{table}', delete_threshold => {deleted_share})")


def _merge(lake: Lake, table: str) -> None:
    with lake.alone() as cursor:
        cursor.execute(f"CALL ducklake_merge_adjacent_files('{LAKE}', '{table}', max_file_size => {_SMALL_BYTES})")


def expire(lake: Lake, before: datetime, keep: Collection[int] = ()) -> int:
    """Lets snapshots older than `before` (timezone-aware) expire, but the newest and those to `keep`; counts them."""
    old = lake.read(
        "SELECT snapshot_id AS id FROM lake.snapshots() WHERE snapshot_time < ? "
        "AND snapshot_id < (SELECT max(snapshot_id) FROM lake.snapshots())",
        [before],
    )["id"].to_list()
    versions = [number for number in old if number not in keep]
    if versions:
        with lake.alone() as cursor:
            cursor.execute(f"CALL ducklake_expire_snapshots('{LAKE}', versions => {versions})")
    return len(versions)


def remove_files(lake: Lake, before: datetime | None = None) -> int:
    """Deletes files that no snapshot refers to, and those that a killed write left behind; counts them.

    Args:
        before: only what was given up before this moment (timezone-aware); all where it is left out, which a
            query that runs at the same time may meet as a missing file.
    """
    which = "cleanup_all => true" if before is None else f"older_than => TIMESTAMPTZ '{before.isoformat()}'"
    removed = 0
    for function in ("ducklake_cleanup_old_files", "ducklake_delete_orphaned_files"):
        with lake.alone() as cursor:
            removed += len(cursor.execute(f"CALL {function}('{LAKE}', {which})").fetchall())
    return removed


def tighten_bounds(lake: Lake) -> None:
    """Makes the catalog's least and greatest text of each column those of the rows that are left.

    DuckLake only ever widens them, so that they outlive the rows that they came from. Other connections keep
    the old ones until a file is added.
    """
    with lake.alone() as cursor:
        cursor.execute(_TIGHTEN)


def vacuum(lake: Lake) -> None:
    """Writes the catalog anew, so that nothing deleted is left in its free pages or in its log.

    Raises:
        LakeError: another process holds the lock, or never stops reading.
    """
    if lake.location.uses_sqlite:
        # An idle connection may hold on to the log.
        with lake.let_go():
            _vacuum_sqlite(lake)
        return
    with lake.alone() as cursor:
        for table in _POSTGRES_TABLES:
            cursor.execute(f"CALL postgres_execute('{_METADATA}', 'VACUUM FULL {table}', use_transaction => false)")


def _vacuum_sqlite(lake: Lake) -> None:
    # In a process of its own: two SQLite libraries in one, Python's and DuckDB's, undo each other's locks.
    done = subprocess.run(
        [sys.executable, "-c", _VACUUM, str(lake.location.sqlite_catalog)], capture_output=True, text=True
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["killed"])[-1]
        raise LakeError(
            f"{lake.location.sqlite_catalog} was not vacuumed to its end ({reason}): stop what has the lake open "
            "(`trend up`, notebooks) and run the command again"
        )


def _patiently(step: partial[None]) -> None:
    for attempt in range(_TRIES):
        try:
            return once_unlocked(step)
        except duckdb.TransactionException:
            if attempt == _TRIES - 1:
                raise
            time.sleep(0.2 * 2**attempt)
    return None
