"""`trend forget`: a person's or a post's rows leave every table, and the files that held them.

Rows of others that name the id where ids stand (retweets, quotes, answers, comments) go too: they hold the
person's words, or say to whom they were said.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb
import orjson
import polars as pl

from trend_assets.enrichment.activity import topic_activity
from trend_assets.lake.connection import LakeError
from trend_assets.lake.maintenance import compact, expire, remove_files, tighten_bounds, vacuum
from trend_assets.lake.store import Lake, write_frame
from trend_assets.lake.tables import (
    EVENTS,
    FORGOTTEN,
    PREDICTIONS,
    TOPIC_ACTIVITY,
)
from trend_assets.operations.privacy.admission import ANY_SOURCE, PrivacyKey, privacy_key, pseudonyms
from trend_assets.operations.privacy.traces import Subject, Traces, find
from trend_assets.settings import Settings

_BY_EVENT = (("raw_events", "id"), ("observations", "id"), ("event_embeddings", "id"), ("temporal_edges", "event_id"))
_LONELY_NODES = """
    SELECT node_id FROM nodes WHERE node_id IN (SELECT src FROM touched UNION SELECT dst FROM touched)
    AND node_id NOT IN (SELECT src FROM temporal_edges UNION ALL SELECT dst FROM temporal_edges)
"""
_THEIR_NODES = "kind IN ('user', 'content') AND key IN (SELECT key FROM gone_keys)"
_UNUSED = """
    SELECT topic FROM gone_topics
    WHERE topic NOT IN (SELECT topic FROM topic_activity) AND topic NOT IN (SELECT unnest(topics) FROM events)
"""


@dataclass(slots=True)
class Forgotten:
    """What was removed.

    Args:
        removed: rows by table; only tables that had some.
        topics: words that nobody else had used, which went with their forecasts.
        seconds: how long it took.
        ids: everything that named the person or the post, for the files beside the lake.
        unfinished: why deleted texts may still be in the catalog's log; empty where they are not.
        users: ``source:id`` of the person, as forecasts and models name users.
        origins: files and collectors that the rows had come from.
    """

    removed: dict[str, int] = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    seconds: float = 0.0
    ids: tuple[str, ...] = ()
    unfinished: str = ""
    users: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()


def forget(lake: Lake, settings: Settings, subject: Subject) -> Forgotten:
    """Removes all rows of a user or a post, writes the files that held them anew, and notes that it did.

    Every older snapshot expires: none could be read without what was removed. What is removed does not come
    back with the next import or collection.

    Args:
        lake: open for writing.
        settings: where the key of the hashes is.
        subject: who or what; under the original id, also where users are hashed.
    """
    began = time.monotonic()
    key = privacy_key(settings)
    traces = find(lake, subject, pseudonyms(settings))
    report = _remove(lake, subject, traces, key)
    _rewrite_files(lake)
    # This adds a file, whereupon other connections read the bounds of all tables anew.
    lake.write(FORGOTTEN, _note(subject, key, report.removed))
    expire(lake, datetime.now(UTC))
    remove_files(lake)
    try:
        vacuum(lake)
    except LakeError as error:
        report.unfinished = str(error)
    report.seconds = time.monotonic() - began
    return report


def _remove(lake: Lake, subject: Subject, traces: Traces, key: PrivacyKey) -> Forgotten:
    with lake.transaction() as connection:
        with _registered(connection, traces):
            removed = _delete_rows(connection, traces)
            topics = _unused_topics(connection)
            removed |= _delete_topics(connection, topics)
        _unname(connection, traces)
        removed = {table: count for table, count in sorted(removed.items()) if count}
        # In the same transaction: were it killed hereafter, nothing would come back.
        write_frame(connection, FORGOTTEN, pl.concat([_note(subject, key, removed), _posts(subject, traces, key)]))
    return Forgotten(
        removed,
        topics,
        ids=tuple(traces.all_ids),
        users=frozenset(traces.names),
        origins=frozenset(traces.origins),
    )


class _registered:
    """Views of what is to go, for the statements of one transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, traces: Traces) -> None:
        self._connection = connection
        self._frames = {
            "gone": pl.DataFrame({"id": sorted(traces.event_ids)}, schema={"id": pl.String}),
            "gone_rejected": pl.DataFrame({"id": sorted(traces.rejected_ids)}, schema={"id": pl.String}),
            "gone_keys": pl.DataFrame({"key": sorted(traces.node_keys)}, schema={"key": pl.String}),
            "gone_ids": pl.DataFrame({"id": traces.all_ids}, schema={"id": pl.String}),
        }

    def __enter__(self) -> None:
        for name, frame in self._frames.items():
            self._connection.register(name, frame)

    def __exit__(self, *_: object) -> None:
        for name in self._frames:
            self._connection.unregister(name)


