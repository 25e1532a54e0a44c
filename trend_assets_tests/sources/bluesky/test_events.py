"""Bluesky: post views as events."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from trend_assets.sources.bluesky.events import parse
from trend_assets.sources.event import Rejected
from trend_assets.sources.wire import notes

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
    named = {"mentions": ["did:plc:b"], "mentioned_user_ids": ["did:plc:b"]}
    assert event.context == {"username": "ann.example", **named, "urls": ["https://example.org"]}
    assert {"likes": 3, "retweets": 2, "replies": 1, "bookmarks": 4}.items() <= event.features.items()
    assert event.features["account_age_days"] == pytest.approx(365, abs=0.01)


def test_answers_and_quotes_name_what_they_refer_to() -> None:
    reply = {"parent": reference("p"), "root": reference("r")}
    answer = parse(view(reply=reply, embed={"record": reference("q")}))
    assert answer.event_type == "reply"
    assert answer.context["original_content_id"].endswith("/p") and answer.context["conversation_id"].endswith("/r")
    assert answer.context["quoted_content_id"].endswith("/q")
    assert answer.context["original_user_id"] == "did:plc:b"
    for embed in ({"record": reference("q")}, {"record": {"record": reference("q")}, "media": {}}):
        quote = parse(view(embed=embed))
        assert quote.event_type == "quote" and quote.context["original_content_id"].endswith("/q")
    feed = {"record": {"uri": "at://did:plc:b/app.bsky.feed.generator/x", "cid": "bafy"}}
    assert parse(view(embed=feed)).event_type == "original"


def test_a_post_cannot_be_of_tomorrow_but_of_years_ago() -> None:
    assert parse(view(createdAt="2031-01-01T00:00:00Z")).timestamp.isoformat() == "2026-01-05T12:00:01+00:00"
    assert parse(view(createdAt="2009-01-01T00:00:00Z")).timestamp.year == 2009
    assert parse({**VIEW, "indexedAt": "soon"}).timestamp == parse(VIEW).timestamp


@pytest.mark.parametrize("created", [None, "", "yesterday", "0001-01-01T00:00:00Z", 7])
def test_where_the_authors_time_is_unusable_the_networks_is_taken_and_noted(created: Any) -> None:
    event = parse(view(createdAt=created))
    assert event.timestamp.isoformat() == "2026-01-05T12:00:01+00:00"
    assert event.notes == (notes.INDEXED_AT,) and parse(VIEW).notes == ()


def test_tags_are_looked_for_in_the_text_where_none_are_marked() -> None:
    assert parse(view(facets=None, tags=None)).hashtags == ("World",)
    assert parse(view(facets=[{"features": None}, 7], tags=["a", 1])).hashtags == ("a",)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({}, "no post uri"),
        ({**VIEW, "record": None}, "no record"),
        ({**view(createdAt=None), "indexedAt": None}, "no timestamp"),
        ({**view(createdAt="0001-01-01T00:00:00Z"), "indexedAt": "soon"}, "out of range"),
    ],
)
def test_what_is_no_post_is_rejected(payload: dict[str, Any], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        parse(payload)
