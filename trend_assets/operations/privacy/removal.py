"""Deletes the rows of a person or a post from every table, within the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import orjson
import polars as pl

from trend_assets.enrichment.activity import topic_activity
from trend_assets.lake.table import Table
from trend_assets.lake.tables import EVENTS, NEAR_COPIES, PREDICTIONS, TABLES, TOPIC_ACTIVITY, TOPIC_PHRASES
from trend_assets.operations.privacy.traces import Traces
from trend_assets.sources.identifiers import tokens

_BY_EVENT = (
    ("raw_events", "id"),
    ("observations", "id"),
    ("event_embeddings", "id"),
    ("temporal_edges", "event_id"),
    ("topic_phrases", "event_id"),
    ("near_copies", "event_id"),
    ("topic_labels", "post_id"),
)
_LONELY_NODES = """
    SELECT node_id FROM nodes WHERE node_id IN (SELECT src FROM touched UNION SELECT dst FROM touched)
    AND node_id NOT IN (SELECT src FROM temporal_edges UNION ALL SELECT dst FROM temporal_edges)
"""
_THEIR_NODES = "(kind, key) IN (SELECT (kind, key) FROM gone_nodes)"
_UNUSED = """
    SELECT topic FROM gone_topics
    WHERE topic NOT IN (SELECT topic FROM topic_activity) AND topic NOT IN (SELECT unnest(topics) FROM events)
    AND topic NOT IN (SELECT topic FROM topic_phrases)
"""
_NOT_RAISED = """
    UPDATE alert_thresholds SET raised = list_filter(raised, lambda topic: NOT list_contains($unused, topic))
    WHERE list_has_any(raised, $unused)
"""
#: What tells a row to a reader, where it is not the key.
_TELLING: Mapping[str, tuple[str, ...]] = {
    "raw_events": ("id", "user_id"),
    "observations": ("id", "user_id", "observed_at"),
    "events": ("id", "user_id", "text"),
    "rejected_events": ("origin", "line", "reason"),
    "nodes": ("kind", "key"),
    "alerts": ("raised_at", "subject"),
}
EXAMPLES = 3


@dataclass(slots=True)
class Removal:
    """What a transaction removed.

    Args:
        rows: how many by table; only tables that had some.
        examples: of each table, the first rows that went.
        topics: words that nobody else had used, which went with their forecasts.
    """

    rows: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    topics: tuple[str, ...] = ()

    def delete(self, connection: duckdb.DuckDBPyConnection, table: str, where: str) -> None:
        """Deletes rows; keeps the first of them as examples."""
        shown = ", ".join(_TELLING.get(table, TABLES[table].key))
        examples = connection.execute(f"SELECT {shown} FROM {table} WHERE {where} LIMIT {EXAMPLES}").pl()
        if examples.height:
            row = connection.execute(f"DELETE FROM {table} WHERE {where}").fetchone()
            self.rows[table] = self.rows.get(table, 0) + (int(row[0]) if row else 0)
            self.examples.setdefault(table, examples.to_dicts())


def remove(connection: duckdb.DuckDBPyConnection, traces: Traces) -> Removal:
    """Deletes the rows that were found, and what was made from them alone.

    The topics of the hours are counted anew, topics that nobody else used go with their forecasts and alerts,
    and other forecasts no longer name the person.
    """
    removal = Removal()
    with _registered(connection, traces):
        hours = connection.execute("SELECT DISTINCT hour FROM events WHERE id IN (SELECT id FROM gone)").pl()["hour"]
        _note_touched(connection)
        for table, column in _BY_EVENT:
            removal.delete(connection, table, f"{column} IN (SELECT id FROM gone)")
        removal.delete(connection, "events", "id IN (SELECT id FROM gone)")
        removal.delete(connection, "rejected_events", "id IN (SELECT id FROM gone_rejected)")
        removal.delete(connection, "nodes", f"node_id IN ({_LONELY_NODES}) OR {_THEIR_NODES}")
    removal.rows[TOPIC_ACTIVITY.name] = _count_again(connection, hours.to_list())
    _forget_cursors(connection, traces)
    removal.topics = tuple(sorted(connection.execute(_UNUSED).pl()["topic"]))
    _delete_topics(connection, removal)
    _unname(connection, traces.names)
    removal.rows = {table: count for table, count in sorted(removal.rows.items()) if count}
    return removal


@contextmanager
def _registered(connection: duckdb.DuckDBPyConnection, traces: Traces) -> Iterator[None]:
    """Views of what is to go, for the statements of one transaction."""
    nodes = [{"kind": kind, "key": f"{source}:{value}"} for source, kind, value in sorted(traces.ids, key=str)]
    frames = {
        "gone": pl.DataFrame({"id": sorted(traces.event_ids)}, schema={"id": pl.String}),
        "gone_rejected": pl.DataFrame({"id": sorted(traces.rejected_ids)}, schema={"id": pl.String}),
        "gone_nodes": pl.DataFrame(nodes, schema={"kind": pl.String, "key": pl.String}),
    }
    for name, frame in frames.items():
        connection.register(name, frame)
    try:
        yield
    finally:
        for name in frames:
            connection.unregister(name)


def _note_touched(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE gone_topics AS "
        "SELECT DISTINCT unnest(topics) AS topic FROM events WHERE id IN (SELECT id FROM gone) "
        "UNION SELECT topic FROM topic_phrases WHERE event_id IN (SELECT id FROM gone)"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE touched AS "
        "SELECT src, dst FROM temporal_edges WHERE event_id IN (SELECT id FROM gone)"
    )


def _count_again(connection: duckdb.DuckDBPyConnection, hours: Sequence[datetime]) -> int:
    """Counts the topics of the touched hours anew; the rows that are no longer there are counted."""
    if not hours:
        return 0
    chosen = "hour IN (SELECT unnest(?))"
    row = connection.execute(f"DELETE FROM {TOPIC_ACTIVITY.name} WHERE {chosen}", [list(hours)]).fetchone()
    events, phrases, copies = (
        _typed(connection.execute(f"SELECT * FROM {table.name} WHERE {chosen}", [list(hours)]).pl(), table)
        for table in (EVENTS, TOPIC_PHRASES, NEAR_COPIES)
    )
    fresh = topic_activity(events, phrases, copies)
    connection.register("fresh", TOPIC_ACTIVITY.conform(fresh))
    connection.execute(f"INSERT INTO {TOPIC_ACTIVITY.name} BY NAME SELECT * FROM fresh")
    connection.unregister("fresh")
    return (int(row[0]) if row else 0) - fresh.height


def _forget_cursors(connection: duckdb.DuckDBPyConnection, traces: Traces) -> None:
    """A cursor may be a post's id: without it the hour is read from its beginning, and nothing is doubled."""
    known = connection.execute("SELECT DISTINCT source, cursor FROM collection_attempts WHERE cursor <> ''").fetchall()
    values = {(source, value) for source, _, value in traces.ids}
    for source, cursor in known:
        if any((source, token) in values for token in tokens(cursor)):
            connection.execute(
                "UPDATE collection_attempts SET cursor = '' WHERE source = ? AND cursor = ?", [source, cursor]
            )


