"""What the services really answered once, played back through the real clients; and the mock server beside it."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import yaml
from googleapiclient.discovery_cache import get_static_doc

from trend_assets.simulator.server import MockServer
from trend_assets.simulator.timeline import Comment
from trend_assets.sources.collector import CollectorError
from trend_assets.sources.event import Event, Payload
from trend_assets.sources.google_trends.collector import GoogleTrendsAccess, GoogleTrendsCollector, read_feed
from trend_assets.sources.retrying import retrying
from trend_assets.sources.twitter.collector import Query, TwitterAccess, TwitterCollector
from trend_assets.sources.youtube.collector import YouTubeAccess, YouTubeCollector
from trend_assets_tests.sources.conftest import HOUR, START

Recorded = tuple[int, dict[str, str], bytes]
Play = Callable[[dict[str, list[Recorded]]], str]
#: Of one hop, and of the recording's own compression.
_NOT_PLAYED = {"content-length", "transfer-encoding", "connection", "content-encoding"}
ONCE = retrying(attempts=1)


@pytest.fixture
def play() -> Iterator[Play]:
    """Serves recorded answers by path, in their order, the last one again and again; gives the address."""
    with ExitStack() as stack:

        def start(answers: dict[str, list[Recorded]]) -> str:
            class Handler(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    left = answers[urlsplit(self.path).path]
                    status, headers, body = left.pop(0) if len(left) > 1 else left[0]
                    self.send_response_only(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)

                def do_POST(self) -> None:
                    self.do_GET()

                def log_message(self, format: str, *args: Any) -> None:
                    pass

            server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield start


def cassette(path: Path) -> dict[str, list[Recorded]]:
    """Recorded answers by path."""
    answers: dict[str, list[Recorded]] = {}
    for interaction in yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]:
        response = interaction["response"]
        body = response["body"]["string"]
        body = body.encode() if isinstance(body, str) else body
        headers = {name: value[0] for name, value in response["headers"].items() if name.lower() not in _NOT_PLAYED}
        body = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        at = urlsplit(interaction["request"]["uri"]).path
        answers.setdefault(at, []).append((response["status"]["code"], headers, body))
    return answers


def events(collector: Any, start: datetime, cursor: str = "") -> list[Event]:
    found = list(collector.collect(start, start + HOUR, cursor))
    assert all(isinstance(item, Payload) for item in found)
    return [item.event for item in found]


def test_x_as_recorded(play: Play, shared_data: Path) -> None:
    path = "/2/tweets/search/recent"
    answers = cassette(shared_data / "recorded/x/test_client_search_recent_tweets.yaml")
    recorded = json.loads(answers[path][0][2])
    assert "next_token" in recorded["meta"]
    answers[path].append((200, {"Content-Type": "application/json"}, b'{"meta":{"result_count":0}}'))
    start = datetime(2022, 10, 7, 22, tzinfo=UTC)
    access = TwitterAccess("a key", (Query("Tweepy"),), base_url=play(answers))
    asked = TwitterCollector(access, lambda: start + HOUR, ONCE)
    found = events(asked, start)
    assert [event.content_id for event in found] == [tweet["id"] for tweet in recorded["data"]]
    assert all(start <= event.timestamp < start + HOUR for event in found)
    assert (asked.usage.requests, asked.usage.units) == (2, len(found))


def test_youtube_as_recorded(play: Play, shared_data: Path) -> None:
    def pages(name: str) -> list[Recorded]:
        files = [shared_data / f"recorded/youtube/{name}_{index}.json" for index in (1, 2)]
        return [(200, {"Content-Type": "application/json"}, file.read_bytes()) for file in files]

    charts, threads = pages("videos_chart_paged"), pages("comment_threads_by_video_paged")
    videos = [item["id"] for page in charts for item in json.loads(page[2])["items"]]
    top = json.loads(threads[0][2])["items"][0]["snippet"]
    written = datetime.fromisoformat(top["topLevelComment"]["snippet"]["publishedAt"])
    start = written.replace(minute=0, second=0, microsecond=0)
    url = play({"/youtube/v3/videos": charts, "/youtube/v3/commentThreads": threads})
    access = YouTubeAccess("a key", videos={top["videoId"]: start}, base_url=url)
    found = events(YouTubeCollector(access, lambda: start + HOUR, ONCE), start)
    trending = [event for event in found if event.event_type == "trending"]
    assert [event.context["original_content_id"] for event in trending] == videos
    assert [event.timestamp for event in found if event.event_type == "comment"] == [written]


def test_a_search_of_youtube_as_recorded(play: Play, shared_data: Path) -> None:
    files = [shared_data / f"recorded/youtube/search_by_keywords_p{page}.json" for page in (1, 2)]
    answers = [(200, {"Content-Type": "application/json"}, file.read_bytes()) for file in files]
    (video,) = json.loads((shared_data / "recorded/youtube/videos_info_single.json").read_bytes())["items"]
    found = [item["id"].get("videoId") for answer in answers for item in json.loads(answer[2])["items"]]
    published = datetime.fromisoformat(video["snippet"]["publishedAt"])
    start = published.replace(minute=0, second=0, microsecond=0)
    body = json.dumps({"kind": "youtube#videoListResponse", "items": [video]}).encode()
    # Its pages go on: two are what one query may take.
    assert "nextPageToken" in json.loads(answers[1][2])
    silent = (200, {"Content-Type": "application/json"}, b'{"kind": "youtube#commentThreadListResponse", "items": []}')
    url = play(
        {
            "/youtube/v3/search": answers,
            "/youtube/v3/videos": [(200, {"Content-Type": "application/json"}, body)],
            "/youtube/v3/commentThreads": [silent],
        }
    )
    access = YouTubeAccess("a key", regions=(), queries=("python",), search_pages=2, base_url=url)
    asked = YouTubeCollector(access, lambda: start + HOUR, ONCE)
    uploads = [event.content_id for event in events(asked, start)]
    assert uploads == [video["id"]] and len(found) > 5
    # Two searches, the videos that they found in one batch, the comments of the one in the hour.
    assert (asked.usage.requests, asked.usage.units) == (4, 202)


@pytest.mark.parametrize(
    ("name", "said"),
    [("error_response", "refuses the key"), ("error_permission_resp", "refuses the key")],
)
def test_youtube_errors_as_recorded(play: Play, shared_data: Path, name: str, said: str) -> None:
    body = (shared_data / f"recorded/youtube/{name}.json").read_bytes()
    status = json.loads(body)["error"]["code"]
    url = play({"/youtube/v3/videos": [(status, {"Content-Type": "application/json"}, body)]})
    collector = YouTubeCollector(YouTubeAccess("a key", base_url=url), lambda: START, ONCE)
    with pytest.raises(RuntimeError, match=said):
        list(collector.collect(START - HOUR, START))


def test_google_trends_as_recorded(play: Play, shared_data: Path) -> None:
    url = play(cassette(shared_data / "recorded/google_trends/test_interest_over_time_ok.yaml"))
    access = GoogleTrendsAccess((), ("pizza", "bagel"), base_url=url)
    start = datetime(2021, 1, 2, tzinfo=UTC)
    found = events(GoogleTrendsCollector(access, lambda: start + HOUR, ONCE), start)
    assert [(event.topics, event.features["value"]) for event in found] == [(("pizza",), 83.0), (("bagel",), 2.0)]


def test_related_queries_as_recorded(play: Play, shared_data: Path) -> None:
    answers = cassette(shared_data / "recorded/google_trends/test_related_queries_result_top.yaml")
    url = play({**answers, "/trends/api/widgetdata/multiline": [(200, {}, b')]}\',{"default":{"timelineData":[]}}')]})
    start = datetime(2022, 1, 1, tzinfo=UTC)
    access = GoogleTrendsAccess((), ("pizza",), related=True, base_url=url)
    found = events(GoogleTrendsCollector(access, lambda: start + HOUR, ONCE), start)
    assert len(found) > 10
    assert all(event.context["related"] == ["pizza"] for event in found)


def test_the_feed_as_google_publishes_it() -> None:
    """Shaped by hand after the public feed: nothing of it is recorded."""
    feed = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
    <rss xmlns:atom="http://www.w3.org/2005/Atom" xmlns:ht="https://trends.google.com/trending/rss" version="2.0">
    <channel><title>Daily Search Trends</title><item><title>a &amp; b</title>
    <ht:approx_traffic>2K+</ht:approx_traffic><pubDate>Mon, 5 Jan 2026 03:20:00 -0800</pubDate>
    <ht:news_item><ht:news_item_title>One</ht:news_item_title></ht:news_item></item></channel></rss>"""
    assert list(read_feed(feed, "US")) == [
        {
            "term": "a & b",
            "timestamp": "2026-01-05T11:20:00+00:00",
            "geo": "US",
            "traffic": "2K+",
            "articles": ["One"],
        }
    ]
    for bad in ("<html>", "<!DOCTYPE rss [<!ENTITY a 'b'>]><rss>&a;</rss>"):
        with pytest.raises(RuntimeError, match="feed"):
            list(read_feed(bad, "US"))


