"""Parses Bluesky's posts (`app.bsky.feed.defs#postView`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.wire import instants, tags
from trend_assets.sources.wire.notes import INDEXED_AT
from trend_assets.sources.wire.values import identifier, mapping, mappings, numbers, present, strings, text, words

_FACET = "app.bsky.richtext.facet#"


def parse(payload: Mapping[str, Any]) -> Event:
    """A post view as an event.

    Args:
        payload: ``{"uri", "author", "record", "indexedAt", …Count}`` as an answer's ``posts`` list it.

    Returns:
        The event; what is both a reply and a quote is a reply. Its time is the one that the network sorts
        by: when the author says it was written, or when it was first seen, whichever is earlier, so that a
        post cannot claim to be of tomorrow; where the author's word is unusable, when it was first seen.
        Hashtags are those of the rich text and of the record; where it marks none, those written in the text.

    Raises:
        Rejected: no uri, no record, no readable time.
    """
    uri = identifier(payload.get("uri"))
    if uri is None:
        raise Rejected("no post uri")
    record, author = mapping(payload.get("record")), mapping(payload.get("author"))
    if not record:
        raise Rejected("no record: not a post")
    timestamp, notes = sorted_at(record.get("createdAt"), payload.get("indexedAt"))
    written = text(record.get("text")) or ""
    features = [item for facet in mappings(record.get("facets")) for item in mappings(facet.get("features"))]
    marked = strings([item for item in features if item.get("$type") == f"{_FACET}tag"], "tag")
    hashtags = tuple(dict.fromkeys((*marked, *words(record.get("tags"))))) or tags.hashtags(written)
    cashtags = tuple(f"${tag}" for tag in tags.cashtags(written))
    links = strings([item for item in features if item.get("$type") == f"{_FACET}link"], "uri")
    named = strings([item for item in features if item.get("$type") == f"{_FACET}mention"], "did")
    parent, root = (_uri(mapping(record.get("reply")).get(which)) for which in ("parent", "root"))
    quoted = _quoted(mapping(record.get("embed")))
    return Event(
        timestamp=timestamp,
        source="bluesky",
        event_type="reply" if parent else "quote" if quoted else "original",
        content_id=uri,
        user_id=identifier(author.get("did")),
        text=written,
        hashtags=hashtags,
        topics=cashtags,
        language=next(iter(words(record.get("langs"))), None),
        context=present(
            (
                ("original_content_id", parent or quoted),
                ("original_user_id", _author(parent or quoted)),
                ("quoted_content_id", quoted if parent else None),
                ("conversation_id", root),
                ("username", text(author.get("handle"))),
                ("mentions", named),
                ("mentioned_user_ids", named),
                ("urls", links),
            )
        ),
        features=numbers(
            (
                ("likes", payload.get("likeCount")),
                ("retweets", payload.get("repostCount")),
                ("replies", payload.get("replyCount")),
                ("quotes", payload.get("quoteCount")),
                ("bookmarks", payload.get("bookmarkCount")),
                ("account_age_days", instants.age_days(timestamp, author.get("createdAt"))),
                ("url_count", len(links)),
                ("mention_count", len(named)),
                ("hashtag_count", len(hashtags)),
                ("cashtag_count", len(cashtags)),
            )
        ),
        notes=notes,
    )


def sorted_at(created: Any, indexed: Any) -> tuple[datetime, tuple[str, ...]]:
    """The time of a post, and what was assumed for it.

    Args:
        created: when its author says that it was written; unusable where it cannot be read.
        indexed: when the network saw it first.

    Raises:
        Rejected: neither can be read.
    """
    seen = _read(indexed)
    try:
        at = instants.from_iso(created)
    except Rejected:
        if seen is None:
            raise
        return seen, (INDEXED_AT,)
    return at if seen is None else min(at, seen), ()


def _read(said: Any) -> datetime | None:
    try:
        return instants.from_iso(said)
    except Rejected:
        return None


def _uri(reference: Any) -> str | None:
    return identifier(mapping(reference).get("uri"))


def _author(uri: str | None) -> str | None:
    """Whose post it is: its address begins with the author."""
    owner = uri.removeprefix("at://").partition("/")[0] if uri else ""
    return owner if owner.startswith("did:") else None


def _quoted(embed: Mapping[str, Any]) -> str | None:
    """What is quoted: embedded alone, or beside pictures."""
    found = mapping(embed.get("record"))
    uri = identifier(found.get("uri")) or _uri(found.get("record"))
    # Lists, feeds and starter packs are embedded in the same way.
    return uri if uri and "/app.bsky.feed.post/" in uri else None
