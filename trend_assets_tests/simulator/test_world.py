"""The world repeats itself, hour by hour, whatever was asked before."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from trend_assets.simulator.collector import SimulatedCollector
from trend_assets.simulator.world import Volume, World

SOURCES = ("twitter", "youtube", "google_trends")
HOUR = timedelta(hours=1)


def received(world: World, start: datetime, end: datetime) -> list[tuple[str, str]]:
    return [payload for source in SOURCES for payload in SimulatedCollector(source, world).receive(start, end)]


def test_same_seed_same_bytes_in_another_process_with_another_hash_seed(start: datetime) -> None:
    here = sha256(repr(received(World(11, start), start, start + timedelta(days=2))).encode()).hexdigest()
    script = (
        "from datetime import datetime, timedelta; from hashlib import sha256\n"
        "from trend_assets.simulator.collector import SimulatedCollector\n"
        "from trend_assets.simulator.world import World\n"
        f"start = datetime.fromisoformat({start.isoformat()!r}); world = World(11, start)\n"
        f"got = [p for s in {SOURCES!r}"
        " for p in SimulatedCollector(s, world).receive(start, start + timedelta(days=2))]\n"
        "print(sha256(repr(got).encode()).hexdigest())"
    )
    environment = {"PYTHONHASHSEED": "12345", "PYTHONPATH": ":".join(sys.path)}
    there = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    assert there.stdout.strip() == here


def test_hours_asked_in_any_order_or_twice_are_the_same(start: datetime) -> None:
    forward, backward = World(3, start), World(3, start)
    hours = [start + HOUR * index for index in range(72)]
    in_order = [received(forward, hour, hour + HOUR) for hour in hours]
    last_first = [received(backward, hour, hour + HOUR) for hour in reversed(hours)]
    assert in_order == last_first[::-1]
    assert in_order == [received(forward, hour, hour + HOUR) for hour in hours]
    assert sum(map(len, in_order)) > 1000


def test_disjoint_hours_partition_the_range(world: World, start: datetime) -> None:
    end = start + timedelta(days=3)
    for source in SOURCES:
        collector = SimulatedCollector(source, world)
        whole = list(collector.receive(start, end))
        by_hour = [
            p for index in range(72) for p in collector.receive(start + HOUR * index, start + HOUR * (index + 1))
        ]
        assert whole == by_hour
        quarters = [
            payload
            for index in range(72 * 4)
            for payload in collector.receive(start + HOUR * index / 4, start + HOUR * (index + 1) / 4)
        ]
        assert whole == quarters


def test_threads_see_one_world(start: datetime) -> None:
    shared, alone = World(5, start), World(5, start)
    hours = [start + HOUR * index for index in range(48)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda hour: received(shared, hour, hour + HOUR), hours))
    assert together == [received(alone, hour, hour + HOUR) for hour in hours]


def test_another_seed_is_another_world(start: datetime) -> None:
    day = start + timedelta(days=1)
    assert received(World(1, start), start, day) != received(World(2, start), start, day)


def test_nothing_happens_before_the_start(world: World, start: datetime) -> None:
    assert received(world, start - timedelta(days=2), start) == []
    assert received(world, start - HOUR, start + HOUR) == received(world, start, start + HOUR)


def test_events_lie_inside_the_asked_time_and_in_order(world: World, start: datetime) -> None:
    first, last = start + timedelta(hours=20, minutes=7, seconds=5), start + timedelta(hours=31, seconds=1)
    for source in SOURCES:
        times = [event.milliseconds // 1000 for event in world.events(source, first, last)]
        assert times == sorted(times)
        assert first.timestamp() <= times[0] and times[-1] < last.timestamp()


def test_nobody_answers_what_comes_later(world: World, start: datetime) -> None:
    posts = list(world.events("twitter", start, start + timedelta(days=10)))
    answers = [post for post in posts if post.parent is not None]
    assert len(answers) > 500
    assert all(post.parent.milliseconds < post.milliseconds for post in answers)
    assert len({post.id for post in posts}) == len(posts)
    assert [int(post.id) for post in posts] == sorted(int(post.id) for post in posts)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"start": datetime(2026, 1, 5)}, "no time zone"),
        ({"start": datetime(2026, 1, 5, 0, 30, tzinfo=UTC)}, "full hour"),
        ({"start": datetime(2009, 1, 5, tzinfo=UTC)}, "2010-11-04"),
        ({"start": datetime(2026, 1, 5, tzinfo=UTC), "users": 1}, "2 users"),
        ({"start": datetime(2026, 1, 5, tzinfo=UTC), "events_per_day": 0.0}, "some events"),
    ],
)
def test_a_world_that_cannot_be_says_why(arguments: dict, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        World(seed=1, **arguments)


def test_naive_times_are_refused(world: World, start: datetime) -> None:
    naive = start.replace(tzinfo=None)
    with pytest.raises(ValueError, match="time zone"):
        world.hour(naive)
    with pytest.raises(ValueError, match="time zone"):
        next(world.events("twitter", naive, start + HOUR))


def test_a_start_within_a_day_and_without_warm_up(start: datetime) -> None:
    begin = start + timedelta(hours=17)
    world = World(4, begin, users=50, events_per_day=300.0, volume=Volume(warm_up_hours=0))
    posts = list(world.events("twitter", begin, begin + timedelta(days=2)))
    assert len(posts) > 200
    assert min(post.milliseconds for post in posts) >= begin.timestamp() * 1000
