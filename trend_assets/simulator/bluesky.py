"""Simulated posts in Bluesky's format (lexicons `app.bsky.feed.defs`, `app.bsky.feed.post`)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from trend_assets.simulator.population import User
from trend_assets.simulator.timeline import Post
from trend_assets.simulator.twitter import metrics

#: The alphabet of record keys (TID), whose order is that of the characters.
_SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"
_MARKS = "app.bsky.richtext.facet"


def post_view(post: Post, at: int) -> dict[str, Any]:
    """A ``postView`` of a post.

    Args:
        post: what was posted.
        at: when it is asked for, in ms since 1970; counts are those reached by then.
    """
    counts = metrics(post, at)
    view = {
        "uri": uri(post),
        "cid": _cid(post),
        "author": _author(post.author),
        "record": _record(post),
        "bookmarkCount": 0,
        "replyCount": counts["reply_count"],
        "repostCount": counts["retweet_count"],
        "likeCount": counts["like_count"],
        "quoteCount": counts["quote_count"],
        "indexedAt": _stamp(post.milliseconds),
        "labels": [],
    }
    return view


def uri(post: Post) -> str:
    """The post's own address in the network."""
    return f"at://{did(post.author)}/app.bsky.feed.post/{_record_key(post)}"


def did(user: User) -> str:
    """The user's id on Bluesky; nothing in it tells the user's id on X."""
    return "did:plc:" + _base32(f"did:{user.user_id}")[:24]


def _author(user: User) -> dict[str, Any]:
    return {
        "did": did(user),
        "handle": f"{user.username.lower()}.bsky.social",
        "displayName": user.name,
        "labels": [],
        "createdAt": _stamp(user.created * 1000),
    }


def _record(post: Post) -> dict[str, Any]:
    text = f"{post.text} {post.url}" if post.url else post.text
    record: dict[str, Any] = {
        "$type": "app.bsky.feed.post",
        "createdAt": _stamp(post.milliseconds),
        "langs": [post.language],
        "text": text,
    }
    if facets := list(_facets(post, text)):
        record["facets"] = facets
    if post.kind == "reply" and post.parent is not None:
        record["reply"] = {"parent": _reference(post.parent), "root": _reference(_root(post))}
    if post.kind == "quote" and post.parent is not None:
        record["embed"] = {"$type": "app.bsky.embed.record", "record": _reference(post.parent)}
    return record


def _facets(post: Post, text: str) -> Iterator[dict[str, Any]]:
    marks = [(topic.label, {"$type": f"{_MARKS}#tag", "tag": topic.label[1:]}) for topic in post.topics]
    if post.url:
        marks.append((post.url, {"$type": f"{_MARKS}#link", "uri": post.url}))
    for part, feature in marks:
        start = text.find(part)
        # Cashtags are plain text on Bluesky.
        if start >= 0 and part[0] != "$":
            first = len(text[:start].encode())
            index = {"byteStart": first, "byteEnd": first + len(part.encode())}
            yield {"$type": _MARKS, "index": index, "features": [feature]}


def _root(post: Post) -> Post:
    while post.kind == "reply" and post.parent is not None:
        post = post.parent
    return post


def _reference(post: Post) -> dict[str, str]:
    return {"uri": uri(post), "cid": _cid(post)}


def _record_key(post: Post) -> str:
    """Thirteen characters: microseconds since 1970 and ten bits that tell apart what is made in one."""
    number = post.milliseconds * 1000 << 10 | post.number % 1024
    return "".join(_SORTABLE[number >> shift & 31] for shift in range(60, -1, -5))


def _cid(post: Post) -> str:
    return "bafyrei" + _base32(f"record:{uri(post)}")[:52]


def _base32(key: str) -> str:
    return base64.b32encode(hashlib.blake2b(key.encode(), digest_size=40).digest()).decode().lower()


def _stamp(milliseconds: int) -> str:
    at = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"
