"""Recognises tweets in JSON, by fields that only X writes.

An id and a text are nobody's own. X's are ids that tell the time (snowflakes), which must agree with
``created_at``, and the names of its fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from trend_assets.sources.event import Rejected
from trend_assets.sources.formats import TWITTER_V1, X_V2, Found
from trend_assets.sources.twitter.pages import split_v2_page
from trend_assets.sources.wire import instants
from trend_assets.sources.wire.values import identifier, mapping, mappings

#: A tweet with other marks may come with a clock that is off: other platforms' ids are off by years.
_MARKED_SLACK = timedelta(days=30)
#: Without other marks the id alone says whose it is.
_BARE_SLACK = timedelta(hours=1)
_V1_TIME = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d [+-]\d{4} \d{4}", re.ASCII)
_V1_ENTITIES = ("hashtags", "symbols", "user_mentions", "urls", "media")
_V1_OWN = ("retweeted_status", "favorite_count", "in_reply_to_status_id_str", "truncated")
_V2_OBJECTS = ("public_metrics", "entities", "attachments", "note_tweet", "edit_controls")
_V2_OTHERS = (
    "conversation_id", "referenced_tweets", "in_reply_to_user_id", "reply_settings", "context_annotations",
    "possibly_sensitive",
)  # fmt: skip
_PAGE_MARKS = ("includes", "__twarc", "matching_rules")
_META_MARKS = ("result_count", "newest_id", "oldest_id", "total_tweet_count")
_DISAGREES = "an id that tells another time than created_at: not a tweet of X"
#: What Twitter's v1.1 streams, and an account's own archive, hold between the tweets.
_NOTICES = {
    "delete": "a notice that a tweet was deleted, not a tweet",
    "scrub_geo": "a notice that places were removed, not a tweet",
    "limit": "a notice that the stream was limited, not a tweet",
    "status_withheld": "a notice that a tweet was withheld, not a tweet",
    "user_withheld": "a notice that a user was withheld, not a tweet",
    "disconnect": "a notice that the stream was disconnected, not a tweet",
    "warning": "a warning of the stream, not a tweet",
    "like": "a like, not a post",
    "follower": "a follower, not a post",
    "following": "an account that is followed, not a post",
}


def found(value: Mapping[str, Any]) -> Iterator[Found] | None:
    """The tweets in a JSON object; None where it is not X's.

    Args:
        value: a tweet, a page of tweets, a stream's notice, or an item of an account's own archive.

    Raises:
        Rejected: it is X's, but holds no tweet.
    """
    if is_v1_tweet(value):
        return iter([(TWITTER_V1, value)])
    if "data" in value:
        return _page(value)
    if is_v2_item(value):
        return iter([(X_V2, value)])
    if "result_count" in mapping(value.get("meta")):
        raise Rejected("a page without tweets")
    if len(value) == 1:
        return _only_key(*next(iter(value.items())))
    return _search(value.get("statuses"))


def is_v1_tweet(value: Mapping[str, Any]) -> bool:
    """Whether an object is a tweet of API v1.1, of a stream, or of an account's own archive."""
    if not isinstance(value.get("text", value.get("full_text")), str) or "idstr" in value:
        return False
    tweet_id, created = identifier(value.get("id_str")) or identifier(value.get("id")), value.get("created_at")
    if tweet_id is None or not (isinstance(value.get("id_str"), str) or _has_v1_marks(value)):
        return False
    v1_time = _V1_TIME.fullmatch(created) if isinstance(created, str) else None
    if v1_time and v1_time.string[20:25] != "+0000":
        return False
    told = instants.from_snowflake(tweet_id)
    # Some tools write the time anew: where its form is another, only the id can tell whose it is.
    return _agrees(told, created, _MARKED_SLACK) if told else created is None or v1_time is not None


def _has_v1_marks(value: Mapping[str, Any]) -> bool:
    marks = (
        "screen_name" in mapping(value.get("user")),
        any(name in mapping(value.get("entities")) for name in _V1_ENTITIES),
        any(name in value for name in _V1_OWN),
    )
    return sum(marks) > 1


def is_v2_item(value: Mapping[str, Any], *, in_page: bool = False) -> bool:
    """Whether an object is a tweet of API v2, whole or flattened, or another item that its answers list.

    Args:
        value: the object.
        in_page: whether what surrounds it is X's own.
    """
    tweet_id, created = identifier(value.get("id")), value.get("created_at")
    if tweet_id is None:
        return in_page
    if "id_str" in value or not (tweet_id.isascii() and tweet_id.isdigit()):
        return False
    told = instants.from_snowflake(tweet_id)
    marks = sum(isinstance(value.get(name), dict) for name in _V2_OBJECTS) + sum(name in value for name in _V2_OTHERS)
    history = value.get("edit_history_tweet_ids")
    is_marked = (
        in_page
        or (isinstance(history, list) and tweet_id in map(identifier, history))
        or ("author_id" in value and (marks > 0 or told is not None))
        or marks > 1
    )
    if told is None or created is None:
        return is_marked and (told is None or _is_past(told))
    return _agrees(told, created, _MARKED_SLACK if is_marked else _BARE_SLACK)


def _page(page: Mapping[str, Any]) -> Iterator[Found] | None:
    data, meta = page["data"], mapping(page.get("meta"))
    if not isinstance(data, dict | list):
        return None
    in_page = any(isinstance(page.get(name), dict | list) for name in _PAGE_MARKS) or any(
        name in meta for name in _META_MARKS
    )
    items = mappings(data) if isinstance(data, list) else [data]
    if not in_page and not any(is_v2_item(item) for item in items):
        return None
    if data == []:
        raise Rejected("a page without tweets")
    # What a stream delivers is one tweet already, and is kept to the letter.
    parts = split_v2_page(page) if isinstance(data, list) else iter([page])
    return ((_format(part["data"]), part) for part in parts)


def _format(item: Any) -> str | Rejected:
    is_ours = not isinstance(item, dict) or "text" not in item or is_v2_item(item, in_page=True)
    return X_V2 if is_ours else Rejected(_DISAGREES)


def _only_key(key: str, inner: Any) -> Iterator[Found] | None:
    if key == "tweet" and isinstance(inner, dict) and is_v1_tweet(inner):
        if "deleted_at" in inner:
            raise Rejected("a tweet that its author deleted")
        return iter([(TWITTER_V1, inner)])
    if key in _NOTICES and isinstance(inner, dict):
        raise Rejected(_NOTICES[key])
    return _search(inner) if key == "statuses" else None


def _search(statuses: Any) -> Iterator[Found] | None:
    """The tweets of a search by API v1.1."""
    if not any(is_v1_tweet(item) for item in mappings(statuses)):
        return None
    return ((TWITTER_V1 if _is_v1(status) else Rejected(_DISAGREES), status) for status in statuses)


def _is_v1(status: Any) -> bool:
    return not isinstance(status, dict) or "created_at" not in status or is_v1_tweet(status)


def _is_past(told: datetime) -> bool:
    return told < datetime.now(UTC) + timedelta(days=1)


def _agrees(told: datetime, created: Any, slack: timedelta) -> bool:
    """Whether the time that an id tells is the one that is said; the parser says why where none can be read."""
    if created is None:
        return _is_past(told)
    try:
        return abs(instants.from_any(created) - told) < slack
    except Rejected:
        return _is_past(told)
