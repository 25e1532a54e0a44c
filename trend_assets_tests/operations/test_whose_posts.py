"""Whose posts `trend forget` takes: the person's and those that carry the person, on every platform, and no others.

The expectation is told by paths within the payloads, written down here a second time.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from trend_assets.lake.connection import LakeLocation, lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import RAW_EVENTS
from trend_assets.operations.importing import import_file
from trend_assets.operations.privacy.forgetting import forget, preview
from trend_assets.operations.privacy.traces import Subject, find
from trend_assets.settings import Settings
from trend_assets.sources.event import Payload
from trend_assets.sources.frames import raw_frame
from trend_assets.sources.reading import read

NOW = datetime(2026, 1, 5, 6, tzinfo=UTC)
#: By format, the paths at which a user's id stands, and those of a content's.
USERS = {
    "twitter_v1": r"(^|\.)(user|user_mentions\[\]|contributors\[\])\.id(_str)?"
    r"|(^|\.)(in_reply_to|source)_user_id(_str)?",
    "x_v2": r"(^|\.)(author|users\[\]|mentions\[\]|in_reply_to_user)\.id|(^|\.)(author_id|in_reply_to_user_id)",
    "youtube_v3": r"(^|\.)channelId|(^|\.)authorChannelId\.value",
    "bluesky": r"(^|\.)(did|src)",
    "mastodon": r"(^|\.)(account|mentions\[\])\.url",
    "google_trends": r"(?!)",
}
CONTENTS = {
    "twitter_v1": r"^((retweeted_status|quoted_status)\.)*id(_str)?"
    r"|(^|\.)((in_reply_to|quoted|source)_status|conversation)_id(_str)?",
    "x_v2": r"^(data\.)?id|(^|\.)(tweets\[\]|referenced_tweets\[\])\.id|(^|\.)conversation_id"
    r"|(^|\.)edit_history_tweet_ids\[\]",
    "youtube_v3": r"^id|(^|\.)topLevelComment\.id|(^|\.)(videoId|parentId)",
    "bluesky": r"(^|\.)uri",
    "mastodon": r"^((reblog|quoted_status)\.)*uri",
    "google_trends": r"(?!)",
}


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Paths and values of what is no object, as text."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from flat(inner, f"{path}[]")
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield path, str(value)


def at(row: dict[str, Any], paths: dict[str, str]) -> set[str]:
    pattern = re.compile(f"({paths.get(row['format'], '(?!)')})$")
    values = list(flat(json.loads(row["raw_data"])))
    found = {value for path, value in values if pattern.search(path)}
    if row["format"] == "bluesky" and paths is USERS:
        found |= {value.split("/")[2] for _, value in values if value.startswith("at://")}
    return found


def expected(rows: list[dict[str, Any]], kind: str, value: str, source: str) -> set[str]:
    """Own rows, and rows in which the id or an own post's id stands."""
    column = f"{kind}_id"
    mine = [row for row in rows if row["source"] == source and row[column] == value]
    posts = {row["content_id"] for row in mine}
    return {row["id"] for row in mine} | {
        row["id"]
        for row in rows
        if row["source"] == source
        and ((kind == "user" and value in row["users"]) or not posts.isdisjoint(row["contents"])
             or (kind == "content" and value in row["contents"]))
    }  # fmt: skip


def kept(lake: Lake) -> list[dict[str, Any]]:
    rows = lake.read_table(RAW_EVENTS).to_dicts()
    return [{**row, "users": at(row, USERS), "contents": at(row, CONTENTS)} for row in rows]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[tuple[Lake, Settings]]:
    """Everything that the platforms answered once, and a month of tweets."""
    folder = tmp_path_factory.mktemp("recorded")
    settings = Settings(home=folder / "home")
    lake = Lake(lake_location(settings))
    for path in sorted((shared_data / "recorded").rglob("*")):
        if path.suffix == ".yaml":
            path = _bodies(path, folder / f"{path.stem}.jsonl")
        if path.is_file():
            import_file(lake, path, settings)
    import_file(lake, shared_data / "tweets" / "2014-01.jsonl.gz", settings)
    yield lake, settings
    lake.close()


def _bodies(cassette: Path, target: Path) -> Path:
    bodies = []
    for interaction in yaml.safe_load(cassette.read_text(encoding="utf-8"))["interactions"]:
        body = interaction["response"]["body"]["string"]
        body = body.encode() if isinstance(body, str) else body
        body = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        if body[:1] in (b"{", b"["):
            bodies.append(json.dumps(json.loads(body)))
    target.write_text("\n".join(bodies), "utf-8")
    return target


def _some(values: set[tuple[str, str]], most: int) -> list[tuple[str, str]]:
    return sorted(values, key=lambda pair: hashlib.blake2b(repr(pair).encode()).digest())[:most]


