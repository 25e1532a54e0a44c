"""Mastodon: statuses and trending tags as events."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from trend_assets.sources.event import Rejected
from trend_assets.sources.mastodon.events import parse

#: Shaped by hand after the documented entities; no answer of Mastodon is recorded.
STATUS: dict[str, Any] = {
    "id": "115842461481256807",
    "created_at": "2026-01-05T12:00:00.123Z",
    "in_reply_to_id": None,
    "sensitive": False,
    "spoiler_text": "",
    "visibility": "public",
    "language": "en",
    "uri": "https://one.example/users/ann/statuses/1",
    "url": "https://one.example/@ann/1",
    "replies_count": 1, "reblogs_count": 2, "favourites_count": 3, "quotes_count": 4,
    "content": '<p>Hello <a href="https://one.example/tags/world" class="mention hashtag">#<span>World</span></a> '
               '&amp; $AAPL<br />two</p><p>three</p>',
    "reblog": None,
    "account": {
        "id": "7", "username": "ann", "acct": "ann@one.example", "url": "https://one.example/@ann", "bot": True,
        "created_at": "2025-01-05T00:00:00.000Z", "followers_count": 5, "following_count": 6, "statuses_count": 7,
    },
    "media_attachments": [{}],
    "mentions": [{"acct": "bob@two.example", "url": "https://two.example/@bob"}],
    "tags": [{"name": "world", "url": "https://one.example/tags/world"}],
}  # fmt: skip
TAG = {
    "name": "Fire",
    "url": "https://one.example/tags/fire",
    "history": [
        {"day": "1767571200", "uses": "12", "accounts": "9"}, {"day": "1767484800", "uses": "1", "accounts": "1"},
    ],
    "observedAt": "2026-01-05T13:10:00+00:00",
    "instance": "one.example",
}  # fmt: skip


def status(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(STATUS), **changes}


def test_a_status_is_an_event() -> None:
    event = parse(STATUS)
    assert (event.source, event.event_type, event.content_id) == ("mastodon", "original", STATUS["uri"])
    assert event.user_id == "https://one.example/@ann"
    assert event.timestamp == datetime(2026, 1, 5, 12, 0, 0, 123_000, UTC)
    assert event.text == "Hello #World & $AAPL\ntwo\nthree"
    assert (event.hashtags, event.topics, event.language) == (("world",), ("$AAPL",), "en")
    assert event.context["mentions"] == ["bob@two.example"]
    assert event.context["mentioned_user_ids"] == ["https://two.example/@bob"]
    assert event.context["instance"] == "one.example"
    wanted = {"followers": 5, "following": 6, "statuses": 7, "bot": 1, "likes": 3, "retweets": 2, "replies": 1}
    assert wanted.items() <= event.features.items() and event.features["account_age_days"] == pytest.approx(
        365.5, abs=0.01
    )


def test_answers_boosts_and_quotes() -> None:
    assert parse(status(in_reply_to_id="9")).event_type == "reply"
    boost = parse(status(content="", tags=[], uri="https://one.example/users/ann/statuses/2/activity", reblog=STATUS))
    assert (boost.event_type, boost.hashtags) == ("retweet", ("world",))
    assert boost.context["original_content_id"] == STATUS["uri"] and boost.text == parse(STATUS).text
    assert boost.context["original_user_id"] == "https://one.example/@ann"
    quote = parse(status(quote={"state": "accepted", "quoted_status": status(uri="https://two.example/1")}))
    assert (quote.event_type, quote.context["original_content_id"]) == ("quote", "https://two.example/1")
    assert parse(status(quote={"state": "deleted", "quoted_status": None})).event_type == "original"


def test_a_warning_is_part_of_the_text_and_null_tags_are_looked_for() -> None:
    assert parse(status(spoiler_text="Spider", content="<p>here</p>")).text == "Spider\nhere"
    assert parse(status(tags=None)).hashtags == ("World",)


def test_a_trending_tag_is_an_event_of_nobody() -> None:
    event = parse(TAG)
    assert (event.event_type, event.hashtags, event.user_id) == ("trend", ("Fire",), None)
    assert event.content_id == "one.example:fire:2026-01-05T13"
    assert event.features == {"uses": 12, "accounts": 9}


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({}, "no status uri"),
        (status(created_at=None), "no timestamp"),
        (status(created_at="+275760-09-13T00:00:00Z"), "timestamp"),
        ({**TAG, "name": None}, "without its name"),
    ],
)
def test_what_is_neither_is_rejected(payload: dict[str, Any], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        parse(payload)


def test_networks_of_their_own_are_sources_of_their_own() -> None:
    assert parse(status(uri="https://truthsocial.com/users/a/statuses/1")).source == "truth_social"
    assert parse(status(uri="https://gab.com/users/a/statuses/1")).source == "gab"
