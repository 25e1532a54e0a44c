"""Versions of the lake's tables. A lake is brought up to date when it is opened for writing."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from trend_assets.lake.connection import LakeError
from trend_assets.lake.table import Table
from trend_assets.lake.tables import EVENTS, LOAD_CHECKS, TABLES

_VERSION_TABLE = "lake_versions"


def create_statement(table: Table) -> str:
    """The statement that creates `table` where it does not exist."""
    columns = ", ".join(
        f'"{column.name}" {column.type}{"" if column.nullable else " NOT NULL"}' for column in table.columns
    )
    return f"CREATE TABLE IF NOT EXISTS {table.name} ({columns})"


def _create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES.values():
        _create(connection, table)
    connection.execute(f"CREATE OR REPLACE VIEW mentions AS {mentions_query(EVENTS.name)}")


def _create_load_checks(connection: duckdb.DuckDBPyConnection) -> None:
    _create(connection, LOAD_CHECKS)


def _create(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    connection.execute(create_statement(table))
    connection.execute(f"COMMENT ON TABLE {table.name} IS '{table.meaning.replace(chr(39), chr(39) * 2)}'")


def mentions_query(events: str) -> str:
    """The `mentions` view's query over `events`, the table or the table as it was."""
    return f"""
        SELECT timestamp, hour, id AS event_id, unnest(topics) AS topic,
               source || ':' || user_id AS user_id, source, event_type, content_id, edge_weight AS weight
        FROM {events}
    """


# Mentions are read from the graph. Edges of earlier releases stay, and are read as they are: they lack communities,
# named users, authors of what is answered or passed on, and who acted where nobody is named, and say `refers_to` for
# every relation. `trend backfill --only events --only temporal_graph --start DAY --end DAY` makes them anew.
STEP_5 = """
CREATE OR REPLACE VIEW mentions AS
    SELECT about.timestamp, about.hour, about.event_id, topics.key AS topic, users.key AS user_id,
        split_part(contents.key, ':', 1) AS source, acts.edge_type AS event_type,
        substr(contents.key, strpos(contents.key, ':') + 1) AS content_id, about.weight
    FROM temporal_edges AS about
    JOIN nodes AS topics ON topics.node_id = about.dst AND topics.kind = 'topic'
    JOIN nodes AS contents ON contents.node_id = about.src
    LEFT JOIN temporal_edges AS acts ON acts.event_id = about.event_id AND acts.dst = about.src
    LEFT JOIN nodes AS users ON users.node_id = acts.src AND users.kind = 'user'
    WHERE about.edge_type = 'about';
"""


def _mentions_from_edges(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(STEP_5)


#: Each step brings a lake from the version before it to its own; never change a released one.
MIGRATIONS: dict[int, Callable[[duckdb.DuckDBPyConnection], None]] = {
    1: _create_tables,
    2: _create_load_checks,
    5: _mentions_from_edges,
}
NEWEST = max(MIGRATIONS)


def version(connection: duckdb.DuckDBPyConnection) -> int:
    """The version of the attached lake; 0 for one without tables."""
    found = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'lake' AND table_name = ?",
        [_VERSION_TABLE],
    ).fetchone()
    if not found or not found[0]:
        return 0
    row = connection.execute(f"SELECT max(version) FROM {_VERSION_TABLE}").fetchone()
    return int(row[0]) if row and row[0] is not None else 0


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


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Apply every missing step in one transaction; the caller holds the write lock."""
    found = refuse_newer(connection)
    if found == NEWEST:
        return
    connection.execute("BEGIN")
    try:
        connection.execute(f"CREATE TABLE IF NOT EXISTS {_VERSION_TABLE} (version BIGINT, applied_at TIMESTAMPTZ)")
        for step in sorted(step for step in MIGRATIONS if step > found):
            MIGRATIONS[step](connection)
            connection.execute(f"INSERT INTO {_VERSION_TABLE} VALUES (?, now())", [step])
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
