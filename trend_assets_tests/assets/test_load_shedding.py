"""Under load one thing gives way after another, through Dagster and the lake, and all is made up for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import orjson
import polars as pl
import pytest
from dagster import AssetKey, DagsterInstance
from polars.testing import assert_frame_equal

from trend_assets.assets.collection_run import PURPOSE_TAG
from trend_assets.automation import postponed
from trend_assets.automation.instance import dagster_environment, open_instance
from trend_assets.definitions import defs
from trend_assets.forecasting.sensitivity import Load
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import (
    COLLECTION_STATUS,
    DEFERRED_HOURS,
    EVENT_EMBEDDINGS,
    EVENTS,
    LOAD_CHECKS,
    PREDICTIONS,
    RAW_EVENTS,
)
from trend_assets.launch import HourRange, materialize_hours
from trend_assets.operations.load_shedding import Hours, plan_embeddings, shedding_state
from trend_assets.periods import hour_key
from trend_assets.settings import load_settings

ONE = timedelta(hours=1)
START = datetime(2026, 2, 4, 8, tzinfo=UTC)
LOOK = {"checked_at": START, "hour": START, "waiting": 9, "load": "embeddings_postponed", "postponed_hours": 0}
SPAM = "FREE crypto GIVEAWAY!!! click here to win $$$ https://bit.ly/x #follow4follow #followback #free #win #crypto"

Live = Callable[..., dict[str, Any]]
Tick = Callable[[datetime], list[dg.RunRequest]]


@pytest.fixture
def instance(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    """A home in which an hour takes in two events with ease; no source is enabled."""
    monkeypatch.setenv("TREND_LOAD__EVENTS", "2")
    settings = load_settings()
    for name, value in dagster_environment(settings).items():
        monkeypatch.setenv(name, value)
    with open_instance(settings) as opened:
        yield opened


@pytest.fixture
def lake(instance: DagsterInstance) -> Lake:
    return LakeResource(load_settings()).lake


@pytest.fixture
def run(instance: DagsterInstance) -> Live:
    """Runs hours as the schedule does; gives what `event_embeddings` says of them."""

    def run(start: datetime, hours: int = 1, purpose: str | None = "new", *more: str) -> dict[str, Any]:
        tags = {PURPOSE_TAG: purpose} if purpose else None
        materialize_hours(
            defs(),
            instance,
            HourRange(start, start + hours * ONE),
            ["raw_events", "events", "event_embeddings", "temporal_edges", "nodes", *more],
            tags=tags,
        )
        return told(instance)

    return run


def told(instance: DagsterInstance) -> dict[str, Any]:
    event = instance.get_latest_materialization_event(AssetKey("event_embeddings"))
    assert event is not None and event.asset_materialization is not None
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def collected(lake: Lake, hour: datetime, texts: list[str]) -> None:
    """Puts posts of an hour into `raw_events`, as a source's collector does."""
    rows = [
        {
            "id": f"twitter:original:{hour:%d%H}{number:04}",
            "hour": hour,
            "timestamp": hour + timedelta(seconds=number),
            "source": "twitter",
            "event_type": "original",
            "content_id": f"{hour:%d%H}{number:04}",
            "user_id": str(number % 7),
            "format": "twitter_v1",
            "raw_data": orjson.dumps(
                {
                    "id_str": f"{hour:%d%H}{number:04}",
                    "created_at": f"{hour + timedelta(seconds=number):%a %b %d %H:%M:%S +0000 %Y}",
                    "text": text,
                    "user": {"id_str": str(number % 7), "screen_name": f"ann{number % 7}"},
                }
            ).decode(),
            "origin": "twitter:search",
            "collected_at": hour + ONE,
        }
        for number, text in enumerate(texts)
    ]
    lake.write(RAW_EVENTS, RAW_EVENTS.frame(rows))


def posts(hour: datetime, count: int, words: str = "morning #coffee") -> list[str]:
    """Texts of an hour: those of spam are near copies, all others differ."""
    tails = [str(number) if words == SPAM else hashlib.sha256(b"%d" % number).hexdigest() for number in range(count)]
    return [f"{words} {hour:%H} {tail}" for tail in tails]


def embedded(lake: Lake, hour: datetime) -> int:
    return lake.read_table(EVENT_EMBEDDINGS, hour, hour + ONE, columns=["id"]).height