def test_of_what_platforms_really_sent_a_users_posts_go_and_nobody_elses(recorded: tuple[Lake, Settings]) -> None:
    lake, _ = recorded
    rows = kept(lake)
    assert {row["format"] for row in rows} >= {"twitter_v1", "x_v2", "youtube_v3"} and len(rows) > 3000
    authors = {(row["source"], row["user_id"]) for row in rows if row["user_id"]}
    named = {(row["source"], user) for row in rows for user in row["users"]}
    assert len(named - authors) > 100
    modern = {(row["source"], row["user_id"]) for row in rows if row["format"] != "twitter_v1" and row["user_id"]}
    often = Counter((row["source"], user) for row in rows for user in row["users"] - {row["user_id"]})
    busiest = [pair for pair, _ in often.most_common(3)]
    carried = 0
    for source, user in [*busiest, *_some(authors, 6), *_some(named - authors, 6), *_some(modern, 6)]:
        found = find(lake, Subject("user", user, source), None)
        assert found.event_ids == expected(rows, "user", user, source), (source, user)
        assert found.own == {row["id"] for row in rows if (row["source"], row["user_id"]) == (source, user)}
        carried += len(found.event_ids - found.own)
    assert carried > 50


def test_of_what_platforms_really_sent_a_post_goes_with_what_names_it(recorded: tuple[Lake, Settings]) -> None:
    lake, _ = recorded
    rows = kept(lake)
    contents = {(row["source"], row["content_id"]) for row in rows if row["format"] != "twitter_v1"}
    named = {(row["source"], value) for row in rows for value in row["contents"]}
    for source, content in [*_some(contents, 8), *_some(named, 8)]:
        found = find(lake, Subject("content", content, source), None)
        assert found.event_ids == expected(rows, "content", content, source), (source, content)


def test_numbers_within_links_and_counts_are_no_ids_of_anybody(recorded: tuple[Lake, Settings]) -> None:
    """Thousands of tweets end in `/photo/1`, and as many have one retweet."""
    lake, _ = recorded
    for kind, number in [("user", "1"), ("content", "1"), ("content", "12"), ("user", "photo"), ("user", "2014")]:
        assert find(lake, Subject(kind, number), None).is_empty, (kind, number)  # type: ignore[arg-type]
    # Somebody who is really user 12, and is mentioned.
    found = find(lake, Subject("user", "12", "twitter"), None)
    assert found.event_ids == expected(kept(lake), "user", "12", "twitter") != set()


def test_what_is_forgotten_is_what_was_found(recorded: tuple[Lake, Settings]) -> None:
    lake, settings = recorded
    rows = kept(lake)
    user = min(row["user_id"] for row in rows if row["format"] == "x_v2" and row["user_id"])
    gone, subject = expected(rows, "user", user, "twitter"), Subject("user", user, "twitter")
    before = {row["id"] for row in rows}
    shown = preview(lake, settings, subject)
    assert (shown.traces.event_ids, shown.removed["raw_events"]) == (gone, len(gone))
    assert set(lake.read("SELECT id FROM raw_events")["id"]) == before
    assert forget(lake, settings, subject).removed == shown.removed
    assert set(lake.read("SELECT id FROM raw_events")["id"]) == before - gone


def v1(number: str, user: str, **more: Any) -> dict[str, Any]:
    return {
        "id_str": number,
        "id": int(number),
        "created_at": "Mon Jan 05 06:01:00 +0000 2026",
        "text": "1 of 12 http://t.co/1",
        "user": {"id_str": user, "id": int(user), "screen_name": f"n{user}", "followers_count": 1},
        "retweet_count": 1,
        "place": {"id": "1", "full_name": "12"},
        "entities": {
            "urls": [{"expanded_url": "https://example.org/1/12?id=1#2", "indices": [1, 12]}],
            "media": [{"id": 1, "id_str": "1", "expanded_url": "https://twitter.com/a/status/12/photo/1"}],
        },
        **more,
    }


def v2(number: str, user: str, **more: Any) -> dict[str, Any]:
    tweet = {
        "id": number,
        "author_id": user,
        "text": "1 of 12",
        "created_at": "2026-01-05T06:02:00Z",
        "conversation_id": number,
        "edit_history_tweet_ids": [number],
        "geo": {"place_id": "1"},
        "context_annotations": [{"domain": {"id": "1"}, "entity": {"id": "12"}}],
        "public_metrics": {"like_count": 1},
        **more,
    }
    users = [{"id": user, "username": f"n{user}", "pinned_tweet_id": "1"}]
    return {"data": tweet, "includes": {"users": users, "media": [{"media_key": "1", "id": "12"}]}}


def video(key: str, channel: str) -> dict[str, Any]:
    snippet = {"publishedAt": "2026-01-05T06:03:00Z", "channelId": channel, "title": "1", "categoryId": "1"}
    return {"kind": "youtube#video", "id": key, "etag": "1", "snippet": snippet, "statistics": {"viewCount": "1"}}


def comment(key: str, author: str, on: str, channel: str) -> dict[str, Any]:
    snippet = {
        "publishedAt": "2026-01-05T06:04:00Z",
        "authorChannelId": {"value": author},
        "authorDisplayName": "1",
        "textOriginal": "12",
        "videoId": on,
        "channelId": channel,
        "likeCount": 1,
    }
    return {"kind": "youtube#comment", "id": key, "snippet": snippet}


