"""What a collection leaves behind for the next one: late passes, pauses, reserved budgets, hours given up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from trend_assets.assets import collection_run
from trend_assets.assets.collection_run import collect_hours
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import RAW_EVENTS
from trend_assets.operations.collecting import collection_state
from trend_assets.settings import load_settings
from trend_assets.simulator.server import MockServer
from trend_assets.simulator.serving import Limits
from trend_assets.simulator.world import World
from trend_assets.sources.collection import Purpose

HOUR = timedelta(hours=1)
KEY = "right"


@pytest.fixture(scope="module")
def now() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


@pytest.fixture(scope="module")
def world(now: datetime) -> World:
    return World(seed=3, start=now - 10 * HOUR, events_per_day=1500)


@pytest.fixture
def server(world: World, now: datetime) -> Iterator[MockServer]:
    with MockServer(world, limits=Limits(key=KEY), now=lambda: now + timedelta(minutes=10)) as server:
        yield server


@pytest.fixture
def lake(home: Path, server: MockServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """The lake of a home in which X is set to the mock server."""
    monkeypatch.setenv("TREND_TWITTER__ENABLED", "true")
    monkeypatch.setenv("TREND_TWITTER__BASE_URL", server.url)
    monkeypatch.setenv("TREND_TWITTER__QUERIES", '[{"text": "lang:en OR -lang:en"}]')
    monkeypatch.setenv("TREND_TWITTER__BEARER_TOKEN", KEY)
    monkeypatch.setenv("TREND_TWITTER__MONTHLY_POSTS", "1000000")
    opened = Lake(lake_location(load_settings()))
    yield opened
    opened.close()


def collected(lake: Lake, start: datetime, purpose: Purpose = "new", hours_long: int = 1) -> None:
    asked = collect_hours(lake, load_settings(), start, start + hours_long * HOUR, purpose)
    lake.write(RAW_EVENTS, asked.collected.raw)
    asked.finish()


def test_a_late_pass_keeps_changed_payloads_beside_the_first_ones(
    lake: Lake, server: MockServer, now: datetime
) -> None:
    start = now - 2 * HOUR
    collected(lake, start)
    first = lake.read_table(RAW_EVENTS)
    server.now = lambda: now + 24 * HOUR
    collected(lake, start, "late")
    assert lake.read_table(RAW_EVENTS).equals(first)
    changed = lake.read("""
        SELECT r.raw_data AS before, o.raw_data AS after FROM observations o JOIN raw_events r USING (id, hour, source)
    """)
    assert changed.height > 10 and (changed["before"] != changed["after"]).all()
    told = lake.read(
        "SELECT purpose, status, events, added, repeated, changed FROM collection_attempts ORDER BY started_at"
    )
    assert told.rows() == [
        ("new", "complete", first.height, first.height, 0, 0),
        ("late", "complete", first.height, 0, first.height, changed.height),
    ]
    collected(lake, start, "late")
    assert lake.read("SELECT count(*) FROM observations").item() == changed.height
    assert lake.read("SELECT status, events FROM collection_status").rows() == [("complete", first.height)]


def test_a_post_with_the_id_of_another_one_is_rejected_and_the_others_are_collected(
    lake: Lake, server: MockServer, now: datetime
) -> None:
    start = now - 2 * HOUR
    collected(lake, start)
    before = lake.read_table(RAW_EVENTS)
    # As if a file had brought another post under this id, forty days earlier.
    with lake.transaction() as connection:
        taken = "timestamp = timestamp - INTERVAL 960 HOUR, hour = hour - INTERVAL 960 HOUR, raw_data = raw_data || ' '"
        connection.execute(f"UPDATE raw_events SET {taken} WHERE id = ?", [before["id"][0]])
    collected(lake, start, "late")
    assert sorted(lake.read_table(RAW_EVENTS)["id"]) == sorted(before["id"])
    (rejected,) = lake.read("SELECT raw_data, reason FROM rejected_events").rows(named=True)
    assert before["content_id"][0] in rejected["raw_data"] and "already that of another post" in rejected["reason"]
    told = lake.read("SELECT status, added, repeated FROM collection_attempts ORDER BY started_at DESC LIMIT 1")
    assert told.row(0) == ("complete", 0, before.height - 1)
    assert lake.read("SELECT status, rejected FROM collection_status").rows() == [("complete", 1)]


def test_what_must_not_be_stored_counts_as_not_given_and_is_asked_again(lake: Lake, now: datetime) -> None:
    start = now - 2 * HOUR
    refused = collect_hours(lake, load_settings(), start, start + HOUR, "new", "twitter").refused("it was bad")
    lake.write(RAW_EVENTS, refused.collected.raw)
    refused.finish()
    assert lake.read_table(RAW_EVENTS).is_empty() and lake.read("FROM observations").is_empty()
    told = lake.read("SELECT status, failure, message, retry_at > now() FROM collection_status")
    assert told.row(0) == ("failed", "unexpected", "it was bad", True)
    collected(lake, start, "asked")
    assert lake.read_table(RAW_EVENTS).height > 10
    assert lake.read("SELECT status FROM collection_status").item() == "complete"


def test_a_late_pass_that_fails_says_nothing_of_what_was_collected(
    lake: Lake, server: MockServer, now: datetime
) -> None:
    start = now - 2 * HOUR
    collected(lake, start)
    server.limits.key = "another"
    collected(lake, start, "late")
    assert lake.read("SELECT status, message FROM collection_status").rows() == [("complete", "")]
    last = "SELECT purpose, status, failure FROM collection_attempts ORDER BY started_at DESC LIMIT 1"
    assert lake.read(last).row(0) == ("late", "failed", "auth")


def test_a_refused_key_is_tried_with_growing_pauses_and_at_once_by_hand(
    lake: Lake, server: MockServer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.limits.key = "another"
    clock = now + timedelta(minutes=10)
    monkeypatch.setattr(collection_run, "utc_now", lambda: clock)
    sent = []
    for tick in range(16):
        clock = now + tick * HOUR + timedelta(minutes=10)
        before = len(server.requests)
        collected(lake, now - HOUR)
        if len(server.requests) > before:
            sent.append(tick)
    gaps = [later - earlier for earlier, later in pairwise(sent)]
    assert sent[0] == 0 and gaps == sorted(gaps) and gaps[0] == 1 and 3 <= gaps[-1] <= 8
    server.limits.key = KEY
    before = len(server.requests)
    collected(lake, now - HOUR)
    assert len(server.requests) == before
    state = lake.read("SELECT status, failure, retry_at > ? FROM collection_status", [clock])
    assert state.row(0) == ("failed", "auth", True)
    clock += timedelta(minutes=1)
    collected(lake, now - HOUR, "asked")
    assert lake.read("SELECT status, failure, retry_at FROM collection_status").row(0) == ("complete", "", None)
    clock += timedelta(minutes=1)
    collected(lake, now - 2 * HOUR)
    assert set(lake.read("SELECT status FROM collection_status")["status"]) == {"complete"}


def test_what_a_killed_collection_might_have_spent_counts_as_spent(
    lake: Lake, server: MockServer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TREND_TWITTER__MONTHLY_POSTS", "100")
    late_in_the_month = (now.replace(day=1, hour=0) + timedelta(days=32)).replace(day=1) - HOUR
    monkeypatch.setattr(collection_run, "utc_now", lambda: late_in_the_month)
    for back in (1, 2, 3):
        collect_hours(lake, load_settings(), now - back * HOUR, now - (back - 1) * HOUR, "new")
        spent = collection_state(lake, late_in_the_month, late_in_the_month, late_in_the_month).ledger.posts
        assert server.limits.posts_given <= spent <= 100
    assert set(lake.read("SELECT status FROM collection_attempts")["status"]) == {"running"}
    assert server.limits.posts_given >= 10


def test_a_collection_that_ends_gives_back_what_it_did_not_spend(lake: Lake, server: MockServer, now: datetime) -> None:
    collected(lake, now - HOUR)
    now = datetime.now(UTC)
    assert collection_state(lake, now, now, now).ledger.posts == server.limits.posts_given > 0
    assert "running" not in lake.read("SELECT status FROM collection_attempts")["status"]


def test_what_another_collection_holds_of_the_budget_is_asked_for_soon_and_else_when_it_begins_anew(
    lake: Lake, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TREND_TWITTER__MONTHLY_POSTS", "10")
    clock = (now.replace(day=1, hour=0) + timedelta(days=32)).replace(day=1) - HOUR
    monkeypatch.setattr(collection_run, "utc_now", lambda: clock)
    retry = "SELECT failure, retry_at FROM collection_status WHERE hour = ?"
    at_work = collect_hours(lake, load_settings(), now - HOUR, now, "new")
    collected(lake, now - 2 * HOUR, "again")
    assert lake.read(retry, [now - 2 * HOUR]).row(0) == ("budget", clock + HOUR / 4)
    at_work.finish()
    collected(lake, now - 3 * HOUR, "again")
    assert lake.read(retry, [now - 3 * HOUR]).row(0) == ("budget", clock + HOUR)


def test_a_catch_up_asks_only_for_what_is_missing(lake: Lake, server: MockServer, now: datetime) -> None:
    collected(lake, now - 6 * HOUR)
    collected(lake, now - 4 * HOUR)
    before = len(server.requests)
    collected(lake, now - 6 * HOUR, "catch_up", 5)
    starts = [parameters["start_time"][:13] for _, parameters in server.requests[before:]]
    assert sorted(set(starts)) == [f"{now - back * HOUR:%Y-%m-%dT%H}" for back in (5, 3, 2)]
    assert set(lake.read("SELECT status FROM collection_status")["status"]) == {"complete"}
    counted = lake.read("SELECT hour, count(*), count(DISTINCT id) FROM raw_events GROUP BY hour")
    assert counted.height == 5 and counted["count_star()"].equals(counted["count(DISTINCT id)"], check_names=False)


def test_after_a_long_downtime_what_is_too_old_is_skipped_with_the_reason(
    lake: Lake, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TREND_SCHEDULE__CATCH_UP_HOURS", "3")
    # The suite may run across the turn of an hour.
    monkeypatch.setattr(collection_run, "utc_now", lambda: now + timedelta(minutes=10))
    collected(lake, now - 9 * HOUR)
    collected(lake, now - HOUR)
    told = lake.read("SELECT hour, message FROM collection_status WHERE status = 'skipped' ORDER BY hour").rows()
    assert [hour for hour, _ in told] == [now - back * HOUR for back in (8, 7, 6, 5)]
    assert "up to 3 h later (schedule.catch_up_hours)" in told[0][1]