@pytest.fixture
def tick(instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> Tick:
    """What a tick of the sensor asks for when an hour has ended."""
    settings = load_settings()
    repository = defs().get_repository_def()

    def tick(hour: datetime) -> list[dg.RunRequest]:
        monkeypatch.setattr(postponed, "utc_now", lambda: hour + 1.3 * ONE)
        context = dg.build_sensor_context(
            instance=instance,
            repository_def=repository,
            resources={"lake": LakeResource(settings), "settings": settings},
        )
        found = repository.get_sensor_def("postponed_embeddings").evaluate_tick(context)
        assert found.run_requests or found.skip_message
        return list(found.run_requests or ())

    return tick


def steps(lake: Lake) -> list[int]:
    return lake.read("SELECT step FROM load_checks ORDER BY checked_at")["step"].to_list()


def test_a_flood_is_given_way_to_step_by_step_and_made_up_for(
    instance: DagsterInstance, lake: Lake, run: Live, tick: Tick
) -> None:
    hours = [START + index * ONE for index in range(7)]
    repeated = posts(hours[1], 1)
    flood = [
        posts(hours[0], 2),
        posts(hours[1], 10),
        [*repeated, *posts(hours[2], 9)],
        [*posts(hours[3], 20), *posts(hours[3], 20, SPAM)],
        posts(hours[4], 1),
        posts(hours[5], 1),
        [],
    ]
    found = []
    for hour, texts in zip(hours[:4], flood, strict=False):
        collected(lake, hour, texts)
        found.append(run(hour, 1, "new", *(["topic_activity", "predictions"] if hour == hours[3] else [])))
    assert [item["load"] for item in found] == ["normal", "larger_batches", "embeddings_postponed", "sampled"]
    assert [item["waiting"] for item in found] == [2, 10, 9, 40]
    assert [item["texts_embedded"] for item in found] == [2, 10, 0, 0]
    assert [item["texts_postponed"] for item in found[:3]] == [0, 0, 9]
    spared = found[3]["texts_left_out"]
    assert 0 < spared < 20 and found[3]["texts_postponed"] == 40 - spared
    # A text that is known has its vector all the same; nothing is missing from the events, and all is forecast.
    assert [embedded(lake, hour) for hour in hours[:4]] == [2, 10, 1, 0]
    assert lake.read_table(EVENTS).height == lake.read_table(RAW_EVENTS).height == 62
    assert (lake.read_table(PREDICTIONS, hours[3], hours[4])["source_events_count"]).max() == 42
    assert tick(hours[3]) == []

    for hour, texts in zip(hours[4:], flood[4:], strict=True):
        collected(lake, hour, texts)
        found.append(run(hour))
    assert [item["load"] for item in found[4:]] == ["embeddings_postponed", "larger_batches", "normal"]
    assert [item["texts_embedded"] for item in found[4:]] == [0, 1, 0]
    assert steps(lake) == [0, 1, 2, 3, 2, 1, 0]
    requests = tick(hours[6])
    assert [request.partition_key for request in requests] == [hour_key(hour) for hour in hours[4:1:-1]]
    for request, hour in zip(requests, hours[4:1:-1], strict=True):
        assert request.asset_selection == [AssetKey("event_embeddings")]
        materialize_hours(
            defs(),
            instance,
            HourRange(hour, hour + ONE),
            ["event_embeddings"],
            tags=dict(request.tags),
        )
    assert [embedded(lake, hour) for hour in hours] == [2, 10, 10, 40 - spared, 1, 1, 0]
    assert tick(hours[6]) == [] and shedding_state(lake).postponed == frozenset()

    # The sampled hour collected again falls the same way; a heavier event is never the one that is spared.
    again = run(hours[3], 1, "again")
    assert (again["texts_embedded"], again["texts_left_out"]) == (0, spared)
    weights = lake.read("SELECT edge_weight FROM events ANTI JOIN event_embeddings USING (id)")["edge_weight"]
    assert len(weights) == spared and weights.max() < 1


def flooded(lake: Lake, run: Live, hours: int = 3) -> list[datetime]:
    """Hours of a flood, run live: each climbs one step."""
    found = [START + index * ONE for index in range(hours)]
    for hour in found:
        collected(lake, hour, posts(hour, 40))
        run(hour)
    return found


def test_an_hour_that_is_run_again_climbs_no_further(lake: Lake, run: Live) -> None:
    hours = flooded(lake, run, 2)
    for purpose in ("new", "again", "late", "catch_up"):
        assert run(hours[1], 1, purpose)["load"] == "embeddings_postponed"
    assert shedding_state(lake).postponed == {hours[1]}
    assert steps(lake)[:2] == [1, 2] and set(steps(lake)[2:]) <= {2}


def test_what_somebody_asks_for_is_never_postponed(instance: DagsterInstance, lake: Lake, run: Live) -> None:
    hours = flooded(lake, run)
    assert shedding_state(lake).load is Load.SAMPLED
    assert [embedded(lake, hour) for hour in hours] == [40, 0, 0]
    found = run(hours[0], 3, None)
    assert found["texts_embedded"] == 80 and "load" not in found
    assert [embedded(lake, hour) for hour in hours] == [40, 40, 40]
    assert shedding_state(lake).postponed == frozenset()
    later = START + 5 * ONE
    collected(lake, later, posts(later, 5))
    assert run(later, 1, "asked")["texts_embedded"] == 5
    assert shedding_state(lake).load is Load.SAMPLED


def test_hours_that_were_collected_and_not_taken_in_count_but_no_import(lake: Lake, run: Live) -> None:
    waiting, hour = START, START + 2 * ONE
    collected(lake, waiting, posts(waiting, 6))
    assert run(hour)["waiting"] == 0
    state = {"source": "twitter", "status": "complete", "events": 6, "rejected": 0, "requests": 1, "message": ""}
    lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame([{**state, "hour": waiting, "finished_at": waiting + ONE}]))
    collected(lake, hour + ONE, posts(hour + ONE, 1))
    found = run(hour + ONE)
    assert (found["waiting"], found["load"], found["texts_embedded"]) == (7, "larger_batches", 1)
    run(waiting, 1, "catch_up")
    assert run(hour + 2 * ONE)["waiting"] == 0


