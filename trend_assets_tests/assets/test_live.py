"""Live sources through the assets, from the mock server into the lake."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from dagster import AssetCheckEvaluation, AssetCheckSeverity, AssetKey, DagsterEventType, DagsterInstance

from trend_assets.assets.collectors import enabled_collectors
from trend_assets.automation.instance import open_instance
from trend_assets.definitions import defs
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import COLLECTION_ATTEMPTS, COLLECTION_STATUS, RAW_EVENTS
from trend_assets.launch import HourRange, materialize_hours
from trend_assets.operations.collecting import collection_state
from trend_assets.periods import hour_key, month
from trend_assets.settings import Settings, SettingsError, load_settings
from trend_assets.simulator.faults import Faults
from trend_assets.simulator.server import MockServer
from trend_assets.simulator.serving import Limits
from trend_assets.simulator.timeline import Video
from trend_assets.simulator.world import World
from trend_assets.sources.collection import collect
from trend_assets.sources.collector import utc_now

HOUR = timedelta(hours=1)
SENTINEL = "sentinel-key-2"


@pytest.fixture(scope="module")
def now() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


@pytest.fixture(scope="module")
def world(now: datetime) -> World:
    return World(seed=3, start=now - 30 * HOUR, events_per_day=3000)


@pytest.fixture
def server(world: World) -> Iterator[MockServer]:
    with MockServer(world, limits=Limits(key=SENTINEL)) as server:
        yield server


@pytest.fixture
def live(home: Path, server: MockServer, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """All live sources set to the mock server."""
    for name in ("TWITTER", "YOUTUBE", "GOOGLE_TRENDS", "BLUESKY", "MASTODON"):
        monkeypatch.setenv(f"TREND_{name}__ENABLED", "true")
        if name != "MASTODON":
            monkeypatch.setenv(f"TREND_{name}__BASE_URL", server.url)
    monkeypatch.setenv("TREND_MASTODON__INSTANCES", orjson.dumps([server.url]).decode())
    monkeypatch.setenv("TREND_MASTODON__TRENDS", "false")
    monkeypatch.setenv("TREND_BLUESKY__QUERIES", '["*"]')
    monkeypatch.setenv("TREND_TWITTER__QUERIES", '[{"text": "lang:en OR -lang:en"}]')
    monkeypatch.setenv("TREND_YOUTUBE__QUERIES", '[""]')
    monkeypatch.setenv("TREND_YOUTUBE__REGIONS", "[]")
    monkeypatch.setenv("TREND_TWITTER__BEARER_TOKEN", SENTINEL)
    monkeypatch.setenv("TREND_YOUTUBE__API_KEY", SENTINEL)
    return monkeypatch


def collected(start: datetime, hours: int = 1) -> tuple[Settings, Lake]:
    settings = load_settings()
    instance = open_instance(settings)
    materialize_hours(defs(), instance, HourRange(start, start + hours * HOUR), ("sources/*", "raw_events"))
    return settings, Lake(lake_location(settings))


def evaluations(instance: DagsterInstance) -> dict[tuple[str, str], AssetCheckEvaluation]:
    """What the checks of the newest run said."""
    logs = instance.all_logs(instance.get_runs(limit=1)[0].run_id, of_type=DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [log.dagster_event.asset_check_evaluation_data for log in logs if log.dagster_event]
    return {(evaluation.asset_key.to_user_string(), evaluation.check_name): evaluation for evaluation in found}


def materialized(instance: DagsterInstance, name: str) -> set[str]:
    return set(instance.get_materialized_partitions(AssetKey.from_user_string(name)))


def asked(start: datetime, now: datetime | None = None) -> Lake:
    """One hour as the asset asks for it, without a Dagster run around it."""
    settings, now = load_settings(), now or datetime.now(UTC)
    lake = Lake(lake_location(settings))
    before = collection_state(lake, start, start + HOUR, now)
    collectors = enabled_collectors(settings, before.ledger)
    found = collect(collectors, start, start + HOUR, utc_now, before.earlier, before.held)
    lake.write(RAW_EVENTS, found.raw)
    lake.write(COLLECTION_STATUS, found.status)
    lake.write(COLLECTION_ATTEMPTS, found.attempts)
    return lake


def status(lake: Lake) -> dict[str, tuple[str, str]]:
    rows = lake.read("SELECT source, status, message FROM collection_status ORDER BY hour").rows()
    return {source: (state, message) for source, state, message in rows}


def secrets_in(home: Path) -> list[Path]:
    """Files of a run (records, logs, lake) that hold the key, byte by byte."""
    files = [path for path in home.rglob("*") if path.is_file()]
    assert files
    return [path for path in files if SENTINEL.encode() in path.read_bytes()]


def test_what_the_server_had_is_in_the_lake_once_and_no_secret_is_left(
    live: pytest.MonkeyPatch, world: World, now: datetime
) -> None:
    live.setenv("TREND_LOG_LEVEL", "DEBUG")
    live.setenv("TREND_TWITTER__MONTHLY_POSTS", "1000000")
    live.setenv("TREND_YOUTUBE__DAILY_UNITS", "1000000")
    start = now - 4 * HOUR
    collected(start, 3)
    settings, lake = collected(start, 3)
    # At some hours of the day a source has nothing.
    assert {"complete"} <= {state for state, _ in status(lake).values()} <= {"complete", "empty"}
    counts = dict(lake.read("SELECT source, count(*) FROM raw_events GROUP BY source").rows())
    posts = list(world.events("twitter", start, start + 3 * HOUR))
    assert counts["twitter"] == len(posts) > 100
    for source in ("bluesky", "mastodon"):
        assert counts[source] == len(list(world.events(source, start, start + 3 * HOUR))) > 50
    videos = [event for event in world.events("youtube", start, start + 3 * HOUR) if isinstance(event, Video)]
    uploads = "SELECT count(*), count(DISTINCT id) FROM raw_events WHERE event_type = 'upload'"
    assert lake.read(uploads).row(0) == (len(videos), len(videos))
    told = "SELECT sum(events)::BIGINT FROM collection_status WHERE source = 'twitter'"
    assert lake.read(told).item() == len(posts)
    assert secrets_in(settings.home) == []


def test_no_secret_is_left_by_runs_whose_sources_fail(
    live: pytest.MonkeyPatch,
    server: MockServer,
    now: datetime,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    live.setenv("TREND_LOG_LEVEL", "DEBUG")
    caplog.set_level(logging.DEBUG)
    server.faults = Faults(1.0, ("401", "403", "clock_skew", "redirect", "truncated"))
    settings, lake = collected(now - 3 * HOUR)
    assert {state for state, _ in status(lake).values()} == {"failed"}
    assert len(server.requests) >= 5 and len(caplog.records) > 5
    printed = capfd.readouterr()
    assert SENTINEL not in caplog.text + printed.out + printed.err
    assert secrets_in(settings.home) == []


def test_keys_that_are_missing_or_wrong_are_told_and_the_others_go_on(live: pytest.MonkeyPatch, now: datetime) -> None:
    live.delenv("TREND_TWITTER__BEARER_TOKEN")
    live.setenv("TREND_YOUTUBE__API_KEY", "wrong")
    lake = asked(now - HOUR)
    told = status(lake)
    assert told["twitter"] == ("skipped", "no key (TREND_TWITTER__BEARER_TOKEN)")
    assert told["youtube"][0] == "failed" and "TREND_YOUTUBE__API_KEY" in told["youtube"][1]
    # The simulated chart of some hours names nothing.
    assert told["google_trends"] in {("complete", ""), ("empty", "")}


def test_a_source_that_fails_is_a_gap_of_its_own_and_collected_anew_by_materializing_it(
    live: pytest.MonkeyPatch, now: datetime
) -> None:
    live.delenv("TREND_TWITTER__BEARER_TOKEN")
    live.setenv("TREND_YOUTUBE__API_KEY", "wrong")
    hour = HourRange(now - HOUR, now)
    instance = open_instance(load_settings())
    materialize_hours(defs(), instance, hour, ("sources/*", "raw_events", "events"))
    key = {hour_key(now - HOUR)}
    for name in ("sources/mastodon", "sources/bluesky", "raw_events", "events"):
        assert materialized(instance, name) == key
    for name in ("sources/twitter", "sources/youtube"):
        assert materialized(instance, name) == set()
    told = evaluations(instance)
    assert told["sources/mastodon", "answered"].passed
    skipped, failed = (told[f"sources/{name}", "answered"] for name in ("twitter", "youtube"))
    assert (skipped.passed, skipped.severity, skipped.description) == (
        False,
        AssetCheckSeverity.WARN,
        "skipped: no key (TREND_TWITTER__BEARER_TOKEN)",
    )
    assert (failed.passed, failed.severity) == (False, AssetCheckSeverity.ERROR)
    assert "TREND_YOUTUBE__API_KEY" in str(failed.description)
    live.setenv("TREND_YOUTUBE__API_KEY", SENTINEL)
    materialize_hours(defs(), instance, hour, ("sources/youtube",))
    assert materialized(instance, "sources/youtube") == key
    assert evaluations(instance)["sources/youtube", "answered"].passed
    assert materialized(instance, "sources/twitter") == set()


def test_of_a_range_only_the_hours_that_were_read_are_materialized(
    live: pytest.MonkeyPatch, server: MockServer, now: datetime
) -> None:
    live.setenv("TREND_TWITTER__MONTHLY_POSTS", "1000000")
    # An hour has one page of posts or two.
    server.limits.x_requests = 2
    settings = load_settings()
    instance = open_instance(settings)
    materialize_hours(defs(), instance, HourRange(now - 3 * HOUR, now), ("sources/twitter", "raw_events"))
    # The oldest hour is asked first, and the rate limit was reached after it.
    states = dict(Lake(lake_location(settings)).read("SELECT hour, status FROM collection_status").rows())
    read = {hour_key(hour) for hour, state in states.items() if state in ("complete", "empty")}
    assert materialized(instance, "sources/twitter") == read and 0 < len(read) < len(states) == 3, states
    assert len(materialized(instance, "raw_events")) == 3
    result = evaluations(instance)["sources/twitter", "answered"]
    assert not result.passed and result.metadata["hours_incomplete"].value == 3 - len(read)


def test_a_source_that_said_when_to_come_back_is_left_alone_until_then(
    live: pytest.MonkeyPatch, server: MockServer, now: datetime
) -> None:
    server.limits.x_requests = 0
    live.setenv("TREND_TWITTER__MONTHLY_POSTS", "1000000")
    asked(now - HOUR)
    sent = len([path for path, _ in server.requests if path.startswith("/2/")])
    server.limits.x_requests = 450
    lake = asked(now - 2 * HOUR)
    assert len([path for path, _ in server.requests if path.startswith("/2/")]) == sent == 1
    state, message = lake.read(
        "SELECT status, message FROM collection_status WHERE source = 'twitter' AND hour = ?", [now - 2 * HOUR]
    ).row(0)
    assert state == "failed" and "X's rate limit is reached" in message


def test_the_ledger_survives_a_restart_and_bounds_what_is_spent(
    live: pytest.MonkeyPatch, server: MockServer, now: datetime
) -> None:
    live.setenv("TREND_TWITTER__MONTHLY_POSTS", "25")
    late = month(datetime.now(UTC))[1] - HOUR
    for back in range(1, 6):
        lake = asked(now - back * HOUR, late)
    now = datetime.now(UTC)
    assert collection_state(lake, now, now, now).ledger.posts == server.limits.posts_given
    assert 10 <= server.limits.posts_given <= 25
    state, message = status(lake)["twitter"]
    assert state in ("partial", "failed") and "the month's 25 posts" in message


def test_the_simulated_world_and_a_real_source_exclude_each_other(live: pytest.MonkeyPatch) -> None:
    live.setenv("TREND_SIMULATOR__ENABLED", "true")
    with pytest.raises(SettingsError, match=r"twitter\.enabled"):
        enabled_collectors(load_settings())