def _delete_rows(connection: duckdb.DuckDBPyConnection, traces: Traces) -> dict[str, int]:
    gone = connection.execute("SELECT DISTINCT hour FROM events WHERE id IN (SELECT id FROM gone)").pl()
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE gone_topics AS "
        "SELECT DISTINCT unnest(topics) AS topic FROM events WHERE id IN (SELECT id FROM gone)"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE touched AS "
        "SELECT src, dst FROM temporal_edges WHERE event_id IN (SELECT id FROM gone)"
    )
    removed = {table: _delete(connection, table, f"{column} IN (SELECT id FROM gone)") for table, column in _BY_EVENT}
    removed["events"] = _delete(connection, "events", "id IN (SELECT id FROM gone)")
    removed["rejected_events"] = _delete(connection, "rejected_events", "id IN (SELECT id FROM gone_rejected)")
    removed["nodes"] = _delete(connection, "nodes", f"node_id IN ({_LONELY_NODES}) OR ({_THEIR_NODES})")
    removed["topic_activity"] = _count_again(connection, gone["hour"].to_list())
    # A cursor may be a post's id: without it the hour is read from its beginning, and nothing is doubled.
    connection.execute("UPDATE collection_attempts SET cursor = '' WHERE cursor <> '' AND "
                       "EXISTS (SELECT 1 FROM gone_ids WHERE contains(cursor, gone_ids.id))")  # fmt: skip
    return removed


def _delete(connection: duckdb.DuckDBPyConnection, table: str, where: str) -> int:
    row = connection.execute(f"DELETE FROM {table} WHERE {where}").fetchone()
    return int(row[0]) if row else 0


def _count_again(connection: duckdb.DuckDBPyConnection, hours: Sequence[datetime]) -> int:
    """Counts the topics of the touched hours anew; the rows that are no longer there are counted."""
    if not hours:
        return 0
    chosen = "hour IN (SELECT unnest(?))"
    before = _delete_counted(connection, TOPIC_ACTIVITY.name, chosen, hours)
    rows = connection.execute(f"SELECT * FROM events WHERE {chosen}", [list(hours)]).pl()
    fresh = topic_activity(rows.cast(dict(EVENTS.schema)))
    connection.register("fresh", TOPIC_ACTIVITY.conform(fresh))
    connection.execute(f"INSERT INTO {TOPIC_ACTIVITY.name} BY NAME SELECT * FROM fresh")
    connection.unregister("fresh")
    return before - fresh.height


def _delete_counted(connection: duckdb.DuckDBPyConnection, table: str, where: str, hours: Sequence[datetime]) -> int:
    row = connection.execute(f"DELETE FROM {table} WHERE {where}", [list(hours)]).fetchone()
    return int(row[0]) if row else 0


def _unused_topics(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Topics of the removed events that no event names any more."""
    return tuple(sorted(connection.execute(_UNUSED).pl()["topic"]))


def _delete_topics(connection: duckdb.DuckDBPyConnection, topics: Collection[str]) -> dict[str, int]:
    removed: dict[str, int] = {}
    if not topics:
        return removed
    connection.register("unused", pl.DataFrame({"topic": list(topics)}, schema={"topic": pl.String}))
    for table in ("predictions", "prediction_outcomes"):
        removed[table] = _delete(connection, table, "topic IN (SELECT topic FROM unused)")
    removed["alerts"] = _delete(connection, "alerts", "subject IN (SELECT topic FROM unused)")
    connection.unregister("unused")
    return removed


def _unname(connection: duckdb.DuckDBPyConnection, traces: Traces) -> None:
    """Takes the user out of the reasons of forecasts; the forecasts stay."""
    named = traces.names
    if not named:
        return
    connection.register("named", pl.DataFrame({"name": sorted(named)}))
    rows = connection.execute(
        "SELECT * FROM predictions WHERE EXISTS (SELECT 1 FROM named WHERE contains(metadata, name))"
    ).pl()
    connection.unregister("named")
    if rows.is_empty():
        return
    changed = rows.cast(dict(PREDICTIONS.schema)).with_columns(
        metadata=pl.Series([_without(text, named) for text in rows["metadata"]], dtype=pl.String)
    )
    connection.register("changed", changed)
    keys = f"({', '.join(PREDICTIONS.key)})"
    connection.execute(f"DELETE FROM predictions WHERE {keys} IN (SELECT {keys} FROM changed)")
    connection.execute("INSERT INTO predictions BY NAME SELECT * FROM changed")
    connection.unregister("changed")


def _without(metadata: str, named: Collection[str]) -> str:
    values = orjson.loads(metadata)
    values["users"] = [user for user in values.get("users", []) if user.get("user_id") not in named]
    return orjson.dumps(values).decode()


def _note(subject: Subject, key: PrivacyKey, removed: dict[str, int]) -> pl.DataFrame:
    """What was asked for, and what it removed."""
    return FORGOTTEN.frame(
        [
            {
                "id_hash": key.hash(subject.id),
                "kind": subject.kind,
                "source": subject.source or ANY_SOURCE,
                "key_id": key.name,
                "asked": True,
                "forgotten_at": datetime.now(UTC),
                "removed": orjson.dumps(removed).decode(),
            }
        ]
    )


def _posts(subject: Subject, traces: Traces, key: PrivacyKey) -> pl.DataFrame:
    """Each post of a user, so that no copy of it that does not name the user comes back."""
    if subject.kind != "user":
        return FORGOTTEN.frame()
    now = datetime.now(UTC)
    return FORGOTTEN.frame(
        {
            "id_hash": key.hash(content),
            "kind": "content",
            "source": source,
            "key_id": key.name,
            "asked": False,
            "forgotten_at": now,
        }
        for source, content in sorted(traces.contents)
    )


def _rewrite_files(lake: Lake) -> None:
    """No snapshot, file, deletion file, bound or free page holds the rows afterwards."""
    compact(lake, deleted_share=0.0)
    expire(lake, datetime.now(UTC))
    remove_files(lake)
    tighten_bounds(lake)
