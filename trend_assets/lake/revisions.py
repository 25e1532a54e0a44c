"""Append-only tables: a change of a row is stored as a new revision."""

from __future__ import annotations

import duckdb
import polars as pl

from trend_assets.lake.table import Table

# Both digests are made in one query, so that equal values are hashed alike; NULL is a value here.
_DIFFERING = """
    WITH held AS (
        SELECT {group}, revision, count(*) AS rows, bit_xor(hash({content})) AS digest
        FROM {table} SEMI JOIN incoming USING ({group}) WHERE {where} GROUP BY {group}, revision
    ), newest AS (
        SELECT {group}, max(revision) AS revision, arg_max(rows, revision) AS rows,
               arg_max(digest, revision) AS digest
        FROM held GROUP BY {group}
    ), here AS (
        SELECT {group}, count(*) AS rows, bit_xor(hash({content})) AS digest FROM incoming GROUP BY {group}
    )
    SELECT {group}, coalesce(newest.revision + 1, 0) AS revision
    FROM here LEFT JOIN newest USING ({group})
    WHERE newest.revision IS NULL OR newest.rows <> here.rows OR newest.digest <> here.digest
"""


def next_revisions(connection: duckdb.DuckDBPyConnection, table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame's rows of every group that differs from its newest revision in the lake, numbered as its next one.

    A group that the frame does not name is left as it is: there is no revision without rows.

    Args:
        connection: in the transaction that writes them, so that two writers cannot take one number.
        table: has `revisions`.
        frame: as the table declares it; its `revision` is not looked at.
    """
    rule = table.revisions
    if rule is None:
        raise ValueError(f"{table.name} has no revisions")
    if frame.is_empty():
        return frame
    if frame.select(table.key).is_duplicated().any():
        raise ValueError(f"{table.name}: rows share {', '.join(table.key)}")
    query, parameters = _query(table, frame)
    connection.register("incoming", frame)
    try:
        differing = connection.execute(query, parameters).pl()
    finally:
        connection.unregister("incoming")
    group = list(rule.group)
    differing = differing.cast({name: table.schema[name] for name in [*group, "revision"]})
    added = frame.drop("revision").join(differing, on=group, how="inner", maintain_order="left")
    return added.with_columns(
        pl.when(pl.col("revision") > 0).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        for name, value in rule.later.items()
    ).select(table.column_names)


def _query(table: Table, frame: pl.DataFrame) -> tuple[str, list[object]]:
    assert table.revisions is not None
    apart = {"revision", *table.revisions.origin}
    where = "true"
    parameters: list[object] = []
    if table.partition:
        # Lets DuckLake skip files of other times.
        where = f"{table.partition} BETWEEN ? AND ?"
        parameters = [frame[table.partition].min(), frame[table.partition].max()]
    query = _DIFFERING.format(
        table=table.name,
        group=", ".join(table.revisions.group),
        content=", ".join(f'"{name}"' for name in table.column_names if name not in apart),
        where=where,
    )
    return query, parameters
