"""Golden copies of the schema of each released version of the lake, as SQL that makes it.

`python -m trend_assets_tests.lake.golden_schemas` writes the copy of the newest version where there is none yet.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

from trend_assets.lake.connection import LakeLocation, open_duckdb
from trend_assets.lake.migrations import NEWEST
from trend_assets.lake.store import Lake

FOLDER = Path(__file__).parent / "golden"
VERSIONS = sorted(int(path.stem.removeprefix("v")) for path in FOLDER.glob("v*.sql"))
#: What a version's lake holds in `lake_versions`, which the golden copy does not say.
_NOTE = "INSERT INTO lake_versions SELECT unnest(range(1, ? + 1)), now()"
_COLUMNS = """
    SELECT table_name, string_agg(
        '    "' || column_name || '" ' || data_type || CASE WHEN is_nullable THEN '' ELSE ' NOT NULL' END, e',\n'
        ORDER BY column_index
    )
    FROM duckdb_columns()
    WHERE database_name = 'lake' AND table_name IN (SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake')
    GROUP BY table_name ORDER BY table_name
"""
_VIEWS = "SELECT sql FROM duckdb_views() WHERE database_name = 'lake' AND NOT internal ORDER BY view_name"


def path(version: int) -> Path:
    """Where a version's copy is."""
    return FOLDER / f"v{version}.sql"


def schema(connection: duckdb.DuckDBPyConnection) -> str:
    """The statements that make the tables and views of the attached lake."""
    tables = [f"CREATE TABLE {name} (\n{columns}\n);" for name, columns in connection.execute(_COLUMNS).fetchall()]
    return "\n".join([*tables, *(sql for (sql,) in connection.execute(_VIEWS).fetchall())]) + "\n"


def make(location: LakeLocation, version: int) -> duckdb.DuckDBPyConnection:
    """A lake as that version made it, open for writing and empty."""
    connection = open_duckdb(location, read_only=False)
    connection.execute(path(version).read_text(encoding="utf-8"))
    connection.execute(_NOTE, [version])
    return connection


def _write() -> None:
    if path(NEWEST).exists():
        raise SystemExit(f"{path(NEWEST)} is there: a released version never changes; delete one that is not released")
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(LakeLocation(Path(folder)))
        path(NEWEST).write_text(schema(lake.cursor()), encoding="utf-8")
        lake.close()


if __name__ == "__main__":
    _write()