def test_the_mock_servers_pages_are_shaped_like_youtubes(serve: Callable[..., MockServer]) -> None:
    server = serve(START + 20 * HOUR)
    schemas = json.loads(get_static_doc("youtube", "v3"))["schemas"]
    at = "2026-01-05T19:00:00Z"
    happened = server.world.events("youtube", START, START + 20 * HOUR)
    comments = [event for event in happened if isinstance(event, Comment)]
    known = [event for event in comments if event.video.milliseconds > 1000 * START.timestamp()]
    key = known[-1].video.id
    for resource, schema, parameters in (
        ("search", "SearchListResponse", {"part": "id,snippet", "publishedAfter": at}),
        ("videos", "VideoListResponse", {"part": "snippet,statistics,contentDetails", "chart": "mostPopular"}),
        ("commentThreads", "CommentThreadListResponse", {"part": "snippet,replies", "videoId": key}),
    ):
        page = requests.get(f"{server.url}/youtube/v3/{resource}", params={"key": "k", **parameters}, timeout=5).json()
        assert page["items"], resource
        assert list(_strange(page, schemas[schema], schemas)) == [], resource


def _strange(value: Any, schema: dict[str, Any], schemas: dict[str, Any], path: str = "") -> Iterator[str]:
    """Paths of what the discovery document does not know, or knows with another type."""
    schema = schemas[schema["$ref"]] if "$ref" in schema else schema
    if isinstance(value, dict):
        known = schema.get("properties", {})
        for name, inner in value.items():
            if name in known:
                yield from _strange(inner, known[name], schemas, f"{path}.{name}")
            elif name != "publishTime":  # real, and in no discovery document
                yield f"{path}.{name}"
    elif isinstance(value, list):
        for inner in value:
            yield from _strange(inner, schema["items"], schemas, f"{path}[]")
    else:
        types = {"string": str, "integer": int, "boolean": bool, "number": float}
        if not isinstance(value, types.get(schema.get("type", ""), ())):
            yield f"{path}: {value!r}"


