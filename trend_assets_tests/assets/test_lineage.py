"""The lineage that Dagster shows is what the assets read and write: each is run, and its reads are compared."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from dagster import AssetKey

from trend_assets.alerting.raising import raise_alert
from trend_assets.assets.collection_run import PURPOSE_TAG
from trend_assets.automation.jobs import GRAPH_ASSETS, TRAINING_ASSETS
from trend_assets.definitions import defs, make_definitions
from trend_assets.lake.lineage import Access, note_write, noting
from trend_assets.lake.tables import EVENTS, TABLES
from trend_assets.launch import HourRange, materialize_hours, materialize_week
from trend_assets.names import SIMULATED_SOURCES
from trend_assets.operations.drift import check_drift, store_check
from trend_assets.operations.models import promote, stored_models
from trend_assets.operations.privacy.forgetting import forget
from trend_assets.operations.privacy.traces import Subject
from trend_assets.settings import Settings, SimulatorSettings
from trend_assets_tests.assets.conftest import FLOW, ONE, START, World

WEEK = START + timedelta(weeks=1)
#: Written by a sensor, by a command, and where there is something to tell; tested below.
NOT_BY_EVERY_RUN = {"drift_checks", "forgotten", "alerts", "alert_thresholds"}
GRAPH = make_definitions(Settings(simulator=SimulatorSettings(enabled=True))).get_repository_def().asset_graph


@pytest.fixture(scope="module")
def world(new_world: Callable[[], World]) -> World:
    """A week of the simulated world, of which nothing was forecast yet."""
    made = new_world()
    made.materialize(START, 7 * 24)
    return made


def parents(name: str) -> set[str]:
    return {key.to_user_string() for key in GRAPH.get(AssetKey.from_user_string(name)).parent_keys}


def declared(*assets: str) -> tuple[set[str], set[str]]:
    """Tables that assets of one step may read, and those that they may write."""
    # A source adds to the table of all sources.
    writes = {"raw_events" if name.startswith("sources/") else name for name in assets} & TABLES.keys()
    writes |= {table for table in TABLES if GRAPH.get(AssetKey(table)).is_external and set(assets) & parents(table)}
    reads = {parent for name in assets for parent in parents(name)} & TABLES.keys()
    return reads - writes, writes - NOT_BY_EVERY_RUN


def compare(access: Access, *assets: str) -> None:
    reads, writes = declared(*assets)
    assert access.writes == writes
    # What a step has written itself it may read again.
    assert access.reads - writes == reads


@pytest.mark.parametrize(
    "assets",
    [
        ("sources/twitter",),
        ("events",),
        ("event_embeddings",),
        ("topic_phrases",),
        ("near_copies",),
        ("topic_labels",),
        ("topic_activity",),
        GRAPH_ASSETS,
        ("predictions",),
        ("prediction_outcomes",),
    ],
    ids=lambda assets: assets[0],
)
def test_an_hourly_asset_reads_what_it_declares(world: World, assets: tuple[str, ...]) -> None:
    # Labels are made in every sixth hour only.
    hour = WEEK - 31 * ONE
    if assets == ("prediction_outcomes",):
        world.materialize(hour, 1, "predictions")
        hour += 24 * ONE
    definitions = defs()
    with noting() as access:
        materialize_hours(
            definitions,
            world.instance,
            HourRange(hour, hour + ONE),
            assets,
            tags={PURPOSE_TAG: "new"},
        )
    compare(access, *assets)


def test_raw_events_reads_what_sources_wrote_and_writes_nothing(world: World) -> None:
    hour = WEEK - 31 * ONE
    definitions = defs()
    with noting() as access:
        materialize_hours(definitions, world.instance, HourRange(hour, hour + ONE), ("raw_events",))
    assert (access.reads, access.writes) == ({"raw_events"}, set())
    assert parents("raw_events") == {f"sources/{source}" for source in SIMULATED_SOURCES}


def test_a_training_reads_what_it_declares(world: World) -> None:
    definitions = defs()
    with noting() as access:
        materialize_week(definitions, world.instance, WEEK)
    compare(access, *TRAINING_ASSETS)


def test_the_drift_sensor_reads_what_its_table_declares(world: World) -> None:
    if not stored_models(world.settings):
        materialize_week(defs(), world.instance, WEEK)
    promote(world.lake, world.settings, stored_models(world.settings)[-1].version, "for the test")
    now = WEEK + timedelta(days=1)
    with noting() as access:
        found = check_drift(world.lake, world.settings, now)
        assert found is not None
        store_check(world.lake, *found, now)
    assert (access.reads - access.writes, access.writes) == (parents("drift_checks"), {"drift_checks"})


def test_every_table_is_shown_and_says_what_it_is() -> None:
    keys = {key.to_user_string() for key in GRAPH.get_all_asset_keys()}
    assert keys == {*TABLES, "tgn_checkpoint", *(f"sources/{source}" for source in SIMULATED_SOURCES)}
    for name, table in TABLES.items():
        node = GRAPH.get(AssetKey(name))
        assert node.description == table.meaning
        assert [column.name for column in node.metadata["dagster/column_schema"].columns] == table.column_names


def test_nothing_of_the_forecast_is_declared_to_read_events() -> None:
    for name in ("predictions", "prediction_outcomes", *TRAINING_ASSETS):
        assert "events" not in parents(name) and "temporal_edges" in parents(name)
    assert set(FLOW) <= TABLES.keys()


def test_an_alert_on_a_topic_is_written_where_it_is_declared(world: World) -> None:
    with noting() as access:
        raise_alert(world.lake, world.settings, "topic_rising", "#a", "will burst")
    assert access.writes == {"alerts"} and parents("alerts") == {"predictions"}


def test_forgetting_writes_what_was_forgotten(new_world: Callable[[], World]) -> None:
    other = new_world()
    other.materialize(START, 1)
    user = other.rows(EVENTS)["user_id"].drop_nulls()[0]
    with noting() as access:
        forget(other.lake, other.settings, Subject("user", user))
    assert "forgotten" in access.writes and "temporal_edges" in access.writes


@pytest.mark.parametrize(
    ("statement", "reads", "writes"),
    [
        ("SELECT a FROM events JOIN nodes USING (a)", {"events", "nodes"}, set()),
        ("WITH x AS (FROM events) SELECT * FROM x ANTI JOIN raw_events USING (id)", {"events", "raw_events"}, set()),
        ("SELECT * FROM events AT (VERSION => 3)", {"events"}, set()),
        ('SELECT 1 FROM "events" -- FROM nodes', {"events"}, set()),
        ("SELECT topic FROM mentions", {"temporal_edges", "nodes"}, set()),
        ("SELECT 'FROM nodes' AS events FROM alerts", {"alerts"}, set()),
        ("DELETE FROM nodes WHERE node_id IN (SELECT src FROM temporal_edges)", {"temporal_edges"}, {"nodes"}),
        ("INSERT INTO nodes BY NAME SELECT * FROM incoming", set(), {"nodes"}),
        ("UPDATE alerts SET state = 'x'; select 1 from nodes", {"nodes"}, {"alerts"}),
    ],
)
def test_what_a_statement_names(statement: str, reads: set[str], writes: set[str]) -> None:
    access = Access()
    access.add(statement)
    assert (access.reads, access.writes) == (reads, writes)


def test_nothing_is_noted_outside(world: World) -> None:
    with noting() as access:
        pass
    world.lake.read("SELECT count(*) FROM events")
    note_write("nodes")
    assert (access.reads, access.writes) == (set(), set())
