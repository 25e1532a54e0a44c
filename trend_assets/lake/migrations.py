"""Schema migrations of the lake; they run when this release first opens an older one."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from trend_assets.lake.connection import LakeError, quoted
from trend_assets.lake.steps import STEP_1, STEP_2, STEP_3, STEP_4, STEP_5, STEP_6, STEP_7
from trend_assets.lake.table import Table
from trend_assets.lake.tables import TABLES

_VERSION_TABLE = "lake_versions"


#: Each migrates a lake from the previous version to its own. Never change a released one.
MIGRATIONS: Mapping[int, str] = {1: STEP_1, 2: STEP_2, 3: STEP_3, 4: STEP_4, 5: STEP_5, 6: STEP_6, 7: STEP_7}
NEWEST = max(MIGRATIONS)


def version(connection: duckdb.DuckDBPyConnection) -> int:
    """The version of the attached lake; 0 for one without tables."""
    # To the end: a half-read answer holds its transaction, and so the catalog's log, for as long as the connection.
    found = connection.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = 'lake' AND table_name = ?",
        [_VERSION_TABLE],
    ).fetchall()
    if not found:
        return 0
    [(newest,)] = connection.execute(f"SELECT coalesce(max(version), 0) FROM {_VERSION_TABLE}").fetchall()
    return int(newest)


def refuse_newer(connection: duckdb.DuckDBPyConnection) -> int:
    """The lake's version.

    Raises:
        LakeError: the lake was written by a newer release.
    """
    found = version(connection)
    if found > NEWEST:
        raise LakeError(
            f"this lake has version {found}, this release knows versions up to {NEWEST}: "
            "update trend_assets, or point TREND_HOME to another folder"
        )
    return found


def migrate(connection: duckdb.DuckDBPyConnection, until: int = NEWEST) -> None:
    """Apply every missing step up to a version in one transaction; the caller holds the write lock."""
    found = refuse_newer(connection)
    if found >= until:
        return
    connection.execute("BEGIN")
    try:
        connection.execute(f"CREATE TABLE IF NOT EXISTS {_VERSION_TABLE} (version BIGINT, applied_at TIMESTAMPTZ)")
        for step in sorted(step for step in MIGRATIONS if found < step <= until):
            connection.execute(MIGRATIONS[step])
            connection.execute(f"INSERT INTO {_VERSION_TABLE} VALUES (?, now())", [step])
        for table in TABLES.values() if until == NEWEST else ():
            _comment(connection, table)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _comment(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Writes what a table and its columns mean into the catalog, where `duckdb_columns()` shows it."""
    connection.execute(f"COMMENT ON TABLE {table.name} IS {quoted(table.meaning)}")
    for column in table.columns:
        told = f"{column.meaning} ({column.unit})" if column.unit else column.meaning
        connection.execute(f'COMMENT ON COLUMN {table.name}."{column.name}" IS {quoted(told)}')