def _delete_topics(connection: duckdb.DuckDBPyConnection, removal: Removal) -> None:
    if not removal.topics:
        return
    connection.register("unused", pl.DataFrame({"topic": list(removal.topics)}, schema={"topic": pl.String}))
    for table in ("predictions", "prediction_outcomes", "topic_labels"):
        removal.delete(connection, table, "topic IN (SELECT topic FROM unused)")
    removal.delete(connection, "alerts", "subject IN (SELECT topic FROM unused)")
    connection.execute(_NOT_RAISED, {"unused": list(removal.topics)})
    connection.unregister("unused")


def _unname(connection: duckdb.DuckDBPyConnection, named: Collection[str]) -> None:
    """Takes the user out of the reasons of forecasts; the forecasts stay."""
    if not named:
        return
    connection.register("named", pl.DataFrame({"name": sorted(named)}))
    rows = connection.execute(
        "SELECT * FROM predictions WHERE EXISTS (SELECT 1 FROM named WHERE contains(metadata, name))"
    ).pl()
    connection.unregister("named")
    if rows.is_empty():
        return
    changed = _typed(rows, PREDICTIONS).with_columns(
        metadata=pl.Series([_without(text, named) for text in rows["metadata"]], dtype=pl.String)
    )
    connection.register("changed", changed)
    keys = f"({', '.join(PREDICTIONS.key)})"
    connection.execute(f"DELETE FROM predictions WHERE {keys} IN (SELECT {keys} FROM changed)")
    connection.execute("INSERT INTO predictions BY NAME SELECT * FROM changed")
    connection.unregister("changed")


def _typed(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    return rows.cast({name: table.schema[name] for name in table.column_names})


def _without(metadata: str, named: Collection[str]) -> str:
    values = orjson.loads(metadata)
    values["users"] = [user for user in values.get("users", []) if user.get("user_id") not in named]
    return orjson.dumps(values).decode()
