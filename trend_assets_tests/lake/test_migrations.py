"""Lakes of every release open, lose nothing, and forecast."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from trend_assets.graph.builder import GraphBuilder
from trend_assets.lake.connection import LakeError, LakeLocation
from trend_assets.lake.migrations import MIGRATIONS, NEWEST
from trend_assets.lake.store import Lake
from trend_assets.lake.table import Column, Table
from trend_assets.lake.tables import (
    COLLECTION_STATUS,
    EVENTS,
    NODES,
    PREDICTION_OUTCOMES,
    PREDICTIONS,
    TABLES,
    TEMPORAL_EDGES,
)
from trend_assets.operations.predicting import forecast_hours, score_hours
from trend_assets.settings import LakeSettings, Settings
from trend_assets_tests.lake import golden_schemas

CUT = datetime(2026, 2, 3, tzinfo=UTC)
BEFORE = [version for version in golden_schemas.VERSIONS if version < NEWEST]
ONE = timedelta(hours=1)
#: An event long ago, and 79 in the last minute before the day's end, of twelve topics.
_OLD_EVENTS = """
    INSERT INTO events (id, hour, timestamp, source, event_type, content_id, user_id, text, hashtags, topics, context,
        features, spam_score, edge_weight, gen_z_score)
    SELECT i::VARCHAR, date_trunc('hour', moment), moment, 'archive', 'original', i::VARCHAR, 'u', '', [],
        ['#t' || i % 12], '{}', '{}', 0, 1, 0
    FROM (SELECT i, if(i = 79, $cut - INTERVAL 40 DAY, $cut + INTERVAL 24 HOUR - INTERVAL 1 MINUTE) AS moment
          FROM range(80) numbers(i))
"""
#: What releases stored that did not note when a forecast was made.
_OLD_FORECAST = """
    INSERT INTO predictions (hour, cut, label, topic, rank, score, source_events_count, model_version, metadata)
    VALUES ($cut - INTERVAL 1 HOUR, $cut, 'bursts', '#old', 1, 0.5, 3, 'tgn-x', '{}')
"""
_OLD_OUTCOME = """
    INSERT INTO prediction_outcomes (hour, cut, label, topic, rank, score, model_version, came_true, mentions_before,
        mentions_after, growth)
    VALUES ($cut + INTERVAL 23 HOUR, $cut, 'bursts', '#old', 1, 0.5, 'tgn-x', true, 3, 9, 0.9)
