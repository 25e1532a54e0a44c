"""The hourly flow through Dagster: marked, idempotent, the same in one run or hour by hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import polars as pl
import pytest
from dagster import AssetKey
from polars.testing import assert_frame_equal

from trend_assets.forecasting.labels import LABELS
from trend_assets.graph.builder import GraphBuilder
from trend_assets.lake.store import write_frame
from trend_assets.lake.tables import (
    COLLECTION_STATUS,
    EVENT_EMBEDDINGS,
    EVENTS,
    NEAR_COPIES,
    NODES,
    PREDICTION_OUTCOMES,
    PREDICTIONS,
    RAW_EVENTS,
    TEMPORAL_EDGES,
    TOPIC_ACTIVITY,
    TOPIC_PHRASES,
)
from trend_assets.launch import RunFailed
from trend_assets.periods import hour_key
from trend_assets.words import kind_of
from trend_assets_tests.assets.conftest import FLOW, ONE, START, World

DERIVED = (RAW_EVENTS, EVENTS, TOPIC_PHRASES, NEAR_COPIES, TOPIC_ACTIVITY, TEMPORAL_EDGES, NODES)
HOURS = 72


@pytest.fixture(scope="module")
def world(new_world: Callable[[], World]) -> World:
    made = new_world()
    made.materialize(START, HOURS)
    return made


def test_every_hour_of_the_range_is_marked_for_every_asset(world: World) -> None:
    expected = {hour_key(START + index * ONE) for index in range(HOURS)}
    for name in FLOW:
        assert set(world.instance.get_materialized_partitions(AssetKey(name))) == expected
    for name in (TEMPORAL_EDGES.name, "sources/twitter"):
        event = world.instance.get_latest_materialization_event(AssetKey.from_user_string(name))
        assert event is not None and event.asset_materialization is not None
        told = event.asset_materialization.metadata["counted_over"].value
        assert told == f"all partitions of this run: {min(expected)} to {max(expected)}"


def test_the_tables_hold_what_the_world_posted(world: World) -> None:
    events = world.rows(EVENTS)
    assert events.height == world.rows(RAW_EVENTS).height > 1000
    assert set(events["source"]) == {"twitter", "youtube", "google_trends"}
    mentions = events.select(pl.col("topics").explode().drop_nulls()).height + world.rows(TOPIC_PHRASES).height
    assert world.rows(TOPIC_ACTIVITY)["mentions"].sum() == mentions
    nodes = set(world.rows(NODES)["node_id"])
    edges = world.rows(TEMPORAL_EDGES)
    assert set(edges["src"]) | set(edges["dst"]) == nodes


def test_collection_status_explains_every_hour(world: World) -> None:
    status = world.rows(COLLECTION_STATUS)
    assert status.height == 3 * HOURS
    assert set(status["status"]) <= {"complete", "empty"}
    assert (status["status"] == "empty").to_list() == (status["events"] == 0).to_list()
    assert status["events"].sum() == world.rows(RAW_EVENTS).height
    assert world.rows(RAW_EVENTS)["origin"].unique().to_list() == ["simulator:seed=7"]


def test_rematerializing_changes_no_row(world: World) -> None:
    before = [world.rows(table) for table in DERIVED]
    world.materialize(START + 10 * ONE, 1)
    world.materialize(START + 30 * ONE, 5)
    for table, rows in zip(DERIVED, before, strict=True):
        assert_frame_equal(world.rows(table), rows)


def test_a_failed_check_leaves_the_last_good_rows(new_world: Callable[[], World]) -> None:
    other = new_world()
    other.materialize(START, 1)
    before = [other.rows(table) for table in (EVENTS, TOPIC_ACTIVITY, TEMPORAL_EDGES)]
    with other.lake.transaction() as connection:
        connection.execute("UPDATE raw_events SET timestamp = timestamp + INTERVAL 1 DAY")
    with pytest.raises(RunFailed, match="raw_events: times_in_partition failed: nothing was made of these rows"):
        other.materialize(START, 1)
    for table, rows in zip((EVENTS, TOPIC_ACTIVITY, TEMPORAL_EDGES), before, strict=True):
        assert_frame_equal(other.rows(table), rows)


def test_hour_by_hour_gives_the_same_rows_as_one_run(world: World, new_world: Callable[[], World]) -> None:
    other = new_world()
    other.materialize(START, 22)
    for index in range(4):
        other.materialize(START + (22 + index) * ONE, 1)
    window = pl.col("hour") < START + 26 * ONE
    for table in (RAW_EVENTS, EVENTS, TOPIC_PHRASES, NEAR_COPIES, TOPIC_ACTIVITY, TEMPORAL_EDGES):
        assert_frame_equal(other.rows(table), world.rows(table).filter(window))


def test_without_a_model_the_forecast_is_the_best_baseline_and_says_so(world: World) -> None:
    world.materialize(START + 47 * ONE, 1, "predictions")
    frame = world.rows(PREDICTIONS)
    assert set(frame["model_version"].str.split(":").list.first()) == {"baseline"}
    assert frame["confidence"].null_count() == frame.height
    assert frame["growth"].null_count() == frame.height
    assert {kind_of(label) for label in frame["label"]} <= set(LABELS)
    assert (frame["cut"] == START + timedelta(days=2)).all()


def test_outcomes_come_when_the_horizon_has_passed(world: World) -> None:
    world.materialize(START + 47 * ONE, 1, "predictions")
    world.materialize(START + 71 * ONE, 1, "prediction_outcomes")
    outcomes = world.rows(PREDICTION_OUTCOMES)
    day_ahead = (pl.col("cut") == START + timedelta(days=2)) & (pl.col("horizon_hours") == 24)
    predictions = world.rows(PREDICTIONS).filter(day_ahead)
    assert outcomes.height == predictions.height > 0
    activity = world.rows(TOPIC_ACTIVITY).filter(pl.col("hour") >= START + timedelta(days=2))
    after = dict(activity.group_by("topic").agg(pl.col("mentions").sum()).rows())
    copies = world.rows(NEAR_COPIES).filter(pl.col("hour") >= START + timedelta(days=2))
    repeated = dict(copies.explode("repeated")["repeated"].value_counts().rows())
    for topic, count in outcomes.select("topic", "mentions_after").rows():
        assert after.get(topic, 0) - repeated.get(topic, 0) == count


def test_noise_after_a_cut_changes_no_bit_of_its_forecast(world: World) -> None:
    """Every edge after the cut is replaced by noise; the forecast at the cut must not notice."""
    cut = START + timedelta(days=2)
    world.materialize(cut - ONE, 1, "predictions")
    before = world.rows(PREDICTIONS).filter(pl.col("cut") == cut)
    end = START + HOURS * ONE
    later = world.lake.read_table(TEMPORAL_EDGES, cut, end)
    noise = world.lake.read_table(EVENTS, cut, end).with_columns(
        pl.col("topics").shuffle(seed=1),
        pl.col("user_id").shuffle(seed=2),
        pl.col("edge_weight").shuffle(seed=3),
    )
    edges, nodes = GraphBuilder().build(noise)
    try:
        world.lake.write(TEMPORAL_EDGES, edges, cut, end)
        world.lake.write(NODES, nodes)
        world.materialize(cut - ONE, 1, "predictions")
        assert_frame_equal(world.rows(PREDICTIONS).filter(pl.col("cut") == cut), before, check_exact=True)
    finally:
        with world.lake.transaction() as connection:
            write_frame(connection, TEMPORAL_EDGES, later, cut, end)


def test_a_text_is_embedded_once_ever(world: World) -> None:
    world.materialize(START + 12 * ONE, 2, "event_embeddings")
    first = world.rows(EVENT_EMBEDDINGS)
    assert first.height > 0
    lengths = first["embedding"].list.eval(pl.element() ** 2).list.sum()
    assert lengths.is_between(0.999, 1.001).all()
    run = world.materialize(START + 12 * ONE, 2, "event_embeddings")
    assert_frame_equal(world.rows(EVENT_EMBEDDINGS), first, check_exact=True)
    records = world.instance.all_logs(run)
    metadata = next(
        log.dagster_event.step_materialization_data.materialization.metadata
        for log in records
        if log.dagster_event and log.dagster_event.is_step_materialization
    )
    assert metadata["texts_embedded"].value == 0
    assert metadata["texts_from_cache"].value > 0
