"""What every collector keeps to, asked over real HTTP through the real client libraries."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from trend_assets.simulator.bluesky import uri
from trend_assets.simulator.faults import Faults
from trend_assets.simulator.mastodon import status_uri
from trend_assets.simulator.server import MockServer
from trend_assets.simulator.server_mastodon import HOST
from trend_assets.simulator.serving import Limits
from trend_assets.simulator.timeline import Comment, Post, Search, Video
from trend_assets.simulator.world import World
from trend_assets.sources.bluesky.collector import BlueskyAccess, BlueskyCollector
from trend_assets.sources.collection import Collected, Earlier, collect
from trend_assets.sources.collector import Collector, CollectorError
from trend_assets.sources.event import Payload
from trend_assets.sources.google_trends.collector import GoogleTrendsAccess, GoogleTrendsCollector
from trend_assets.sources.mastodon.collector import MastodonAccess, MastodonCollector
from trend_assets.sources.registry import parse
from trend_assets.sources.retrying import ATTEMPTS, retrying
from trend_assets.sources.twitter.collector import Query, TwitterAccess, TwitterCollector
from trend_assets.sources.youtube.collector import YouTubeAccess, YouTubeCollector
from trend_assets_tests.sources.conftest import HOUR, START

NOON = START + 12 * HOUR
EVERYTHING = "lang:en OR -lang:en"
SOURCES = ("twitter", "youtube", "google_trends", "bluesky", "mastodon")
KEYED = ("twitter", "youtube")
#: For failures that pass: no time is lost in tests.
AT_ONCE = retrying(sleep=lambda _: None)
Serve = Callable[..., MockServer]
DONE = "done"
NOTHING = Earlier("", 0)


def tracked(world: World) -> dict[str, datetime]:
    """When each video was published."""
    videos = (event for event in world.events("youtube", START, NOON + HOUR) if isinstance(event, Video))
    return {video.id: datetime.fromtimestamp(video.milliseconds / 1000, UTC) for video in videos}


def countries(world: World) -> tuple[str, ...]:
    return tuple(sorted({event.country for event in world.events("google_trends", START, NOON + HOUR)}))


def collector(source: str, server: MockServer, key: str | None = "sentinel-key-1", **more: Any) -> Collector:
    now = server.now
    # A line that falls silent is waited for no longer than this.
    more = {"timeout": 1.0 if server.faults.rate else 20.0, **more}
    if source == "twitter":
        more = {"queries": (Query(EVERYTHING),), **more}
        return TwitterCollector(TwitterAccess(key, base_url=server.url, **more), now, AT_ONCE)
    if source == "youtube":
        all_videos = {"videos": tracked(server.world), "followed": 500}
        more = {"regions": (), "queries": ("",), **all_videos, "search_pages": 10, **more}
        return YouTubeCollector(YouTubeAccess(key, base_url=server.url, **more), now, AT_ONCE)
    if source == "bluesky":
        more = {"queries": ("*",), **more}
        return BlueskyCollector(BlueskyAccess(base_url=server.url, **more), now, AT_ONCE)
    if source == "mastodon":
        more = {"trends": False, **more}
        return MastodonCollector(MastodonAccess((server.url,), **more), now, AT_ONCE)
    more = {"regions": countries(server.world), **more}
    return GoogleTrendsCollector(GoogleTrendsAccess(base_url=server.url, **more), now, AT_ONCE)


def happened(world: World, source: str, start: datetime, end: datetime) -> set[str]:
    """Ids of the events that the server says there were; Trends names a term once a country and hour."""
    ids = set()
    for event in world.events(source, start, end):
        if isinstance(event, Comment) and event.video.milliseconds < START.timestamp() * 1000:
            # Under a video from before the world's start, which the server does not know either.
            continue
        if isinstance(event, Post):
            ids.add(content_id(event, source))
        elif isinstance(event, (Video, Comment)):
            ids.add(event.id)
        elif isinstance(event, Search):
            ids.add(f"{event.country}:{' '.join(event.term.split()).casefold()}:{start:%Y-%m-%dT%H}")
    return ids


def content_id(post: Post, source: str) -> str:
    """The id of a post as the platform names it."""
    if source == "bluesky":
        return uri(post)
    return status_uri(post, HOST) if source == "mastodon" else post.id


def received(frame: Collected) -> list[str]:
    return frame.raw["content_id"].to_list()


def attempt(
    source: Collector, hour: datetime, now: Callable[[], datetime], earlier: Mapping | None = None
) -> Collected:
    return collect([source], hour, hour + HOUR, now, earlier)


@pytest.mark.parametrize("source", SOURCES)
def test_every_post_of_an_hour_arrives_once_and_as_it_was_sent(source: str, serve: Serve, busy_world: World) -> None:
    server = serve(NOON + 2 * HOUR - timedelta(minutes=50))
    found = attempt(collector(source, server), NOON, server.now)
    assert found.status.select("status", "message").rows() == [("complete", "")]
    assert sorted(received(found)) == sorted(happened(busy_world, source, NOON, NOON + HOUR))
    assert found.rejected.is_empty()
    assert found.raw["hour"].unique().to_list() == [NOON]
    for format_, raw, key in found.raw.select("format", "raw_data", "id").rows():
        assert parse(format_, raw).id == key
    assert found.attempts["requests"].item() == len(server.requests) > 0


@pytest.mark.parametrize(("rate", "hours"), [(0.05, 6), (0.4, 2)])
@pytest.mark.parametrize("source", SOURCES)
def test_with_every_fault_nothing_is_lost_that_a_retry_could_get_and_nothing_doubled(
    source: str, rate: float, hours: int, serve: Serve, busy_world: World
) -> None:
    end = NOON + HOUR
    start = end - hours * HOUR
    server = serve(end + timedelta(minutes=10), faults=Faults(rate, seed=3))
    kept: dict[datetime, list[str]] = {start + index * HOUR: [] for index in range(hours)}
    earlier: dict[tuple[str, datetime], Earlier] = {}
    for _ in range(80):
        # What the schedule does: hours that are not complete are asked again.
        open_hours = [hour for hour in kept if earlier.get((source, hour), NOTHING).cursor != DONE]
        if not open_hours:
            break
        for hour in open_hours:
            found = attempt(collector(source, server), hour, server.now, earlier)
            kept[hour] += received(found)
            status, message, events = found.status.select("status", "message", "events").row(0)
            assert (status == "complete") == (message == "")
            if source == "twitter":
                assert events == len(kept[hour]) == len(set(kept[hour]))
            cursor = DONE if status == "complete" else found.attempts["cursor"].item()
            earlier[source, hour] = Earlier(cursor, len(kept[hour]))
    for hour, ids in kept.items():
        assert earlier[source, hour].cursor == DONE
        there = happened(busy_world, source, hour, hour + HOUR)
        assert there - server.faults.deleted <= set(ids) <= there
    assert server.faults.made or rate < 0.1


@pytest.mark.parametrize("source", ["twitter", "youtube"])
def test_without_a_key_the_hour_is_skipped_and_nobody_is_asked(source: str, serve: Serve) -> None:
    server = serve(NOON)
    found = collect([collector(source, server, key=None)], NOON - 3 * HOUR, NOON, server.now)
    variable = {"twitter": "TREND_TWITTER__BEARER_TOKEN", "youtube": "TREND_YOUTUBE__API_KEY"}[source]
    assert set(found.status.select("status", "message").rows()) == {("skipped", f"no key ({variable})")}
    assert found.status.height == 3
    assert server.requests == [] and found.raw.is_empty()


@pytest.mark.parametrize("source", ["twitter", "youtube"])
def test_a_wrong_key_fails_once_for_all_hours_and_says_what_to_set(source: str, serve: Serve) -> None:
    server = serve(NOON, Limits(key="the right one"))
    found = collect([collector(source, server)], NOON - 3 * HOUR, NOON, server.now)
    assert set(found.status["status"]) == {"failed"}
    assert found.status["message"].str.contains("set a valid TREND_").all()
    assert set(found.attempts["failure"]) == {"auth"}
    assert len(server.requests) == 1


@pytest.mark.parametrize("source", SOURCES)
def test_a_dead_network_is_told_in_words(source: str, serve: Serve) -> None:
    server = serve(NOON)
    asked = collector(source, server)
    server.close()
    found = attempt(asked, NOON - HOUR, server.now)
    status, message = found.status.select("status", "message").row(0)
    assert status == "failed" and "cannot be reached" in message
    assert found.attempts["failure"].item() == "network"
    assert found.attempts["requests"].item() == ATTEMPTS


@pytest.mark.parametrize("source", SOURCES)
def test_no_secret_is_logged_or_told(source: str, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told = ""
    for faults in (Faults(), Faults(1.0, ("401",)), Faults(1.0, ("500",)), Faults(1.0, ("cut",))):
        server = serve(NOON, faults=faults)
        try:
            list(collector(source, server).collect(NOON - HOUR, NOON))
        except CollectorError as error:
            told += "".join(traceback.format_exception(error)) + repr(vars(error))
        told += repr(server.requests)
    broken = "sentinel-key-1\nInjected: yes"
    if source in KEYED:
        found = attempt(collector(source, serve(NOON), key=broken), NOON - HOUR, lambda: NOON)
        assert "set it again" in found.status["message"].item()
        told += repr(found)
    assert len(caplog.records) > 3
    assert "sentinel-key-1" not in caplog.text + told


def test_a_rate_limit_keeps_what_came_before_it_and_the_next_attempt_goes_on(serve: Serve, busy_world: World) -> None:
    server = serve(NOON + HOUR, Limits(x_requests=1))
    first = attempt(collector("twitter", server), NOON, server.now)
    assert first.status["status"].item() == "partial"
    assert (
        "X's rate limit is reached: the next run after 2026-01-05 13:15 UTC goes on" in first.status["message"].item()
    )
    assert first.attempts["retry_at"].item() == datetime.fromisoformat("2026-01-05T13:15:00+00:00")
    later = serve(NOON + HOUR)
    earlier = {("twitter", NOON): Earlier(first.attempts["cursor"].item(), first.raw.height)}
    second = attempt(collector("twitter", later), NOON, later.now, earlier)
    wanted = happened(busy_world, "twitter", NOON, NOON + HOUR)
    assert sorted(received(first) + received(second)) == sorted(wanted)
    assert second.status["events"].item() == len(wanted)


def test_what_was_complete_is_asked_only_for_what_is_newer(serve: Serve) -> None:
    server = serve(NOON + timedelta(minutes=30))
    first = attempt(collector("twitter", server), NOON, server.now)
    later = serve(NOON + 2 * HOUR)
    earlier = {("twitter", NOON): Earlier(first.attempts["cursor"].item(), first.raw.height)}
    second = attempt(collector("twitter", later), NOON, later.now, earlier)
    assert not set(received(first)) & set(received(second))
    assert "since_id" in later.requests[0][1]
    assert second.raw["timestamp"].min() > first.raw["timestamp"].max()


def test_posts_are_shared_by_priority_and_never_exceed_the_hour(serve: Serve) -> None:
    server = serve(NOON + HOUR)
    queries = (Query("-lang:en OR lang:en", 2), Query(EVERYTHING, 1))
    asked = collector("twitter", server, queries=queries, posts=90, monthly_posts=9000)
    found = attempt(asked, NOON, server.now)
    assert 80 <= asked.usage.units <= 90
    assert server.requests[0][1]["query"] == EVERYTHING and server.requests[0][1]["max_results"] == "60"
    status, message = found.status.select("status", "message").row(0)
    assert status == "partial" and "the month's 9,000 posts" in message and "2026-02-01" in message


def test_a_range_of_hours_spends_no_more_than_one_allowance(serve: Serve) -> None:
    server = serve(NOON + HOUR)
    asked = [collector("twitter", server, posts=150), collector("youtube", server, units=120, videos={})]
    found = collect(asked, NOON - 5 * HOUR, NOON + HOUR, server.now)
    assert server.limits.posts_given <= 150 and server.limits.units_spent <= 120
    oldest = NOON - 5 * HOUR
    assert found.raw["hour"].min() == oldest and found.raw.filter(source="twitter")["hour"].max() <= oldest + HOUR
    assert found.status.height == 12 and "budget" in set(found.attempts["failure"])


def test_units_never_exceed_the_hour(serve: Serve) -> None:
    server = serve(NOON + HOUR)
    asked = collector("youtube", server, regions=("US",), queries=("", "a", "b"), units=150, search_pages=1)
    found = attempt(asked, NOON, server.now)
    assert server.limits.units_spent == asked.usage.units <= 150
    assert found.status["status"].item() == "partial"
    assert "150 units" in found.status["message"].item() and "08:00 UTC" in found.status["message"].item()


def test_an_exhausted_quota_says_when_it_begins_anew(serve: Serve) -> None:
    server = serve(NOON + HOUR, Limits(youtube_units=0, x_posts=0))
    youtube = attempt(collector("youtube", server), NOON, server.now)
    assert "begins anew at 2026-01-06 08:00 UTC" in youtube.status["message"].item()
    assert youtube.attempts["retry_at"].item() == START + 32 * HOUR
    x = attempt(collector("twitter", server), NOON, server.now)
    assert "monthly cap" in x.status["message"].item()
    assert set(youtube.attempts["failure"]) | set(x.attempts["failure"]) == {"quota"}


def test_charts_become_series_and_a_missed_chart_is_told(serve: Serve) -> None:
    server = serve(NOON + timedelta(minutes=70))
    asked = collector("youtube", server, regions=("US",), queries=(), videos={})
    found = attempt(asked, NOON, server.now)
    assert found.raw.height > 50 and set(found.raw["event_type"]) == {"trending"}
    assert set(found.raw["timestamp"]) == {server.now()}
    assert parse("youtube_v3", found.raw["raw_data"][0]).features["views"] > 0
    again = attempt(asked, NOON - 3 * HOUR, server.now)
    assert again.status["status"].item() == "skipped"
    assert "keeps no past charts" in again.status["message"].item()


def test_interest_of_terms_is_comparable_across_batches(serve: Serve, busy_world: World) -> None:
    server = serve(NOON + HOUR)
    counts: dict[str, int] = {}
    for event in busy_world.events("google_trends", NOON, NOON + HOUR):
        counts[event.term.casefold()] = counts.get(event.term.casefold(), 0) + event.traffic
    terms = tuple(sorted(counts, key=lambda term: -counts[term]))
    asked = collector("google_trends", server, terms=terms)
    asked.access = GoogleTrendsAccess((), terms, base_url=server.url)
    found = attempt(asked, NOON, server.now)
    assert found.status["message"].item() == ""
    values = {}
    for raw in found.raw["raw_data"]:
        values[orjson.loads(raw)["term"]] = orjson.loads(raw)["value"]
    assert set(values) == set(terms)
    anchor = terms[0]
    assert len({counts[term] for term in terms}) > 2
    for term in terms:
        assert values[term] / values[anchor] == pytest.approx(counts[term] / counts[anchor], abs=0.06), term


def test_a_payload_knows_nothing_of_the_faulty_field(serve: Serve) -> None:
    server = serve(NOON + HOUR, faults=Faults(1.0, ("unknown_fields",)))
    found = [item for item in collector("youtube", server).collect(NOON, NOON + HOUR) if isinstance(item, Payload)]
    assert found and all("novel" in item.raw_data for item in found)
