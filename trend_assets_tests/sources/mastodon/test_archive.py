"""The outbox of an account on Mastodon."""

from __future__ import annotations

import pytest

from trend_assets.sources.event import Rejected
from trend_assets.sources.mastodon.archive import found, parse
from trend_assets_tests.sources.archive.samples import ANNOUNCE, CREATE, NOTE, STATUS


def test_a_post_is_an_event_under_its_own_address() -> None:
    event = parse(CREATE)
    assert (event.source, event.event_type, event.content_id) == ("mastodon", "reply", NOTE["id"])
    assert event.user_id == "https://m.example/@a"
    elsewhere = parse({**CREATE, "object": {**NOTE, "id": "https://m.example/objects/2"}})
    assert elsewhere.user_id == "https://m.example/users/a"
    assert (event.text, event.hashtags, event.language) == ("hi #ai & co", ("ai",), "en")
    assert event.context["original_content_id"] == STATUS["uri"]
    alone = parse({**CREATE, "object": {**NOTE, "inReplyTo": None, "summary": "Warning", "tag": None}})
    assert (alone.event_type, alone.text, alone.hashtags) == ("original", "Warning\nhi #ai & co", ("ai",))


def test_a_boost_names_what_it_repeats() -> None:
    event = parse(ANNOUNCE)
    assert (event.event_type, event.text) == ("retweet", "")
    assert event.context == {"original_content_id": "https://two.example/users/b/statuses/9"}


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({**CREATE, "type": "Like"}, "a like, not a post"),
        ({**CREATE, "object": "https://m.example/1"}, "no post"),
        ({**ANNOUNCE, "object": None}, "a boost without its address"),
        ({**CREATE, "object": {**NOTE, "published": "soon"}}, "timestamp"),
        ({"type": "Dance"}, "an activity of type 'Dance'"),
    ],
)
def test_other_activities_are_named(payload: dict[str, object], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        parse(payload)


def test_what_only_resembles_a_status_is_not_one() -> None:
    assert (
        found({"content": "x", "created_at": "2024-01-15T12:30:00Z", "url": "https://a", "account": {"id": 1}}) is None
    )
