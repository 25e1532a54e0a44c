"""References of an event to other contents, users and communities."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from trend_assets.sources.event import Rejected
from trend_assets.sources.wire.values import identifier, loads

REPLIES_TO = "replies_to"
REPOSTS = "reposts"
QUOTES = "quotes"
#: Where the source does not tell in which way an event refers to another content.
REFERS_TO = "refers_to"
WROTE = "wrote"
MENTIONS = "mentions"
IN = "in"

_RELATIONS: Mapping[str, str] = {
    **dict.fromkeys(("reply", "comment", "answer"), REPLIES_TO),
    # A chart shows a video again.
    **dict.fromkeys(("retweet", "repost", "reblog", "boost", "share", "forward", "trending"), REPOSTS),
    "quote": QUOTES,
}
#: Keys under which parsers name the community in which a content stands.
_COMMUNITIES = ("community", "channel_id", "instance")


class Reference(NamedTuple):
    """One edge that a context tells of; an end that is None is the event's own.

    Attributes:
        edge_type: e.g. `replies_to`.
        src: node as ``kind:key``; None for the event's content, or for its user where `edge_type` is `mentions`.
        dst: node as ``kind:key``.
    """

    edge_type: str
    src: str | None
    dst: str


def relation(event_type: str | None) -> str:
    """In which way an event of this type refers to another content."""
    return _RELATIONS.get(event_type or "", REFERS_TO)


def references(source: str, event_type: str, context: str, columns: Sequence[str] = ()) -> list[Reference]:
    """The edges that an event's context tells of, each once.

    Args:
        source: of the event; ids in its context are of the same source.
        event_type: of the event.
        context: JSON text, as in `EVENTS`.
        columns: keys that name a community, besides those of the parsers.
    """
    try:
        told = loads(context) if context != "{}" else {}
    except Rejected:
        told = {}
    if not isinstance(told, dict):
        told = {}
    found = [*_contents(source, event_type, told), *_mentions(source, told), *_communities(source, told, columns)]
    return list(dict.fromkeys(found))


def _contents(source: str, event_type: str, told: Mapping[str, Any]) -> Iterator[Reference]:
    original, author = (identifier(told.get(f"original_{what}_id")) for what in ("content", "user"))
    if original:
        yield Reference(relation(event_type), None, f"content:{source}:{original}")
        if author:
            yield Reference(WROTE, f"user:{source}:{author}", f"content:{source}:{original}")
    for key, way in (("parent_id", REPLIES_TO), ("quoted_content_id", QUOTES)):
        other = identifier(told.get(key))
        if other and other != original:
            yield Reference(way, None, f"content:{source}:{other}")


def _mentions(source: str, told: Mapping[str, Any]) -> Iterator[Reference]:
    named = told.get("mentioned_user_ids")
    others = [*(named if isinstance(named, list) else [named]), told.get("in_reply_to_user_id")]
    yield from (Reference(MENTIONS, None, f"user:{source}:{user}") for user in map(identifier, others) if user)


def _communities(source: str, told: Mapping[str, Any], columns: Collection[str]) -> Iterator[Reference]:
    named = [community for key in (*_COMMUNITIES, *columns) if (community := identifier(told.get(key)))]
    yield from (Reference(IN, None, f"community:{source}:{community}") for community in named)
    if not named:
        # The source itself is where it stands.
        yield Reference(IN, None, f"community:{source}")