"""


def differences(lake: Lake, tables: dict[str, Table]) -> list[str]:
    """Where a lake's columns are not those that are declared."""
    query = "SELECT column_name, data_type, is_nullable FROM duckdb_columns() WHERE database_name = 'lake' AND "
    found = []
    for table in tables.values():
        columns = lake.read(f"{query} table_name = ? ORDER BY column_index", [table.name]).rows()
        here = {name: kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ") for name, kind, _ in columns}
        declared = {column.name: column.type for column in table.columns}
        found += [f"{table.name}.{name}" for name, _ in here.items() ^ declared.items()]
        refused = {name for name, _, nullable in columns if not nullable}
        found += [
            f"{table.name}.{column.name}" for column in table.columns if column.nullable and column.name in refused
        ]
    return found


def old(location: LakeLocation, version: int) -> None:
    """A lake of a release before, with twelve topics and a forecast that has come due."""
    connection = golden_schemas.make(location, version)
    for statement in (_OLD_EVENTS, _OLD_FORECAST, _OLD_OUTCOME):
        connection.execute(statement, {"cut": CUT - 24 * ONE})
    if version >= 3:
        for table in ("predictions", "prediction_outcomes"):
            connection.execute(f"UPDATE {table} SET revision = 0, made = 'unrecorded'")
            if version >= 6:
                connection.execute(f"UPDATE {table} SET horizon_hours = 24")
    events = connection.execute("SELECT * FROM events").pl().cast(dict(EVENTS.schema))  # type: ignore[arg-type]
    graph = GraphBuilder().build(events)
    for table, frame in ((TEMPORAL_EDGES, graph.edges), (NODES, graph.nodes)):
        connection.register("made", frame)
        connection.execute(f"INSERT INTO {table.name} BY NAME SELECT * FROM made")
        connection.unregister("made")
    connection.close()


def test_the_newest_version_has_its_golden_schema() -> None:
    """Where this fails its copy is to be written (see `golden_schemas`)."""
    assert NEWEST in golden_schemas.VERSIONS and set(golden_schemas.VERSIONS) <= set(MIGRATIONS)


def test_a_new_lake_has_the_columns_that_are_declared(location: LakeLocation) -> None:
    assert differences(Lake(location), dict(TABLES)) == []


def test_a_new_lake_has_the_newest_golden_schema(sqlite_lake: LakeLocation) -> None:
    """A released version never changes: whoever needs another column adds a migration."""
    lake = Lake(sqlite_lake)
    assert golden_schemas.schema(lake.cursor()) == golden_schemas.path(NEWEST).read_text(encoding="utf-8")


@pytest.mark.parametrize("version", BEFORE)
def test_a_lake_of_each_version_gets_the_declared_columns(sqlite_lake: LakeLocation, version: int) -> None:
    old(sqlite_lake, version)
    lake = Lake(sqlite_lake)
    assert differences(lake, dict(TABLES)) == []
    assert golden_schemas.schema(lake.cursor()) == golden_schemas.path(NEWEST).read_text(encoding="utf-8")
    versions = lake.read("SELECT version FROM lake_versions WHERE version > ? ORDER BY version", [version])["version"]
    assert versions.to_list() == [step for step in sorted(MIGRATIONS) if step > version]


def test_a_column_that_no_migration_adds_is_noticed(sqlite_lake: LakeLocation) -> None:
    extra = Column("mood", "VARCHAR", "", "What nobody migrated.", nullable=True)
    declared = replace(COLLECTION_STATUS, columns=(*COLLECTION_STATUS.columns, extra))
    assert differences(Lake(sqlite_lake), {declared.name: declared}) == ["collection_status.mood"]


@pytest.mark.parametrize("version", BEFORE)
def test_a_lake_of_each_version_loses_nothing_and_forecasts(location: LakeLocation, version: int) -> None:
    old(location, version)
    lake = Lake(location)
    assert lake.read_table(EVENTS).height == 80
    (stored,) = lake.read_table(PREDICTIONS).rows(named=True)
    assert (stored["topic"], stored["revision"], stored["made"]) == ("#old", 0, "unrecorded")
    assert stored["forecast_at"] is None and stored["run_id"] is None
    (became,) = lake.read_table(PREDICTION_OUTCOMES).rows(named=True)
    assert (became["made"], became["horizon_hours"], stored["horizon_hours"]) == ("unrecorded", 24, 24)
    settings = Settings(home=location.home, lake=LakeSettings(catalog_url=location.catalog_url))
    frame = forecast_hours(lake, settings, CUT - ONE, CUT, "run", lambda: CUT + ONE / 6)
    assert set(frame["made"]) == {"live"} and frame.filter(label="bursts").height == 12
    assert lake.write(PREDICTIONS, frame, CUT - ONE, CUT) == frame.height
    assert score_hours(lake, settings, CUT - ONE, CUT)["topic"].to_list() == ["#old"]
    stored = lake.read("SELECT made, count(*) FROM predictions GROUP BY made ORDER BY made").rows()
    assert stored == [("live", frame.height), ("unrecorded", 1)]


def test_a_reader_brings_an_older_lake_up_to_date_and_writes_nothing_else(location: LakeLocation) -> None:
    old(location, 2)
    reader = Lake(location, read_only=True)
    assert reader.read("SELECT made FROM predictions")["made"].to_list() == ["unrecorded"]
    with pytest.raises(duckdb.Error, match="read-only"):
        reader.cursor().execute("DELETE FROM predictions")


def test_a_reader_who_may_not_bring_it_up_to_date_says_so(sqlite_lake: LakeLocation) -> None:
    old(sqlite_lake, 2)
    sqlite_lake.lock_file.mkdir()
    with pytest.raises(LakeError, match=r"has version 2, this release reads version .*: run `trend status`"):
        Lake(sqlite_lake, read_only=True)


def test_rows_are_inserted_by_the_names_of_their_columns(sqlite_lake: LakeLocation) -> None:
    """A migrated lake may hold its columns in another order than they are declared."""
    lake = Lake(sqlite_lake)
    turned = replace(COLLECTION_STATUS, columns=tuple(reversed(COLLECTION_STATUS.columns)))
    row = {"hour": CUT, "source": "twitter", "status": "complete", "events": 1, "rejected": 2, "requests": 3}
    lake.write(turned, turned.frame([{**row, "finished_at": CUT, "message": "well"}]))
    told = lake.read("SELECT status, events, rejected, requests, message FROM collection_status").row(0)
    assert told == ("complete", 1, 2, 3, "well")


def test_the_catalog_says_what_each_column_means(location: LakeLocation) -> None:
    lake = Lake(location)
    told = lake.read("SELECT table_name, column_name, comment FROM duckdb_columns() WHERE database_name = 'lake'")
    lake.close()
    found = {(table, column): comment for table, column, comment in told.iter_rows()}
    for table in TABLES.values():
        for column in table.columns:
            assert (found[table.name, column.name] or "").startswith(column.meaning)
    assert found["predictions", "horizon_hours"].endswith("(hours)"), found["predictions", "horizon_hours"]
