"""Thirty simulated days on the smallest plans of X and YouTube, beside a collector that spends as it goes.

Measures what is spent, by the server's own count, and what of the posts is still collected.

    python -m trend_assets_tests.benchmarks.budgets
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest import mock

from trend_assets.operations.collecting import Ledger
from trend_assets.periods import pacific_day
from trend_assets.settings import load_settings
from trend_assets.simulator.server import MockServer
from trend_assets.simulator.timeline import Video
from trend_assets.simulator.world import World
from trend_assets.sources import collector
from trend_assets.sources.collection import collect

HOUR = timedelta(hours=1)
#: A month of thirty days; it begins a little before, so that videos of yesterday are followed.
START = datetime(2026, 6, 1, tzinfo=UTC)
_CLOCK = [START]


def clock() -> datetime:
    return _CLOCK[0]


@contextmanager
def first_come_first_served() -> Iterator[None]:
    """All that is left may be spent at once."""
    with mock.patch("trend_assets.assets.collectors.allowance", lambda limit, used, *_: max(limit - used, 0)):
        yield


def spent_by(source: str, server: MockServer) -> int:
    return server.limits.posts_given if source == "twitter" else server.limits.units_spent


def measured(source: str, hours: int, world: World) -> dict[str, object]:
    """One source through the month, hour by hour, with a ledger that is kept as the lake keeps it."""
    from trend_assets.assets.collectors import enabled_collectors

    given: dict[datetime, int] = {}
    by_period: dict[datetime, int] = defaultdict(int)
    videos: dict[str, datetime] = {}
    with MockServer(world, clock) as server:
        os.environ[f"TREND_{source.upper()}__BASE_URL"] = server.url
        settings = load_settings()
        for index in range(hours):
            hour = START + index * HOUR
            _CLOCK[0] = now = hour + HOUR + timedelta(minutes=10)
            period = pacific_day(now)[0] if source == "youtube" else START
            used = by_period[period]
            ledger = Ledger(now, posts=used, units=used, videos=videos)
            before = spent_by(source, server)
            found = collect(enabled_collectors(settings, ledger), hour, hour + HOUR, clock)
            by_period[period] += spent_by(source, server) - before
            kept = found.raw.filter(found.raw["event_type"] != "trending")
            given[hour] = kept["id"].n_unique()
            videos |= dict(kept.filter(event_type="upload").select("content_id", "timestamp").rows())
    had = had_by_hour(source, hours, world)
    return {
        "most_spent_in_a_period": max(by_period.values()),
        "spent": sum(by_period.values()),
        "share_of_posts": round(sum(given.values()) / sum(had.values()), 3),
        "share_of_hours_with_posts": round(
            sum(given[hour] > 0 for hour in had if had[hour]) / sum(map(bool, had.values())), 3
        ),
        "days_without_a_post": days_without(given),
        "worst_day_share": worst_day(given, had),
    }


def had_by_hour(source: str, hours: int, world: World) -> dict[datetime, int]:
    """Posts, or videos and comments under videos of the month, that the server had."""
    known = {event.id for event in world.events("youtube", START, START + hours * HOUR) if isinstance(event, Video)}
    had = {}
    for hour in (START + index * HOUR for index in range(hours)):
        events = world.events(source, hour, hour + HOUR)  # type: ignore[arg-type]
        had[hour] = sum(source == "twitter" or isinstance(event, Video) or event.video.id in known for event in events)  # type: ignore[union-attr]
    return had


def by_day(counts: dict[datetime, int]) -> dict[datetime, int]:
    days: dict[datetime, int] = defaultdict(int)
    for hour, count in counts.items():
        days[hour.replace(hour=0)] += count
    return days


def days_without(given: dict[datetime, int]) -> int:
    return sum(count == 0 for count in by_day(given).values())


def worst_day(given: dict[datetime, int], had: dict[datetime, int]) -> float:
    wanted, got = by_day(had), by_day(given)
    return round(min(got[day] / wanted[day] for day in wanted if wanted[day]), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=30)
    options = parser.parse_args()
    # Before the client libraries are imported: they take the clock by name.
    collector.utc_now = clock
    plans = {
        "twitter": {
            "QUERIES": '[{"text": "lang:en OR -lang:en"}]', "MONTHLY_POSTS": "10000", "BEARER_TOKEN": "dummy",
        },
        # Eight searches an hour would take 19,000 units a day.
        "youtube": {
            "QUERIES": '["b", "g", "k", "v", "w", "y", "f", "z"]', "DAILY_UNITS": "10000", "API_KEY": "dummy",
            "SEARCH_PAGES": "1",
        },
    }  # fmt: skip
    worlds = {"twitter": World(5, START, events_per_day=1500), "youtube": World(5, START, events_per_day=200)}
    for source, plan in plans.items():
        for name in plans:
            os.environ[f"TREND_{name.upper()}__ENABLED"] = str(name == source).lower()
        os.environ |= {f"TREND_{source.upper()}__{name}": value for name, value in plan.items()}
        began = time.perf_counter()
        even = measured(source, options.days * 24, worlds[source])
        with first_come_first_served():
            greedy = measured(source, options.days * 24, worlds[source])
        figures = {"planned": even, "first_come_first_served": greedy, "seconds": round(time.perf_counter() - began, 1)}
        print(json.dumps({source: figures}, indent=2), flush=True)


if __name__ == "__main__":
    main()
