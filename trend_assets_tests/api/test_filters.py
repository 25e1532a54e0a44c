"""Whose posts named a topic, what is watched and what is muted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from trend_assets.graph.builder import GraphBuilder
from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS, NODES, TEMPORAL_EDGES, TOPIC_PHRASES
from trend_assets.settings import DagsterSettings, Settings
from trend_assets.settings.attention import AttentionSettings
from trend_assets_tests.api.conftest import CUT, event, fill

ONE = timedelta(hours=1)
HOUR = CUT + ONE


def post(number: int, topics: list[str], source: str, language: str, context: str) -> dict[str, Any]:
    made = event(number, HOUR, source, topics, str(number), "words")
    return {**made, "language": language, "context": context}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Settings], Any]) -> Iterator[httpx.Client]:
    home = tmp_path_factory.mktemp("filters")
    fill(home).close()
    lake = Lake(LakeLocation(home))
    posts = EVENTS.frame(
        [
            post(20, ["#topic2"], "mastodon", "de", '{"instance": "fosstodon.org"}'),
            post(21, ["#topic3"], "mastodon", "en", '{"instance": "fosstodon.org"}'),
            post(22, ["#topic4"], "mastodon", "de", '{"instance": "mastodon.social"}'),
            post(23, [], "bluesky", "de", "{}"),
            {**post(24, ["#topic6", "#topic7"], "twitter", "en", "{}"), "spam_score": 0.9},
            {**post(25, ["#topic6"], "twitter", "en", "{}"), "spam_score": 0.4},
            post(26, ["#topic7"], "twitter", "en", "{}"),
            post(27, ["#topic7"], "twitter", "en", "{}"),
            {**post(28, ["#topic8"], "twitter", "it", "{}"), "spam_score": 0.9},
        ]
    )
    lake.write(EVENTS, posts, HOUR, HOUR + ONE)
    said = {"hour": HOUR, "event_id": "bluesky:original:23", "topic": "#topic5"}
    more = {name: 1.0 for name in TOPIC_PHRASES.column_names if name not in said}
    lake.write(TOPIC_PHRASES, TOPIC_PHRASES.frame([{**more, **said}]), HOUR, HOUR + ONE)
    graph = GraphBuilder().build(posts)
    lake.write(TEMPORAL_EDGES, graph.edges, HOUR, HOUR + ONE)
    lake.write(NODES, graph.nodes)
    lake.close()
    attention = AttentionSettings(watch={"mine": ["#Topic3", "#topic9"]}, muted=["#TOPIC0"])
    with serve(Settings(home=home, attention=attention, dagster=DagsterSettings(port=1))) as found:
        yield found


def topics(client: httpx.Client, path: str, **asked: str) -> list[str]:
    answer = client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return [item["topic"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"language": "de"}, ["#topic2", "#topic4", "#topic5"]),
        ({"language": "de", "source": "mastodon"}, ["#topic2", "#topic4"]),
        ({"community": "mastodon:fosstodon.org"}, ["#topic2", "#topic3"]),
        ({"community": "mastodon:fosstodon.org", "language": "de"}, ["#topic2"]),
        ({"community": "mastodon:nowhere"}, []),
        ({"language": "fr"}, []),
    ],
)
def test_topics_are_those_that_such_posts_named(client: httpx.Client, asked: dict[str, str], named: list[str]) -> None:
    for path in ("/predictions", "/predictions/top"):
        assert topics(client, path, **asked) == named


def test_a_watch_list_shows_its_topics_alone(client: httpx.Client) -> None:
    assert topics(client, "/predictions/top", watch="mine") == ["#topic3", "#topic9"]
    refused = client.get("/predictions/top", params={"watch": "Mine"})
    assert refused.status_code == 422 and "did you mean 'mine'?" in refused.json()["detail"]


def test_muted_topics_are_in_no_top_list_and_forecast_all_the_same(client: httpx.Client) -> None:
    assert topics(client, "/predictions/top", k="3") == ["#topic1", "#topic2", "#topic3"]
    assert topics(client, "/predictions", limit="2") == ["#topic0", "#topic1"]


def test_a_list_of_signs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no topic"):
        AttentionSettings(muted=["#"])


def test_topics_that_look_like_spam_are_left_out_named_and_shown_when_asked(client: httpx.Client) -> None:
    """Half of the posts of #topic6 look like spam, a third of those of #topic7."""
    shown = client.get("/predictions/top", params={"k": 6}).json()
    assert [item["topic"] for item in shown["items"]] == [f"#topic{index}" for index in (1, 2, 3, 4, 5, 7)]
    assert shown["left_out"] == ["#topic6"]
    assert client.get("/predictions/top", params={"k": 5}).json()["left_out"] == []
    cards = client.get("/predictions/cards", params={"k": 6}).json()
    assert cards["left_out"] == ["#topic6"] and len(cards["items"]) == 6
    everything = client.get("/predictions/top", params={"k": 6, "spam": True}).json()
    assert "#topic6" in [item["topic"] for item in everything["items"]] and everything["left_out"] == []
    assert "#topic6" in topics(client, "/predictions")


def test_a_list_of_spam_alone_says_so(client: httpx.Client) -> None:
    answer = client.get("/predictions/top", params={"language": "it"}).json()
    assert answer["items"] == [] and answer["left_out"] == ["#topic8"]
    assert answer["reason"] == "the only topic that fits looks like spam (spam=true shows it)"
    assert topics(client, "/predictions/top", language="it", spam="true") == ["#topic8"]