def post(author: str, key: str, **record: Any) -> dict[str, Any]:
    return {
        "uri": f"at://did:plc:{author}/app.bsky.feed.post/{key}",
        "cid": "1",
        "author": {"did": f"did:plc:{author}", "handle": "1"},
        "record": {"text": "1", "createdAt": "2026-01-05T06:05:00Z", **record},
        "likeCount": 1,
    }


def status(server: str, name: str, key: str, **more: Any) -> dict[str, Any]:
    account = {"id": "1", "acct": name, "url": f"https://{server}/@{name}"}
    return {
        "id": "1",
        "uri": f"https://{server}/users/{name}/statuses/{key}",
        "url": f"https://{server}/@{name}/{key}",
        "created_at": "2026-01-05T06:06:00Z",
        "content": "1",
        "account": account,
        "in_reply_to_account_id": "1",
        **more,
    }


PAYLOADS = [
    ("twitter_v1", v1("9001", "1")),
    ("twitter_v1", v1("9002", "12", retweeted_status=v1("9001", "1"))),
    ("twitter_v1", v1("9003", "12")),
    ("twitter_v1", v1("1", "2")),
    ("twitter_v1", v1("9004", "2", in_reply_to_user_id_str="12", in_reply_to_status_id_str="1")),
    ("x_v2", v2("9005", "1")),
    ("x_v2", v2("9006", "21", referenced_tweets=[{"type": "quoted", "id": "9005"}])),
    ("x_v2", v2("12", "21", entities={"mentions": [{"username": "n1", "id": "1"}]})),
    ("youtube_v3", video("1", "7")),
    ("youtube_v3", video("7", "1")),
    ("youtube_v3", comment("c1", "12", on="7", channel="1")),
    ("youtube_v3", comment("12", "7", on="71", channel="71")),
    ("bluesky", post("1", "1")),
    ("bluesky", post("12", "1")),
    ("bluesky", post("2", "12", reply={"parent": {"uri": "at://did:plc:1/app.bsky.feed.post/1"}})),
    ("mastodon", status("a.example", "1", "1")),
    ("mastodon", status("a.example", "12", "1")),
    ("mastodon", status("b.example", "1", "12", reblog=status("a.example", "1", "1"))),
    ("columns:content_id=id,user_id=who,timestamp=at", {"id": "1", "who": "12", "at": "2026-01-05T06:07:00Z"}),
    ("columns:content_id=id,user_id=who,timestamp=at", {"id": "12", "who": "1", "at": "2026-01-05T06:07:00Z", "n": 1}),
    ("columns:content_id=id,user_id=who,timestamp=at", {"id": "3", "who": "3", "at": "2026-01-05T06:07:00Z", "n": "1"}),
]


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Posts of every platform whose ids are as short as ids can be, amid numbers that are none."""
    lake = Lake(LakeLocation(tmp_path_factory.mktemp("short")))
    payloads = [read(format, payload) for format, payload in PAYLOADS]
    assert all(isinstance(payload, Payload) for payload in payloads), payloads
    lake.write(RAW_EVENTS, raw_frame(payloads, "made", NOW))  # type: ignore[arg-type]
    yield lake
    lake.close()


def test_the_shortest_ids_are_told_apart_on_every_platform(short: Lake) -> None:
    rows = kept(short)
    subjects = {(kind, row["source"], row[f"{kind}_id"]) for row in rows for kind in ("user", "content")}
    subjects |= {(kind, row["source"], str(number)) for row in rows for number in (1, 12)
                 for kind in ("user", "content")}  # fmt: skip
    assert {source for _, source, _ in subjects} == {"twitter", "youtube", "bluesky", "mastodon", "archive"}
    for kind, source, value in sorted(subjects):
        found = find(short, Subject(kind, value, source), None)  # type: ignore[arg-type]
        assert found.event_ids == expected(rows, kind, value, source), (kind, source, value)


@pytest.mark.parametrize(
    ("source", "user", "gone"),
    [
        ("twitter", "1", {"9001", "9002", "9005", "9006", "12"}),
        ("twitter", "12", {"9002", "9003", "9004"}),
        ("youtube", "1", {"7", "c1"}),
        ("youtube", "12", {"c1"}),
        ("bluesky", "did:plc:1", {f"at://did:plc:{end}" for end in
                                  ("1/app.bsky.feed.post/1", "2/app.bsky.feed.post/12")}),
        ("mastodon", "https://a.example/@1", {"https://a.example/users/1/statuses/1",
                                              "https://b.example/users/1/statuses/12"}),
        ("archive", "1", {"12"}),
    ],
)  # fmt: skip
def test_who_carries_whom(short: Lake, source: str, user: str, gone: set[str]) -> None:
    found = find(short, Subject("user", user, source), None)
    rows = short.read("SELECT id, content_id FROM raw_events").rows()
    assert {content for event_id, content in rows if event_id in found.event_ids} == gone
