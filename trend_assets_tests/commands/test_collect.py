"""`trend collect` and what `trend status` says of it, from the mock server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.simulator.server import MockServer
from trend_assets.simulator.serving import Limits
from trend_assets.simulator.world import World
from trend_assets_tests.commands.conftest import Trend, runner

HOUR = timedelta(hours=1)


@pytest.fixture
def server() -> Iterator[MockServer]:
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - 4 * HOUR
    with MockServer(World(seed=3, start=start, events_per_day=3000), limits=Limits(key="right")) as server:
        yield server


@pytest.fixture
def trend(tmp_path: Path) -> Trend:
    return runner(tmp_path / "home", tmp_path)


def test_an_hour_is_collected_source_by_source_with_the_reason_where_it_is_not(
    trend: Trend, server: MockServer, tmp_path: Path
) -> None:
    live = {"TREND_SCHEDULE__ENABLED": "true", "TREND_TWITTER__QUERIES": '[{"text": "lang:en OR -lang:en"}]'}
    for name in ("TWITTER", "YOUTUBE"):
        live |= {f"TREND_{name}__ENABLED": "true", f"TREND_{name}__BASE_URL": server.url}
    live |= {"TREND_TWITTER__BEARER_TOKEN": "wrong", "TREND_TWITTER__MONTHLY_POSTS": "1000000"}
    hour = server.world.start + HOUR
    first = trend("collect", "--hour", f"{hour:%Y-%m-%dT%H:%M}", **live)
    assert first.returncode == 1, first.stderr
    assert "failed" in first.stdout and "skipped" in first.stdout
    assert "twitter: X refuses the key: set a valid TREND_TWITTER__BEARER_TOKEN" in first.stdout
    assert "youtube: no key (TREND_YOUTUBE__API_KEY)" in first.stdout
    told = trend("status", **live)
    assert told.returncode == 0 and "X refuses the key: set a valid TREND_TWITTER__BEARER_TOKEN" in told.stdout
    # The next try is at the schedule's minute.
    assert ":10 " in told.stdout.split("twitter")[1]
    live["TREND_TWITTER__BEARER_TOKEN"] = "right"
    second = trend("collect", "--no-embeddings", "--source", "twitter", "--hour", f"{hour:%Y-%m-%dT%H:%M}", **live)
    assert second.returncode == 0, second.stdout + second.stderr
    assert (
        "complete" in second.stdout
        and "derived anew: raw_events, events" in second.stdout
        and "youtube" not in second.stdout
    )
    lake = Lake(LakeLocation(tmp_path / "home"), read_only=True)
    posts = len(list(server.world.events("twitter", hour, hour + HOUR)))
    assert lake.read("SELECT count(*) FROM raw_events").item() == posts > 10
    assert lake.read("SELECT DISTINCT purpose FROM collection_attempts").rows() == [("asked",)]
    lake.close()


def test_what_cannot_be_asked_is_told_in_one_sentence(trend: Trend) -> None:
    nothing = trend("collect")
    assert nothing.returncode == 1 and "no source is enabled" in nothing.stderr
    trends = {"TREND_GOOGLE_TRENDS__ENABLED": "true"}
    unknown = trend("collect", "--source", "reddit", **trends)
    assert unknown.returncode == 2 and "enabled are google_trends" in unknown.stderr
    future = trend("collect", "--hour", "2999-01-01", **trends)
    assert future.returncode == 2 and "is not over yet" in future.stderr
