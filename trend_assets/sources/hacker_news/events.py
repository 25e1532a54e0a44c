"""Parses stories and comments of Hacker News: Algolia's hits, API items, rows of BigQuery's table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.formats import HACKER_NEWS, Found
from trend_assets.sources.wire import instants, tags
from trend_assets.sources.wire.markup import plain_text
from trend_assets.sources.wire.values import identifier, mappings, numbers, present, text, words

_TYPES = {"story": "original", "job": "original", "poll": "original", "comment": "comment"}
_ANSWERS = ("comment_text", "parent_id", "parent")
_OTHER_TYPES = {"pollopt": "an option of a poll, not a post"}


def found(value: Mapping[str, Any]) -> Iterator[Found] | None:
    """The hits of a page, or the hit or item that an object is.

    Raises:
        Rejected: a page without hits.
    """
    hits = value.get("hits")
    if isinstance(hits, list) and ("nbPages" in value or any(_is_hit(hit) for hit in mappings(hits))):
        if not hits:
            raise Rejected("a page of a search without hits")
        return ((HACKER_NEWS, hit) for hit in hits)
    if _is_hit(value) or is_item(value):
        return iter([(HACKER_NEWS, value)])
    return None


def is_item(value: Mapping[str, Any]) -> bool:
    """Whether an object has the fields of the API's items, which the rows of BigQuery's table have, too."""
    return (
        value.get("type") in (*_TYPES, *_OTHER_TYPES)
        and "id" in value
        and "time" in value
        and ("by" in value or "deleted" in value)
    )


def is_table(header: Sequence[str]) -> bool:
    """Whether a header is of a table of BigQuery's (`full`, `stories` or `comments`)."""
    names = set(header)
    return {"id", "by", "time", "dead", "deleted"} <= names and bool({"timestamp", "time_ts"} & names)


def payloads(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The row as the item that it was made of, without its empty cells."""
    return [{name: cell for name, cell in row.items() if cell not in (None, "")}]


def parse(payload: Mapping[str, Any]) -> Event:
    """A story, poll, job or comment as an event.

    Args:
        payload: a hit with its ``objectID`` and ``created_at_i``, or an item with its ``id``, ``time`` and ``by``.

    Returns:
        The event; `original` with the title and what was written below it, or `comment`, whose
        `original_content_id` is what it answers and whose `conversation_id` is the story, where that is told.

    Raises:
        Rejected: neither of both, an item that was deleted, no id, no readable time.
    """
    content_id = identifier(payload.get("objectID")) or identifier(payload.get("id"))
    if content_id is None:
        raise Rejected("no id of a story or comment")
    event_type = _event_type(payload)
    written = _text(payload)
    if not written and payload.get("deleted") in (True, "true", "True"):
        raise Rejected("an item that was deleted")
    parent = identifier(payload.get("parent_id")) or identifier(payload.get("parent"))
    story = identifier(payload.get("story_id"))
    hashtags = tags.hashtags(written)
    cashtags = tuple(f"${tag}" for tag in tags.cashtags(written))
    link = text(payload.get("url"))
    return Event(
        timestamp=_time(payload),
        source="hacker_news",
        event_type=event_type,
        content_id=content_id,
        user_id=identifier(payload.get("author")) or identifier(payload.get("by")),
        text=written,
        hashtags=hashtags,
        topics=cashtags,
        context=present(
            (
                ("original_content_id", (parent or story) if event_type == "comment" else None),
                ("conversation_id", story if story != content_id else None),
                ("title", text(payload.get("story_title")) if event_type == "comment" else None),
                ("urls", [link] if link else []),
            )
        ),
        features=numbers(
            (
                ("likes", payload.get("points", payload.get("score"))),
                ("replies", payload.get("num_comments", payload.get("descendants"))),
                ("hashtag_count", len(hashtags)),
                ("cashtag_count", len(cashtags)),
            )
        ),
    )


def _is_hit(value: Mapping[str, Any]) -> bool:
    return "objectID" in value and "created_at_i" in value and "author" in value


def _event_type(payload: Mapping[str, Any]) -> str:
    kind = payload.get("type")
    if not isinstance(kind, str):
        kind = next((tag for tag in words(payload.get("_tags")) if tag in _TYPES), None)
    if kind is None:
        kind = "comment" if any(payload.get(name) for name in _ANSWERS) else "story"
    if kind not in _TYPES:
        raise Rejected(_OTHER_TYPES.get(kind, f"an item of type {kind[:40]!r}, not a story or comment"))
    return _TYPES[kind]


def _text(payload: Mapping[str, Any]) -> str:
    bodies = (text(payload.get(name)) for name in ("story_text", "comment_text", "text"))
    parts = (plain_text(text(payload.get("title")) or ""), plain_text(next(filter(None, bodies), "")).strip())
    return "\n".join(part for part in parts if part)


def _time(payload: Mapping[str, Any]) -> datetime:
    for name in ("created_at_i", "time", "created_at", "timestamp", "time_ts"):
        if payload.get(name) not in (None, ""):
            return instants.from_any(payload[name])
    raise Rejected("no time of a story or comment")
