"""Bluesky: post views, and what its search needs beyond what every collector keeps to."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from trend_assets.simulator.bluesky import uri
from trend_assets.simulator.faults import Faults
from trend_assets.simulator.serving import Limits
from trend_assets.simulator.world import World
from trend_assets.sources.bluesky import parse
from trend_assets.sources.collection import Earlier
from trend_assets.sources.collector import CollectorError
from trend_assets.sources.event import Payload, Rejected
from trend_assets_tests.sources.conftest import HOUR, START
from trend_assets_tests.sources.test_collectors import Serve, attempt, collector, happened, received

NOON = START + 12 * HOUR
LATER = NOON + 2 * HOUR

#: Shaped by hand after the lexicons; no answer of Bluesky is recorded.
VIEW: dict[str, Any] = {
    "uri": "at://did:plc:a/app.bsky.feed.post/3k",
    "cid": "bafy",
    "author": {"did": "did:plc:a", "handle": "ann.example", "displayName": "Ann", "createdAt": "2025-01-05T12:00:00Z"},
    "record": {
        "$type": "app.bsky.feed.post",
        "createdAt": "2026-01-05T12:00:00.123Z",
        "langs": ["en", "de"],
        "text": "Hello #World, $AAPL see example.org",
        "tags": ["hidden"],
        "facets": [
            {"index": {"byteStart": 6, "byteEnd": 12},
             "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "World"}]},
            {"index": {"byteStart": 24, "byteEnd": 35},
             "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org"}]},
            {"index": {"byteStart": 0, "byteEnd": 5},
             "features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:b"}]},
        ],
    },
    "likeCount": 3, "repostCount": 2, "replyCount": 1, "quoteCount": 0, "bookmarkCount": 4,
    "indexedAt": "2026-01-05T12:00:01Z",
}  # fmt: skip


def view(**record: Any) -> dict[str, Any]:
    made = copy.deepcopy(VIEW)
    made["record"] |= record
    return made


def reference(key: str) -> dict[str, str]:
    return {"uri": f"at://did:plc:b/app.bsky.feed.post/{key}", "cid": "bafy"}


def test_a_post_is_an_event() -> None:
    event = parse(VIEW)
    assert (event.source, event.event_type, event.user_id) == ("bluesky", "original", "did:plc:a")
    assert event.timestamp == datetime(2026, 1, 5, 12, 0, 0, 123_000, UTC)
    assert (event.hashtags, event.topics, event.language) == (("World", "hidden"), ("$AAPL",), "en")
    assert event.context == {"username": "ann.example", "mentions": ["did:plc:b"], "urls": ["https://example.org"]}
    assert {"likes": 3, "retweets": 2, "replies": 1, "bookmarks": 4}.items() <= event.features.items()
    assert event.features["account_age_days"] == pytest.approx(365, abs=0.01)


def test_answers_and_quotes_name_what_they_refer_to() -> None:
    reply = {"parent": reference("p"), "root": reference("r")}
    answer = parse(view(reply=reply, embed={"record": reference("q")}))
    assert answer.event_type == "reply"
    assert answer.context["original_content_id"].endswith("/p") and answer.context["conversation_id"].endswith("/r")
    assert answer.context["quoted_content_id"].endswith("/q")
    for embed in ({"record": reference("q")}, {"record": {"record": reference("q")}, "media": {}}):
        quote = parse(view(embed=embed))
        assert quote.event_type == "quote" and quote.context["original_content_id"].endswith("/q")
    feed = {"record": {"uri": "at://did:plc:b/app.bsky.feed.generator/x", "cid": "bafy"}}
    assert parse(view(embed=feed)).event_type == "original"


def test_a_post_cannot_be_of_tomorrow_but_of_years_ago() -> None:
    assert parse(view(createdAt="2031-01-01T00:00:00Z")).timestamp.isoformat() == "2026-01-05T12:00:01+00:00"
    assert parse(view(createdAt="2009-01-01T00:00:00Z")).timestamp.year == 2009
    assert parse({**VIEW, "indexedAt": "soon"}).timestamp == parse(VIEW).timestamp


def test_tags_are_looked_for_in_the_text_where_none_are_marked() -> None:
    assert parse(view(facets=None, tags=None)).hashtags == ("World",)
    assert parse(view(facets=[{"features": None}, 7], tags=["a", 1])).hashtags == ("a",)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({}, "no post uri"),
        ({**VIEW, "record": None}, "no record"),
        (view(createdAt=None), "no timestamp"),
        (view(createdAt="0001-01-01T00:00:00Z"), "out of range"),
    ],
)
def test_what_is_no_post_is_rejected(payload: dict[str, Any], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        parse(payload)


@pytest.mark.parametrize("scrolls", [True, False])
def test_pages_follow_each_other_with_and_without_a_cursor(scrolls: bool, serve: Serve, busy_world: World) -> None:
    server = serve(LATER, Limits(bluesky_page=10, bluesky_scrolls=scrolls))
    found = attempt(collector("bluesky", server), NOON, server.now)
    assert found.status.select("status", "message").rows() == [("complete", "")]
    assert sorted(received(found)) == sorted(happened(busy_world, "bluesky", NOON, NOON + HOUR))
    refused = [parameters for _, parameters in server.requests if "cursor" in parameters]
    assert len(refused) > 3 if scrolls else len(refused) == 1


def test_an_hour_that_was_cut_short_goes_on_below_and_then_above(serve: Serve, busy_world: World) -> None:
    there = happened(busy_world, "bluesky", NOON, NOON + HOUR)
    early = serve(NOON + timedelta(minutes=40), Limits(bluesky_page=10))
    earlier: dict[tuple[str, datetime], Earlier] = {}
    ids: list[str] = []
    for server, requests in ((early, 2), (early, 1), (early, None), (serve(LATER, Limits(bluesky_page=10)), None)):
        found = attempt(collector("bluesky", server, requests=requests), NOON, server.now, earlier)
        ids += received(found)
        earlier = {("bluesky", NOON): Earlier(found.attempts["cursor"].item(), len(ids))}
        assert found.status["events"].item() == len(ids) == len(set(ids))
        status = found.status["status"].item()
        assert status == ("partial" if requests else "complete"), found.status["message"].item()
    assert set(ids) == there
    nothing = attempt(collector("bluesky", server), NOON, server.now, earlier)
    assert received(nothing) == [] and nothing.attempts["requests"].item() == 1


def test_tags_are_searched_as_tags(serve: Serve, busy_world: World) -> None:
    server = serve(LATER)
    posts = list(busy_world.events("bluesky", NOON, NOON + HOUR))
    label = next(topic.label for post in posts for topic in post.topics if topic.label.startswith("#"))
    found = attempt(collector("bluesky", server, queries=(), tags=(label[1:],)), NOON, server.now)
    wanted = {uri(post) for post in posts if any(topic.label == label for topic in post.topics)}
    assert set(received(found)) == wanted != set()
    assert server.requests[0][1] | {"q": label, "tag": label[1:]} == server.requests[0][1]


def test_a_rate_limit_says_when_it_ends(serve: Serve) -> None:
    server = serve(LATER, Limits(bluesky_requests=0))
    found = attempt(collector("bluesky", server), NOON, server.now)
    assert found.attempts["retry_at"].item() == LATER + timedelta(minutes=5)
    assert "Bluesky's rate limit is reached" in found.status["message"].item()


def test_nothing_to_search_for_is_told(serve: Serve) -> None:
    server = serve(LATER)
    found = attempt(collector("bluesky", server, queries=()), NOON, server.now)
    assert found.status.select("status", "message").row(0) == (
        "skipped",
        "neither queries nor tags to search for (bluesky.queries)",
    )


def test_what_netrc_knows_of_the_host_is_not_sent(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password sentinel-key-3\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve(LATER)
    seen = []
    answer = server.answer

    def listen(path: str, parameters: dict[str, str], headers: Any) -> Any:
        seen.append(headers.get("Authorization"))
        return answer(path, parameters, headers)

    monkeypatch.setattr(type(server), "answer", lambda _, *asked: listen(*asked))
    for source in ("bluesky", "mastodon"):
        attempt(collector(source, server), NOON, server.now)
    assert seen and set(seen) == {None}


def test_a_search_that_is_refused_is_told_without_a_traceback(serve: Serve) -> None:
    server = serve(LATER, faults=Faults(1.0, ("403",)))
    with pytest.raises(CollectorError, match="signed-in users only") as refused:
        list(collector("bluesky", server).collect(NOON, NOON + HOUR))
    assert refused.value.failure == "auth" and refused.value.__cause__ is None
    assert isinstance(next(iter(collector("bluesky", serve(LATER)).collect(NOON, NOON + HOUR))), Payload)
