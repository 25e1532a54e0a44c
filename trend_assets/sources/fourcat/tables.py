"""Parses the tables that 4CAT exports, whatever platform it collected from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any
from urllib.parse import urlsplit

from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.wire import instants, tags
from trend_assets.sources.wire.markup import plain_text
from trend_assets.sources.wire.notes import NO_ZONE
from trend_assets.sources.wire.values import identifier, numbers, present, text

#: Every table has these.
_MARKS = frozenset({"id", "thread_id", "body", "author", "timestamp"})
#: Columns that one platform's tables alone have.
_OWN_COLUMNS = (
    ("tiktok_url", "tiktok"), ("subreddit", "reddit"), ("author_forwarded_from_name", "telegram"),
    ("image_4chan", "4chan"), ("image_md5", "4chan"), ("author_trip", "4chan"),
)  # fmt: skip
SOURCES_BY_HOST = {
    "tiktok.com": "tiktok", "instagram.com": "instagram", "twitter.com": "twitter", "x.com": "twitter",
    "threads.net": "threads", "threads.com": "threads", "linkedin.com": "linkedin", "gab.com": "gab",
    "truthsocial.com": "truth_social", "reddit.com": "reddit", "t.me": "telegram", "vk.com": "vk",
    "douyin.com": "douyin", "tumblr.com": "tumblr", "facebook.com": "facebook",
}  # fmt: skip
_ADDRESSES = ("link", "url", "post_url", "post_source_domain")
#: A post's number counts within these.
_ROOMS = {"telegram": ("chat", "thread_id"), "4chan": ("board", "thread_id"), "archive": ("board", "thread_id")}
_NOBODY = frozenset({"Anonymous", "[deleted]", "[removed]"})
_YES = ("yes", "true", "1")


def is_table(header: Sequence[str]) -> bool:
    """Whether a header is one of 4CAT's."""
    return set(header) >= _MARKS


def payloads(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The row without its empty cells."""
    return [{name: cell for name, cell in row.items() if cell not in (None, "")}]


def parse(row: Mapping[str, Any]) -> Event:
    """A row as an event of the platform that its columns or addresses name, else of `archive`.

    Args:
        row: ``id``, ``thread_id``, ``body``, ``author``, ``timestamp``, and what the platform has beside them.

    Returns:
        The event. Where a platform's numbers count within a chat, board or thread, that is part of the content id.
        Times are those of ``unix_timestamp``; where it is missing, ``timestamp`` is read as UTC, and noted.

    Raises:
        Rejected: no id, no readable time.
    """
    source, number, thread = source_of(row), identifier(row.get("id")), identifier(row.get("thread_id"))
    if number is None:
        raise Rejected(f"id {str(row['id'])[:40]!r} has lost digits" if row.get("id") else "no id")
    room = next((known for name in _ROOMS.get(source, ()) if (known := identifier(row.get(name)))), None)
    parts = (text(row.get("subject")), plain_text(text(row.get("body")) or "").strip())
    written = "\n".join(part for part in parts if part)
    listed = tuple(dict.fromkeys(filter(None, (tag.strip(" #") for tag in str(row.get("hashtags", "")).split(",")))))
    hashtags = listed or tags.hashtags(written)
    cashtags = tuple(f"${tag}" for tag in tags.cashtags(written))
    event_type, answered = _relation(row, source, number, thread)
    at, notes = _time(row)
    return Event(
        timestamp=at,
        source=source,
        event_type=event_type,
        content_id=f"{room}/{number}" if room else number,
        user_id=_user(row, source),
        text=written,
        hashtags=hashtags,
        topics=cashtags,
        language=text(row.get("language_guess")),
        context=present(
            (
                ("original_content_id", f"{room}/{answered}" if room and answered else answered),
                ("conversation_id", thread if thread != number else None),
                ("community", _first(row, "subreddit", "chat", "board")),
                ("username", _first(row, "author_username", "author")),
                ("mentions", [name for name in str(row.get("mentions", "")).split(",") if name]),
                ("urls", [link for link in str(row.get("urls", "")).split(",") if link]),
                ("url", _first(row, "link", "url", "tiktok_url", "post_url")),
                ("country", text(row.get("country_code"))),
            )
        ),
        features=numbers(
            (
                ("followers", row.get("author_followers")),
                ("likes", _first(row, "likes", "like_count", "num_likes", "score")),
                ("retweets", _first(row, "reposts", "retweet_count", "shares")),
                ("replies", _first(row, "replies", "reply_count", "comments", "num_comments")),
                ("quotes", _first(row, "quotes", "quote_count")),
                ("views", _first(row, "plays", "views")),
                ("impressions", row.get("impression_count")),
                ("hashtag_count", len(hashtags)),
                ("cashtag_count", len(cashtags)),
            )
        ),
        notes=notes,
    )


def source_of(row: Mapping[str, Any]) -> str:
    """The platform that a row's columns or addresses name."""
    for column, source in _OWN_COLUMNS:
        if column in row:
            return source
    for column in _ADDRESSES:
        if (named := host_source(row.get(column))) is not None:
            return named
    return "archive"


def host_source(address: Any) -> str | None:
    """The platform that an address or the name of a host belongs to."""
    said = text(address) or ""
    try:
        host = (urlsplit(said if "//" in said else f"//{said}").hostname or "").lower()
    except ValueError:
        return None
    return next((name for known, name in SOURCES_BY_HOST.items() if host == known or host.endswith(f".{known}")), None)


def _time(row: Mapping[str, Any]) -> instants.Reading:
    if (unix := row.get("unix_timestamp")) not in (None, ""):
        return instants.read(unix)
    try:
        return instants.read(row.get("timestamp"))
    except Rejected:
        at, notes = instants.read(row.get("timestamp"), UTC)
        return at, (*notes, NO_ZONE)


def _user(row: Mapping[str, Any], source: str) -> str | None:
    known = identifier(row.get("author_id")) or identifier(row.get("author"))
    if source == "4chan":
        return text(row.get("author_trip"))
    if source in ("tiktok", "instagram", "threads"):
        # As their other exports name people.
        known = text(row.get("author"))
    if known is None or known in _NOBODY:
        return None
    return f"user{known}" if source == "telegram" and known.isdigit() else known


def _relation(row: Mapping[str, Any], source: str, number: str, thread: str | None) -> tuple[str, str | None]:
    """The event type, and the number of what is answered."""
    answered = identifier(row.get("reply_to"))
    if _is(row, "is_retweet") or row.get("author_forwarded_from_name"):
        return "retweet", None
    if answered:
        return "reply", answered
    if _is(row, "is_reply") or (source == "4chan" and thread not in (None, number)):
        return "reply", thread
    if source == "reddit" and not row.get("subject") and thread not in (None, number):
        return "comment", thread
    if _is(row, "is_quote_tweet"):
        return "quote", None
    return ("upload" if source == "tiktok" else "original"), None


def _is(row: Mapping[str, Any], column: str) -> bool:
    return str(row.get(column, "")).lower() in _YES


def _first(row: Mapping[str, Any], *columns: str) -> Any:
    return next((row[column] for column in columns if row.get(column) not in (None, "")), None)
