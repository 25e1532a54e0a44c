"""Comments of YouTube after a downtime that takes several ticks to make up for, asked over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trend_assets.assets import collection_run
from trend_assets.assets.collection_run import collect_hours
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import RAW_EVENTS
from trend_assets.operations.catching_up import catch_up, missed_hours
from trend_assets.settings import load_settings
from trend_assets.simulator.server import MockServer
from trend_assets.simulator.timeline import Comment, Video
from trend_assets.simulator.world import World
from trend_assets.sources.collection import Purpose

HOUR = timedelta(hours=1)
START = datetime(2026, 1, 5, tzinfo=UTC)
#: Between the last hourly tick and the first one after it; a tick catches up on 48 hours.
ASLEEP = 100
TWO_DAYS = 48 * HOUR


@dataclass(frozen=True)
class Machine:
    """What ticks: the hour that has ended, and what was missed."""

    lake: Lake
    server: MockServer
    patch: pytest.MonkeyPatch

    def tick(self, at: datetime) -> int:
        """Returns the quota units that it took."""
        before, now = self.server.limits.units_spent, self.set_clock(at)
        self.collect(at - HOUR, at, "new")
        for due in catch_up(missed_hours(self.lake, ["youtube"], at - 169 * HOUR, at - HOUR, now)):
            self.collect(due.start, due.end, "catch_up")
        return self.server.limits.units_spent - before

    def set_clock(self, at: datetime) -> datetime:
        """Ten minutes after an hour has ended."""
        now = at + timedelta(minutes=10)
        self.server.now = lambda: now
        self.patch.setattr(collection_run, "utc_now", lambda: now)
        return now

    def collect(self, start: datetime, end: datetime, purpose: Purpose) -> None:
        run = collect_hours(self.lake, load_settings(), start, end, purpose)
        self.lake.write(RAW_EVENTS, run.collected.raw)
        run.finish()

    def states(self) -> list[str]:
        """Of all hours, the oldest first."""
        return self.lake.read("SELECT status FROM collection_status ORDER BY hour")["status"].to_list()


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=3, start=START, events_per_day=500)


@pytest.fixture
def machine(home: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    with MockServer(world, lambda: START) as server:
        settings = {"ENABLED": "true", "BASE_URL": server.url, "QUERIES": '[""]', "REGIONS": "[]", "API_KEY": "a key"}
        for name, value in {**settings, "DAILY_UNITS": "10000000"}.items():
            monkeypatch.setenv(f"TREND_YOUTUBE__{name}", value)
        monkeypatch.setenv("TREND_SCHEDULE__CATCH_UP_HOURS", "168")
        lake = Lake(lake_location(load_settings()))
        yield Machine(lake, server, monkeypatch)
        lake.close()


def had(world: World, end: datetime) -> dict[str, datetime]:
    """Uploads, and comments under videos that are followed in their hour."""
    found = {}
    for event in world.events("youtube", START, end):
        at = datetime.fromtimestamp(event.milliseconds / 1000, UTC).replace(minute=0, second=0, microsecond=0)
        since = max(START, at - TWO_DAYS).timestamp() * 1000
        if isinstance(event, Video) or (isinstance(event, Comment) and event.video.milliseconds >= since):
            found[event.id] = at
    return found


def kept(lake: Lake) -> list[tuple[str, datetime]]:
    return lake.read("SELECT content_id, hour FROM raw_events").rows()


def test_comments_that_cross_from_one_step_of_a_catch_up_to_the_next_are_had(machine: Machine, world: World) -> None:
    for hour in range(1, 4):
        machine.tick(START + hour * HOUR)
    awake = START + (3 + ASLEEP) * HOUR
    steps = [machine.tick(awake + hour * HOUR) for hour in range(3)]
    # The newest hours were collected before the hours of the videos under which they have comments.
    assert machine.states()[-1] == "partial"
    last = machine.tick(awake + 3 * HOUR)
    assert set(machine.states()) == {"complete", "empty"} and len(machine.states()) == 3 + ASLEEP + 3
    there = had(world, awake + 3 * HOUR)
    assert len(there) > 150 and sorted(kept(machine.lake)) == sorted(there.items())
    # An hour takes a search and an answer about what it found; the rest are comments, each page once a run.
    assert sum(steps) + last < (3 + ASLEEP + 3) * 101 + 500


def test_a_second_look_asks_for_nothing_but_the_comments_of_videos_that_came_later(
    machine: Machine, world: World
) -> None:
    middle, end = START + 12 * HOUR, START + 18 * HOUR
    machine.set_clock(end)
    machine.collect(START, START + HOUR, "new")
    machine.collect(middle, end, "asked")
    machine.collect(START + HOUR, middle, "catch_up")
    assert set(machine.states()[:12]) == {"complete", "empty"} and set(machine.states()[12:]) == {"partial"}
    before = len(machine.server.requests)
    machine.set_clock(end + HOUR)
    machine.collect(middle, end, "catch_up")
    asked = [(path, parameters["videoId"]) for path, parameters in machine.server.requests[before:]]
    earlier = {event.id for event in world.events("youtube", START, middle) if isinstance(event, Video)}
    assert sorted(asked) == sorted(("/youtube/v3/commentThreads", video) for video in earlier)
    assert set(machine.states()) == {"complete", "empty"}
    assert sorted(kept(machine.lake)) == sorted(had(world, end).items())
    before = len(machine.server.requests)
    machine.set_clock(end + 2 * HOUR)
    machine.collect(middle, end, "asked")
    assert len(machine.server.requests) == before
    machine.collect(START, middle, "late")
    assert set(machine.states()) == {"complete", "empty"}
