"""What Bluesky and Mastodon document of what they send, written down by hand: nothing of it is recorded here.

Bluesky: lexicons `app.bsky.feed.searchPosts`, `app.bsky.feed.defs#postView`, `app.bsky.actor.defs#profileViewBasic`,
`app.bsky.feed.post`, `app.bsky.richtext.facet` (github.com/bluesky-social/atproto). Mastodon: entities Status,
Account, Tag, Quote (docs.joinmastodon.org/entities). A list stands for an array, a tuple for alternatives.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_REFERENCE = {"uri": str, "cid": str}
_FACET = {
    "$type": str,
    "index": {"byteStart": int, "byteEnd": int},
    "features": [{"$type": str, "tag": str, "uri": str, "did": str}],
}
_LABEL = {"src": str, "uri": str, "val": str, "cts": str}
_PROFILE = {
    "did": str, "handle": str, "displayName": str, "avatar": str, "labels": [_LABEL], "createdAt": str,
}  # fmt: skip
_POST_RECORD = {
    "$type": str,
    "text": str,
    "createdAt": str,
    "langs": [str],
    "tags": [str],
    "facets": [_FACET],
    "reply": {"root": _REFERENCE, "parent": _REFERENCE},
    "embed": {"$type": str, "record": _REFERENCE},
}
BLUESKY_PAGE = {
    "cursor": str,
    "hitsTotal": int,
    "posts": [
        {
            "uri": str, "cid": str, "author": _PROFILE, "record": _POST_RECORD, "indexedAt": str, "labels": [_LABEL],
            "bookmarkCount": int, "replyCount": int, "repostCount": int, "likeCount": int, "quoteCount": int,
        }
    ],
}  # fmt: skip

_NULL = type(None)
_ACCOUNT = {
    "id": str, "username": str, "acct": str, "display_name": str, "locked": bool, "bot": bool, "group": bool,
    "discoverable": (bool, _NULL), "created_at": str, "note": str, "url": str, "uri": str, "avatar": str,
    "avatar_static": str, "header": str, "header_static": str, "followers_count": int, "following_count": int,
    "statuses_count": int, "last_status_at": (str, _NULL), "noindex": bool, "emojis": [dict],
    "fields": [{"name": str, "value": str, "verified_at": (str, _NULL)}],
}  # fmt: skip
_STATUS: dict[str, Any] = {
    "id": str, "created_at": str, "in_reply_to_id": (str, _NULL), "in_reply_to_account_id": (str, _NULL),
    "sensitive": bool, "spoiler_text": str, "visibility": str, "language": (str, _NULL), "uri": str,
    "url": (str, _NULL), "replies_count": int, "reblogs_count": int, "favourites_count": int, "quotes_count": int,
    "edited_at": (str, _NULL), "content": str, "reblog": _NULL, "account": _ACCOUNT, "media_attachments": [dict],
    "mentions": [{"id": str, "username": str, "url": str, "acct": str}], "tags": [{"name": str, "url": str}],
    "emojis": [dict], "card": (dict, _NULL), "poll": (dict, _NULL),
}  # fmt: skip
MASTODON_TIMELINE = [{**_STATUS, "quote": ({"state": str, "quoted_status": _STATUS}, _NULL)}]
MASTODON_TRENDS = [
    {"id": str, "name": str, "url": str, "history": [{"day": str, "uses": str, "accounts": str}]},
]


def strange(value: Any, documented: Any, path: str = "") -> Iterator[str]:
    """Paths of what is not documented, or is with another type."""
    options = documented if isinstance(documented, tuple) else (documented,)
    if isinstance(value, dict) and (known := next((option for option in options if isinstance(option, dict)), None)):
        for name, inner in value.items():
            if name in known:
                yield from strange(inner, known[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}"
    elif isinstance(value, list) and (listed := next((option for option in options if isinstance(option, list)), None)):
        for inner in value:
            yield from strange(inner, listed[0], f"{path}[]")
    elif type(value) not in options:
        yield f"{path}: {value!r}"