def test_where_nothing_is_collected_any_more_the_load_falls_at_the_sensors_ticks(
    lake: Lake, run: Live, tick: Tick
) -> None:
    hours = flooded(lake, run, 2)
    assert tick(hours[1] + ONE) == [] and len(steps(lake)) == 2
    for _ in range(2):
        # The second tick of an hour looks no second time.
        assert [request.partition_key for request in tick(hours[1] + 2 * ONE)] == [hour_key(hours[1])]
        assert shedding_state(lake).load is Load.LARGER_BATCHES
    assert lake.read_table(LOAD_CHECKS)["postponed_hours"].to_list() == [0, 1, 1]


def test_two_runs_that_postpone_at_once_lose_nothing(lake: Lake) -> None:
    settings = load_settings()
    lake.write(LOAD_CHECKS, LOAD_CHECKS.frame([{**LOOK, "step": int(Load.EMBEDDINGS_POSTPONED)}]))
    hours = [START + number * ONE for number in range(8)]

    def postpone(hour: datetime) -> None:
        row = {"id": f"{hour}", "hour": hour, "text_hash": f"{hour}", "edge_weight": 1.0}
        missing = pl.DataFrame([row], schema_overrides={"hour": pl.Datetime("us", "UTC")})
        plan = plan_embeddings(lake, settings, Hours(hour, hour + ONE, "again"), missing)
        assert plan.later == {hour}

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(postpone, hours))
    assert shedding_state(lake).postponed == set(hours)
    assert lake.read_table(DEFERRED_HOURS)["hour"].to_list() == hours


def test_hours_of_another_text_model_are_embedded_again(lake: Lake, run: Live, tick: Tick) -> None:
    collected(lake, START, posts(START, 2))
    run(START)
    assert tick(START) == []
    made = lake.read_table(EVENT_EMBEDDINGS)
    lake.write(EVENT_EMBEDDINGS, made.with_columns(model=pl.lit("another")), START, START + ONE)
    (request,) = tick(START)
    assert request.partition_key == hour_key(START)
    assert request.asset_selection == [AssetKey("event_embeddings")]
    run(START, 1, request.tags[PURPOSE_TAG])
    assert_frame_equal(lake.read_table(EVENT_EMBEDDINGS), made, check_row_order=False)
    assert tick(START) == []
