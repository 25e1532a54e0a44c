"""Feeds, records and Jetstream of Bluesky."""

from __future__ import annotations

import pytest

from trend_assets.sources.bluesky.archive import parse_commit, parse_item, parse_record
from trend_assets.sources.event import Rejected
from trend_assets.sources.wire import notes
from trend_assets_tests.sources.archive.samples import POST, REPOSTED, UNIX, URI, VIEW


def commit(record: dict[str, object], **changes: object) -> dict[str, object]:
    inner = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": "3k", "record": record, **changes}
    return {"did": "did:plc:x", "time_us": UNIX * 1_000_000 + 5_000_000, "kind": "commit", "commit": inner}


def test_a_post_is_the_same_event_wherever_it_was_found() -> None:
    found = [parse_item({"post": VIEW}), parse_record({"uri": URI, "value": POST}), parse_commit(commit(POST))]
    assert len({(event.id, event.timestamp, event.user_id, event.text, event.hashtags) for event in found}) == 1
    assert found[0].hashtags == ("ai",)


def test_a_repost_in_a_feed_is_of_who_reposted() -> None:
    event = parse_item({"post": VIEW, "reason": {**REPOSTED, "uri": "at://did:plc:y/app.bsky.feed.repost/1"}})
    assert (event.event_type, event.user_id) == ("retweet", "did:plc:y")
    assert event.content_id == "at://did:plc:y/app.bsky.feed.repost/1" and event.text == "hi #ai"
    assert event.context["original_content_id"] == URI and event.context["original_user_id"] == "did:plc:x"


def test_a_repost_of_a_repository_repeats_no_text() -> None:
    record = {"$type": "app.bsky.feed.repost", "createdAt": "2024-01-15T12:30:00Z", "subject": {"uri": URI}}
    event = parse_commit(commit(record, collection="app.bsky.feed.repost"))
    assert (event.event_type, event.text, event.context) == ("retweet", "", {"original_content_id": URI})


def test_a_commit_with_an_unusable_time_has_that_at_which_it_was_seen() -> None:
    event = parse_commit(commit({**POST, "createdAt": "0001-01-01T00:00:00Z"}))
    assert event.timestamp.timestamp() == UNIX + 5 and event.notes == (notes.INDEXED_AT,)
    with pytest.raises(Rejected, match="out of range"):
        parse_record({"uri": URI, "value": {**POST, "createdAt": "0001-01-01T00:00:00Z"}})


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (commit({"$type": "app.bsky.feed.like"}), "a like, not a post"),
        (commit({}, operation="delete"), "something was deleted"),
        ({**commit(POST), "kind": "identity"}, "an account's name"),
        (commit(POST, rkey=None), "no post uri"),
    ],
)
def test_what_is_no_post_is_named(payload: dict[str, object], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        parse_commit(payload)
