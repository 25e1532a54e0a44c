"""Whose ids a payload of each format holds, and what is no id of anybody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trend_assets.sources import formats
from trend_assets.sources.identifiers import (
    Identifier,
    context_identifiers,
    identifiers,
    is_unmistakable,
    rejected_identifiers,
)
from trend_assets.sources.registry import parse

AT = 1767592800
ISO = "2026-01-05T06:00:00Z"
POST = "at://did:plc:{}/app.bsky.feed.post/{}"

ACTIVITY = {
    "id": "https://m.example/users/ann/statuses/5/activity",
    "type": "Create",
    "actor": "https://m.example/users/ann",
    "to": ["https://www.w3.org/ns/activitystreams#Public"],
    "cc": ["https://n.example/users/bo"],
    "object": {
        "id": "https://m.example/users/ann/statuses/5",
        "type": "Note",
        "published": ISO,
        "attributedTo": "https://m.example/users/ann",
        "content": "x",
        "inReplyTo": "https://n.example/users/bo/statuses/4",
        "tag": [{"type": "Mention", "href": "https://n.example/users/bo", "name": "@bo@n.example"}],
    },
}
COMMIT = {
    "did": "did:plc:ann",
    "time_us": AT * 1_000_000,
    "kind": "commit",
    "commit": {
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": "5",
        "cid": "1",
        "record": {"text": "x", "createdAt": ISO, "reply": {"parent": {"uri": POST.format("bo", 4), "cid": "1"}}},
    },
}
VIEW = {"uri": POST.format("bo", 4), "author": {"did": "did:plc:bo"}, "record": {"text": "x", "createdAt": ISO}}
REPOST = {
    "post": VIEW,
    "reason": {
        "$type": "app.bsky.feed.defs#reasonRepost",
        "uri": "at://did:plc:ann/app.bsky.feed.repost/5",
        "by": {"did": "did:plc:ann", "handle": "ann"},
        "indexedAt": ISO,
    },
}
DISCORD = {
    "guild": {"id": "1", "name": "g"},
    "channel": {"id": "12", "name": "c"},
    "message": {
        "id": "5",
        "type": "Reply",
        "timestamp": ISO,
        "content": "1",
        "author": {"id": "7", "name": "ann", "roles": [{"id": "1"}]},
        "mentions": [{"id": "8", "name": "bo"}],
        "reference": {"messageId": "4", "channelId": "12", "guildId": "1"},
    },
}
CROSSPOST = {
    "kind": "t3",
    "data": {
        "name": "t3_e",
        "id": "e",
        "author": "ann",
        "subreddit": "s",
        "subreddit_id": "t5_d",
        "created_utc": AT,
        "title": "x",
        "crosspost_parent": "t3_b",
        "crosspost_parent_list": [{"name": "t3_b", "id": "b", "author": "bo", "title": "y"}],
    },
}
TELEGRAM = {
    "chat": {"id": 99, "name": "c", "type": "public_supergroup"},
    "message": {
        "id": 5,
        "type": "message",
        "date": "2026-01-05T06:00:00",
        "date_unixtime": str(AT),
        "from": "Ann",
        "from_id": "user7",
        "reply_to_message_id": 4,
        "text": [{"type": "mention_name", "text": "Bo", "user_id": 8}, " 1"],
    },
}
TELEGRAM_API = {
    "_": "Message",
    "id": 5,
    "date": AT,
    "message": "x",
    "peer_id": {"_": "PeerChannel", "channel_id": 99},
    "from_id": {"_": "PeerUser", "user_id": 7},
    "fwd_from": {"_": "MessageFwdHeader", "from_id": {"_": "PeerUser", "user_id": 8}, "date": AT},
    "entities": [{"_": "MessageEntityMentionName", "user_id": 9, "offset": 1}],
    "views": 12,
}
COMMENT = {"kind": "t1", "data": {"name": "t1_a", "author": "ann", "subreddit": "s", "created_utc": AT, "body": "x",
                                  "link_id": "t3_b", "parent_id": "t1_c"}}  # fmt: skip
STORY = {"id": 4, "type": "comment", "by": "ann", "time": AT, "text": "x", "parent": 3, "kids": [12]}


@pytest.mark.parametrize(
    ("format", "payload", "users", "contents"),
    [
        (formats.DISCORD, DISCORD, {"7", "8"}, {"5", "4"}),
        (formats.REDDIT, COMMENT, {"ann"}, {"t1_a", "t3_b", "t1_c"}),
        (formats.REDDIT, CROSSPOST, {"ann", "bo"}, {"t3_e", "t3_b"}),
        (formats.TELEGRAM, TELEGRAM, {"user7", "user8"}, {"99/5", "99/4"}),
        (formats.TELEGRAM_API, TELEGRAM_API, {"user7", "user8", "user9"}, {"99/5"}),
        (formats.HACKER_NEWS, STORY, {"ann"}, {"4", "3"}),
        (formats.JETSTREAM, COMMIT, {"did:plc:ann", "did:plc:bo"}, {POST.format("ann", 5), POST.format("bo", 4)}),
        (formats.BLUESKY_FEED, REPOST, {"did:plc:ann", "did:plc:bo"},
         {"at://did:plc:ann/app.bsky.feed.repost/5", POST.format("bo", 4)}),
        (formats.ACTIVITYPUB, ACTIVITY, {"https://m.example/@ann", "https://n.example/@bo"},
         {"https://m.example/users/ann/statuses/5", "https://n.example/users/bo/statuses/4"}),
    ],
)  # fmt: skip
def test_who_is_carried_is_found(format: str, payload: dict[str, Any], users: set[str], contents: set[str]) -> None:
    raw = json.dumps(payload)
    found = identifiers(format, raw)
    told = {value for kind, value in found if kind == "user" and "/users/" not in value and "www.w3.org" not in value}
    assert told == users
    assert {value for kind, value in found if kind == "content"} == contents
    event = parse(format, raw)
    assert Identifier("content", event.content_id) in found and Identifier("user", event.user_id or "") in found
    # What is kept of it in `events` is found there, too.
    assert context_identifiers(event.source, event.context) <= found


def test_of_a_table_the_event_alone_tells() -> None:
    format = f"{formats.COLUMNS_PREFIX}namespace=forum,id=id,user_id=who,timestamp=at"
    row = {"id": "5", "who": "7", "at": ISO, "likes": "8", "parent": "9"}
    event = parse(format, json.dumps(row))
    assert identifiers(format, json.dumps(row)) == {
        Identifier("content", event.content_id),
        Identifier("user", event.user_id or ""),
    }
    assert event.user_id == "forum/7"
    rejected = {("archive", *item) for item in identifiers(format, json.dumps(row))}
    assert rejected == rejected_identifiers(json.dumps({**row, "at": "never"}), [format])
    assert rejected_identifiers(json.dumps(row)) == {(None, kind, ISO) for kind in ("user", "content")}


@pytest.mark.parametrize(
    "broken", [{"id": ""}, {"at": ""}, {"zone": "nowhere"}, {"site": "nowhere"}, {"id": "2.54e+17"}]
)
def test_of_a_row_of_a_table_each_column_tells_by_itself_whatever_the_row_looks_like(broken: dict[str, str]) -> None:
    """Whichever column it was rejected for, and though `user` is a key of tweets."""
    format = f"{formats.COLUMNS_PREFIX}id=id,user_id=user,timestamp=at,timezone=zone,source=site"
    row = {"id": "5", "user": "7", "at": "2026-01-05 06:00", "zone": "UTC", "site": "reddit", "about": "8", **broken}
    assert parse(format, json.dumps({**row, "id": "5", "at": ISO, "zone": "UTC", "site": "reddit"}))
    source = None if "site" in broken else "reddit"
    contents = set() if "id" in broken else {(source, "content", "5")}
    for others, own in (((), format), ((format,), None), ((formats.X_V2,), format)):
        found = rejected_identifiers(json.dumps(row), others, own)
        assert {item for item in found if item.value in "5 7 8"} == {(source, "user", "7"), *contents}
    assert ("twitter", "user", "7") in rejected_identifiers(json.dumps(row))


def test_of_what_was_rejected_the_platforms_fields_tell_where_its_keys_tell_the_platform() -> None:
    tweet = {"id_str": "5", "user": {"id_str": "7", "followers_count": 1234567}, "place": {"id": "12345678"}}
    assert rejected_identifiers(json.dumps(tweet)) == {("twitter", "user", "7"), ("twitter", "content", "5")}
    category = {"kind": "youtube#videoCategory", "id": "1", "snippet": {"channelId": "UCx", "title": "Film"}}
    assert rejected_identifiers(json.dumps(category)) == {("youtube", "user", "UCx")}
    channel = {"kind": "youtube#channel", "id": "UCy", "snippet": {"title": "t"}}
    assert rejected_identifiers(json.dumps(channel)) == {("youtube", kind, "UCy") for kind in ("user", "content")}
    message = {**DISCORD, "message": {**DISCORD["message"], "timestamp": "never"}}  # type: ignore[dict-item]
    assert ("discord", "user", "8") in rejected_identifiers(json.dumps(message), [formats.DISCORD])


@pytest.mark.parametrize(
    ("value", "is_it"),
    [("1", False), ("error", False), ("everybody", False), ("201401", False), ("2244994945", True), ("did:plc:a", True),
     ("dQw4w9WgXcQ", True), ("https://m.example/@a", True)],
)  # fmt: skip
def test_short_numbers_and_plain_words_are_in_many_a_text_by_chance(value: str, is_it: bool) -> None:
    assert is_unmistakable(value) is is_it
    text = f"no JSON, but {value} in it"
    assert bool({item for item in rejected_identifiers(text) if item.value == value}) is is_it