def test_the_mock_servers_pages_are_shaped_like_xs(serve: Callable[..., MockServer], shared_data: Path) -> None:
    server = serve(START + 20 * HOUR)
    recorded = cassette(shared_data / "recorded/x/test_client_search_recent_tweets.yaml")
    status, headers, body = recorded["/2/tweets/search/recent"][0]
    answer = requests.get(
        f"{server.url}/2/tweets/search/recent",
        params={"query": "lang:en", "start_time": f"{START + 18 * HOUR:%Y-%m-%dT%H:%M:%SZ}"},
        headers={"Authorization": "Bearer k"},
        timeout=5,
    )
    page, real = answer.json(), json.loads(body)
    assert answer.status_code == status
    assert page["meta"].keys() == real["meta"].keys()
    assert page["data"][0].keys() == real["data"][0].keys()
    limits = {name.lower() for name in headers if name.lower().startswith("x-rate-limit")}
    assert limits == {name.lower() for name in answer.headers if name.lower().startswith("x-rate-limit")}


def test_a_redirect_is_not_followed_and_carries_no_key_along(play: Play) -> None:
    paths = ("/2/tweets/search/recent", "/youtube/v3/videos", "/trending/rss")
    elsewhere = {path: [(200, {}, b"{}"), (200, {}, b"never asked")] for path in paths}
    other = play(elsewhere)
    url = play({path: [(302, {"Location": other + path, "Content-Length": "0"}, b"")] for path in paths})
    now = lambda: START  # noqa: E731
    for collector in (
        TwitterCollector(TwitterAccess("a key", (Query("a"),), base_url=url), now, ONCE),
        YouTubeCollector(YouTubeAccess("a key", base_url=url), now, ONCE),
        GoogleTrendsCollector(GoogleTrendsAccess(base_url=url), now, ONCE),
    ):
        with pytest.raises(CollectorError):
            list(collector.collect(START - HOUR, START))
    assert all(len(answers) == 2 for answers in elsewhere.values())


def test_a_query_that_x_does_not_understand_is_asked_once(serve: Callable[..., MockServer]) -> None:
    server = serve(START + HOUR)
    access = TwitterAccess("k", (Query(" "),), base_url=server.url)
    with pytest.raises(CollectorError, match="status 400") as error:
        list(TwitterCollector(access, server.now).collect(START, START + HOUR))
    assert error.value.failure == "request" and len(server.requests) == 1


def test_an_old_hour_is_past_for_recent_search() -> None:
    collector = TwitterCollector(TwitterAccess("k", (Query("a"),)), lambda: START, ONCE)
    with pytest.raises(RuntimeError, match="full_archive"):
        list(collector.collect(START - timedelta(days=8), START - timedelta(days=8) + HOUR))
    assert collector.usage.requests == 0
