"""Parses messages of Telegram's API as Telethon writes them (`message.to_dict()`), and as 4CAT keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.formats import TELEGRAM_API, Found
from trend_assets.sources.wire import instants, tags
from trend_assets.sources.wire.values import identifier, mapping, mappings, numbers, present, text, total

_MESSAGES = ("Message", "MessageService", "MessageEmpty")
_PEERS = (("channel_id", "channel"), ("chat_id", "chat"), ("user_id", "user"))


def found(value: Mapping[str, Any]) -> Iterator[Found] | None:
    """A message, or the messages of an answer; None where it is neither."""
    if _is_message(value):
        return iter([(TELEGRAM_API, value)])
    messages = mappings(value.get("messages"))
    if any(_is_message(item) for item in messages):
        return ((TELEGRAM_API, message) for message in value["messages"])
    return None


def parse(payload: Mapping[str, Any]) -> Event:
    """A message as an event.

    Args:
        payload: the message, with the peer that it was sent to: its number counts within that.

    Returns:
        The event, its type by precedence retweet (forwarded), reply, original. What a channel posts is the
        channel's. Users are named as Telegram Desktop's exports name them: ``user1``, ``channel2``.

    Raises:
        Rejected: a service message, no peer or number, no readable time.
    """
    if payload.get("_") in ("MessageService", "MessageEmpty") or payload.get("action") is not None:
        raise Rejected("a service message, not a post")
    chat = mapping(payload.get("_chat"))
    sent_to = payload.get("peer_id") or payload.get("to_id")
    room, number = _peer(sent_to)[1] or identifier(chat.get("id")), identifier(payload.get("id"))
    if room is None or number is None:
        raise Rejected("no id of the chat or no number of the message in it")
    written = text(payload.get("message")) or ""
    hashtags = tags.hashtags(written)
    cashtags = tuple(f"${tag}" for tag in tags.cashtags(written))
    sender = mapping(payload.get("_sender"))
    event_type, original, original_user = _relation(payload, room)
    return Event(
        timestamp=instants.from_any(payload.get("date")),
        source="telegram",
        event_type=event_type,
        content_id=f"{room}/{number}",
        user_id=_sender(payload, sender, sent_to),
        text=written,
        hashtags=hashtags,
        topics=cashtags,
        context=present(
            (
                ("original_content_id", original),
                ("original_user_id", original_user),
                ("community", text(chat.get("username")) or text(chat.get("title"))),
                ("username", text(sender.get("username")) or text(payload.get("post_author"))),
            )
        ),
        features=numbers(
            (
                ("views", payload.get("views")),
                ("retweets", payload.get("forwards")),
                ("replies", mapping(payload.get("replies")).get("replies")),
                ("reactions", total(mapping(payload.get("reactions")).get("results"), "count")),
                ("bot", sender.get("bot")),
                ("hashtag_count", len(hashtags)),
                ("cashtag_count", len(cashtags)),
            )
        ),
    )


def _is_message(value: Mapping[str, Any]) -> bool:
    is_telethon = value.get("_") in _MESSAGES and ("peer_id" in value or "to_id" in value)
    return is_telethon or (isinstance(value.get("_chat"), dict) and "message" in value and "date" in value)


def _peer(said: Any) -> tuple[str, str | None]:
    """The kind and the id of a peer; old versions write a user's bare number."""
    for key, kind in _PEERS:
        if (known := identifier(mapping(said).get(key))) is not None:
            return kind, known
    return "user", identifier(said)


def _named(said: Any) -> str | None:
    kind, known = _peer(said)
    # Under a hash the kind is in it.
    return f"{kind}{known}" if known and known.isdigit() else known


def _sender(payload: Mapping[str, Any], sender: Mapping[str, Any], sent_to: Any) -> str | None:
    known = _named(payload.get("from_id")) or _named(identifier(sender.get("id")))
    if known is not None:
        return known
    kind, channel = _peer(sent_to)
    return f"{kind}{channel}" if channel and (payload.get("post") or kind == "channel") else None


def _relation(payload: Mapping[str, Any], room: str) -> tuple[str, str | None, str | None]:
    forwarded, header = mapping(payload.get("fwd_from")), mapping(payload.get("reply_to"))
    if forwarded:
        origin = forwarded.get("from_id") or forwarded
        channel, post = _peer(origin)[1], identifier(forwarded.get("channel_post"))
        return "retweet", f"{channel}/{post}" if channel and post else None, _named(origin)
    answered = identifier(header.get("reply_to_msg_id")) or identifier(payload.get("reply_to_msg_id"))
    if answered:
        return "reply", f"{_peer(header.get('reply_to_peer_id'))[1] or room}/{answered}", None
    return "original", None, None
