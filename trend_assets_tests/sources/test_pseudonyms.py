"""Users under keyed hashes: in no payload is one left, and what is learnt from a payload stays the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trend_assets.sources.archive.json_rows import JsonRouter
from trend_assets.sources.archive.recognition import table_format
from trend_assets.sources.event import Payload
from trend_assets.sources.pseudonyms import Pseudonyms
from trend_assets.sources.registry import parse
from trend_assets.sources.twitter.pages import split_v2_page
from trend_assets.sources.youtube.events import split_response
from trend_assets_tests.sources.archive.samples import DOCUMENTS, ROWS

NAMES = Pseudonyms(b"a key of the tests")

STATUS = {
    "id": "1", "uri": "https://example.social/users/alice/statuses/1", "url": "https://example.social/@alice/1",
    "created_at": "2026-01-05T06:00:00Z", "content": '<p>hi <span class="h-card"><a href="https://other.example/@bob" '
    'class="u-url mention">@<span>bob</span></a></span> #tea</p>',
    "account": {"id": "9", "username": "alice", "acct": "alice", "display_name": "Alice A.", "followers_count": 4,
                "url": "https://example.social/@alice", "note": "me, Alice", "avatar": "https://example.social/a.png"},
    "mentions": [{"id": "8", "username": "bob", "acct": "bob@other.example", "url": "https://other.example/@bob"}],
    "tags": [{"name": "tea", "url": "https://example.social/tags/tea"}], "language": "en",
}  # fmt: skip
POST = {
    "uri": "at://did:plc:alicealice/app.bsky.feed.post/3k", "cid": "b1", "indexedAt": "2026-01-05T06:00:01Z",
    "author": {"did": "did:plc:alicealice", "handle": "alice.example", "displayName": "Alice A.", "avatar": "x"},
    "record": {"text": "hi @bob.example #tea", "createdAt": "2026-01-05T06:00:00Z", "langs": ["en"],
               "reply": {"parent": {"uri": "at://did:plc:bobbobbob/app.bsky.feed.post/3j"},
                         "root": {"uri": "at://did:plc:bobbobbob/app.bsky.feed.post/3j"}},
               "facets": [{"features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:bobbobbob"}]}]},
    "likeCount": 2,
}  # fmt: skip


def recorded_tweets(folder: Path) -> Iterator[dict[str, Any]]:
    for line in (folder / "recorded" / "x" / "noflat.jsonl").read_text("utf-8").splitlines()[:3]:
        yield from split_v2_page(json.loads(line))


def recorded_videos(folder: Path) -> Iterator[dict[str, Any]]:
    for name in ("videos_chart_paged_1", "comment_threads_by_video_paged_1", "search_by_keywords_p1"):
        text = (folder / "recorded" / "youtube" / f"{name}.json").read_text("utf-8")
        yield from split_response(json.loads(text))


def people(payload: Any, person: bool = False) -> Iterator[str]:
    """What tells who somebody is, by the keys that platforms use for it."""
    keys = {"author_id", "username", "channelId", "channelTitle", "authorDisplayName", "did", "handle", "acct"}
    if isinstance(payload, dict):
        for key, value in payload.items():
            inside = person or key in {"users", "author", "account", "mentions", "authorChannelId"}
            if isinstance(value, str) and (key in keys or (inside and key in {"id", "value", "name", "display_name"})):
                yield value
            yield from people(value, inside)
    elif isinstance(payload, list):
        for value in payload:
            yield from people(value, person)


def same_event(format: str, source: str, payload: dict[str, Any]) -> None:
    text = json.dumps(payload)
    hashed = NAMES.payload(source, text)
    assert set(people(payload)).isdisjoint(people(json.loads(hashed)))
    # A name may also stand in a text or in the address of a page, an id must not stand anywhere.
    assert [name for name in people(payload) if re.fullmatch(r"\d{6,}", name) and name in hashed] == []
    before, after = parse(format, text), parse(format, hashed)
    assert (after.timestamp, after.event_type, after.hashtags, after.topics, after.language) == (
        before.timestamp, before.event_type, before.hashtags, before.topics, before.language,
    )  # fmt: skip
    assert before.user_id is None or after.user_id == NAMES.user(source, before.user_id)
    assert after.content_id == NAMES.content(source, before.content_id)
    assert {key: after.features.get(key) for key in ("likes", "followers", "views")} == {
        key: before.features.get(key) for key in ("likes", "followers", "views")
    }
    assert ("original_content_id" in before.context) == ("original_content_id" in after.context)


def test_tweets_as_x_sent_them(shared_data: Path) -> None:
    found = list(recorded_tweets(shared_data))
    assert len(found) > 20
    for payload in found:
        same_event("x_v2", "twitter", payload)


def test_videos_and_comments_as_youtube_sent_them(shared_data: Path) -> None:
    found = list(recorded_videos(shared_data))
    assert len(found) > 10
    for payload in found:
        same_event("youtube_v3", "youtube", payload)


def test_posts_of_networks_that_write_users_into_addresses() -> None:
    same_event("bluesky", "bluesky", POST)
    hashed = NAMES.payload("bluesky", json.dumps(POST))
    assert "alice" not in hashed and "bob" not in hashed and "#tea" in hashed
    event = parse("bluesky", hashed)
    assert event.context["original_content_id"] == NAMES.content("bluesky", POST["record"]["reply"]["parent"]["uri"])
    assert str(event.user_id).startswith("did:")
    hashed = NAMES.payload("mastodon", json.dumps(STATUS))
    assert "alice" not in hashed.casefold() and "bob" not in hashed
    event = parse("mastodon", hashed)
    assert event.user_id == NAMES.user("mastodon", "https://example.social/@alice")
    assert event.content_id == NAMES.content("mastodon", STATUS["uri"])
    assert event.hashtags == ("tea",) and event.features["followers"] == 4


def test_the_same_user_keeps_the_same_hash_and_another_key_gives_another() -> None:
    again, other = Pseudonyms(b"a key of the tests"), Pseudonyms(b"another key of the tests")
    assert NAMES.user("twitter", "42") == again.user("twitter", "42") != other.user("twitter", "42")
    assert NAMES.user("twitter", "42") != NAMES.user("youtube", "42")
    assert NAMES.handle("twitter", "@Alice") == NAMES.handle("twitter", "alice")
    assert len(NAMES.user("twitter", "42")) == 32


def test_mentions_in_texts_are_hashed_and_addresses_of_mail_stay() -> None:
    tweet = {"id": "1", "text": "ask @alice, or mail bob@example.org. @alice!"}
    (text,) = [value for key, value in json.loads(NAMES.payload("twitter", json.dumps(tweet))).items() if key == "text"]
    alice = NAMES.handle("twitter", "alice")
    assert text == f"ask @{alice}, or mail bob@example.org. @{alice}!"


@pytest.mark.parametrize("raw", ['{"user":"u7","text":"said u7 things","n":7}', '{"text":"x","user":7}'])
def test_rows_of_other_communities_lose_the_id_alone(raw: str) -> None:
    user = str(json.loads(raw)["user"])
    row = json.loads(NAMES.row("archive", raw, user))
    assert row["user"] == NAMES.user("archive", user) and row["text"] == json.loads(raw)["text"]


@pytest.mark.parametrize(
    ("columns", "row", "kept"),
    [
        (
            "id=chat+n,user_id=chat+who",
            {"t": 1, "chat": "A", "n": "5", "who": "ann", "likes": 3},
            {"chat", "n", "likes"},
        ),
        ("user_id=who,namespace=A", {"t": 1, "who": "ann", "answers": "ann", "n": 2}, {"n"}),
        ("user_id=who", {"t": 1, "who": '="77"', "n": "x"}, {"n"}),
        ("user_id=who.id", {"t": 1, "who": {"id": 77, "role": "x"}}, set()),
    ],
)
def test_a_user_is_hashed_in_the_row_however_the_id_is_made_of_it(columns: str, row: dict, kept: set[str]) -> None:
    format = f"columns:timestamp=t,{columns}"
    raw = json.dumps(row | {"t": 1_700_000_000})
    user = parse(format, raw).user_id
    hashed = json.loads(NAMES.row("archive", raw, user, format))
    assert {name for name in row if name != "t" and hashed[name] == row[name]} == kept
    assert "ann" not in str(hashed) and "77" not in str(hashed)
    assert parse(format, json.dumps(hashed)).user_id not in (None, user)


def kept(name: str) -> list[tuple[str, dict[str, Any]]]:
    """The payloads that a sample gives, by their formats."""
    if name in ROWS:
        format, row, _ = ROWS[name]
        table = table_format(list(row))
        assert table is not None
        return [(format, payload) for payload in table.payloads(row)]
    found = JsonRouter(None).rows(1, DOCUMENTS[name][1])
    return [(item.format, json.loads(item.raw_data)) for item in found if isinstance(item, Payload)]


@pytest.mark.parametrize("name", [*DOCUMENTS, *ROWS])
def test_events_of_archives_are_the_same_under_hashes(name: str) -> None:
    for format, payload in kept(name):
        text = json.dumps(payload)
        before = parse(format, text)
        after = parse(format, NAMES.payload(before.source, text, before.user_id))
        assert (after.timestamp, after.event_type, after.hashtags, after.topics) == (
            before.timestamp, before.event_type, before.hashtags, before.topics,
        )  # fmt: skip
        assert after.user_id == (before.user_id and NAMES.user(before.source, before.user_id))
        assert after.content_id == NAMES.content(before.source, before.content_id)
        assert ("original_content_id" in after.context) == ("original_content_id" in before.context)


def test_no_name_is_left_in_what_archives_keep() -> None:
    people = {"reddit": "zoe", "hacker_news": "zoe", "tiktok": "zoe"}
    payloads = {
        "reddit": {"kind": "t3", "data": {"id": "a", "title": "t", "author": "zoe", "author_flair_text": "zoe!",
                                          "author_fullname": "t2_zoe", "created_utc": 1705321800}},
        "hacker_news": {"objectID": "1", "created_at_i": 1705321800, "author": "zoe", "title": "t",
                        "_tags": ["story", "author_zoe"], "_highlightResult": {"author": {"value": "zoe"}}},
        "tiktok": {"id": 1, "create_time": 1705321800, "username": "zoe", "video_description": "hi @zoe"},
    }  # fmt: skip
    for source, payload in payloads.items():
        assert "zoe" not in NAMES.payload(source, json.dumps(payload), people[source])


def test_a_channel_of_telegram_is_no_person() -> None:
    assert NAMES.user("telegram", "channel12") == "channel12" and NAMES.user("telegram", "user12") != "user12"
