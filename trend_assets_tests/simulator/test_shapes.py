"""The mock server sends no field that the services do not send, or with another type; over HTTP, as it is asked."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from trend_assets.simulator.faults import Faults
from trend_assets.simulator.server import MockServer
from trend_assets.simulator.world import World
from trend_assets.sources.google_trends.collector import GoogleTrendsAccess, GoogleTrendsCollector
from trend_assets.sources.twitter.collector import Query, TwitterAccess, TwitterCollector
from trend_assets_tests.simulator.documented import BLUESKY_PAGE, MASTODON_TIMELINE, MASTODON_TRENDS, strange
from trend_assets_tests.simulator.test_wire import DOCUMENTED_BY_X, Shape, json_values, shape

HOUR = timedelta(hours=1)
NOW = datetime(2026, 1, 6, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    world = World(seed=5, start=NOW - 30 * HOUR, events_per_day=4000)
    with MockServer(world, lambda: NOW) as server:
        yield server


def shapes(values: Iterable[Any]) -> Shape:
    return {leaf for value in values for leaf in shape(value)}


def recorded_bodies(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Address and body of each recorded answer."""
    for file in sorted(folder.glob("*.yaml")):
        for interaction in yaml.safe_load(file.read_text(encoding="utf-8"))["interactions"]:
            body = interaction["response"]["body"]["string"]
            body = body.encode() if isinstance(body, str) else body
            yield interaction["request"]["uri"], gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


def sent(server: MockServer, collector: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Path and JSON value of each answer that a collector was given."""
    answers = []
    inner = requests.Session.send

    def note(self: requests.Session, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        response = inner(self, request, **more)
        if "json" in response.headers.get("Content-Type", ""):
            path = str(request.path_url).partition("?")[0]
            answers.append((path, json.loads(response.content[response.content.index(b"{") :])))
        return response

    with monkeypatch.context() as patch:
        patch.setattr(requests.Session, "send", note)
        list(collector.collect(NOW - 2 * HOUR, NOW - HOUR))
    return answers


def test_whole_pages_of_x_hold_what_recorded_ones_hold(
    server: MockServer, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shared_data / "recorded" / "x"
    pages = [
        page for file in folder.glob("*.jsonl") for page in json_values(file.read_text()) if isinstance(page, dict)
    ]
    pages += [json.loads(body) for _, body in recorded_bodies(folder) if body.startswith(b"{")]
    known = shapes(pages) | {(f"data[].{path}", kind) for path, kind in DOCUMENTED_BY_X}
    # What a tweet may hold, it may hold where it is referred to, and the other way round.
    known |= {(path.replace("includes.tweets[]", "data[]"), kind) for path, kind in known}
    known |= {(path.replace("data[]", "includes.tweets[]"), kind) for path, kind in known}
    access = TwitterAccess("a key", (Query("lang:en OR -lang:en"),), base_url=server.url)
    answers = sent(server, TwitterCollector(access, server.now), monkeypatch)
    assert len(answers) > 1
    assert shapes(page for _, page in answers) - known == set()


def test_answers_of_google_trends_hold_what_recorded_ones_hold(
    server: MockServer, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded: dict[str, Shape] = {}
    for address, body in recorded_bodies(shared_data / "recorded" / "google_trends"):
        if body.startswith(b")]}'"):
            path = address.partition("?")[0].removeprefix("https://trends.google.com")
            recorded[path] = recorded.get(path, set()) | shapes([json.loads(body[body.index(b"{") :])])
    access = GoogleTrendsAccess(("US",), ("a", "b"), base_url=server.url)
    answers = sent(server, GoogleTrendsCollector(access, server.now), monkeypatch)
    assert {path for path, _ in answers} == {"/trends/api/explore", "/trends/api/widgetdata/multiline"}
    for path, answer in answers:
        assert shapes([answer]) - recorded[path] == set(), path


def test_errors_of_youtube_hold_what_recorded_ones_hold(server: MockServer, shared_data: Path) -> None:
    files = sorted((shared_data / "recorded" / "youtube").glob("error_*.json"))
    known = shapes(json.loads(file.read_text()) for file in files)
    refusal = requests.get(f"{server.url}/youtube/v3/videos", timeout=60).json()
    faulty = MockServer(server.world, server.now, faults=Faults(1.0, ("403", "500", "429")))
    with faulty:
        refused = [requests.get(f"{faulty.url}/youtube/v3/videos", timeout=60).json() for _ in range(3)]
    assert len(files) == 2
    assert shapes([refusal, *refused]) - known == set()


def test_pages_of_bluesky_are_as_its_lexicon_says(server: MockServer) -> None:
    since = (NOW - 6 * HOUR).isoformat()
    parameters = {"q": "*", "since": since, "limit": 100}
    answer = requests.get(f"{server.url}/xrpc/app.bsky.feed.searchPosts", parameters, timeout=60)
    page = answer.json()
    assert len(page["posts"]) == 100 and page["cursor"]
    assert list(strange(page, BLUESKY_PAGE)) == []
    assert {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"} <= {name.lower() for name in answer.headers}
    for post in page["posts"]:
        assert post["author"]["did"] in post["uri"] and len(post["uri"].rpartition("/")[2]) == 13
        for facet in post["record"].get("facets", []):
            marked = post["record"]["text"].encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
            (feature,) = facet["features"]
            assert marked == (f"#{feature['tag']}" if "tag" in feature else feature["uri"])
    keys = [post["uri"].rpartition("/")[2] for post in page["posts"]]
    assert keys == sorted(keys, reverse=True)


def test_timelines_and_trends_of_mastodon_are_as_documented(server: MockServer) -> None:
    statuses = []
    path, link = "/api/v1/timelines/public?limit=40", ""
    for _ in range(10):
        answer = requests.get(server.url + path, timeout=60)
        page = answer.json()
        assert list(strange(page, MASTODON_TIMELINE)) == []
        statuses += page
        link = answer.headers["Link"]
        older = link.partition(">")[0].rpartition("?")[2]
        path = f"/api/v1/timelines/public?limit=40&{older}"
    ids = [int(status["id"]) for status in statuses]
    assert len(ids) == 400 and ids == sorted(ids, reverse=True) and len(set(ids)) == 400
    for status in statuses:
        told = datetime.fromtimestamp((int(status["id"]) >> 16) / 1000, UTC)
        assert abs(told - datetime.fromisoformat(status["created_at"])) < timedelta(milliseconds=2)
    assert any(status["in_reply_to_id"] for status in statuses) and any(status["quote"] for status in statuses)
    trends = requests.get(f"{server.url}/api/v1/trends/tags?limit=20", timeout=60).json()
    assert len(trends) == 20 and list(strange(trends, MASTODON_TRENDS)) == []
    assert datetime.fromisoformat(answer.headers["X-RateLimit-Reset"]) > NOW
    again = requests.get(answer.url, timeout=60)
    assert answer.headers["ETag"] == again.headers["ETag"] and answer.headers["ETag"].startswith("W/")


def test_what_is_not_documented_is_found() -> None:
    assert list(strange({"posts": [{"uri": 1, "novel": "x"}]}, BLUESKY_PAGE)) == [".posts[].uri: 1", ".posts[].novel"]
    assert list(strange([{"language": None, "reblog": {}}], MASTODON_TIMELINE)) == ["[].reblog: {}"]
