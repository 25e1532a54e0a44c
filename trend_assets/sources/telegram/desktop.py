"""Parses exports of Telegram Desktop: `result.json` of one chat, or of a whole account.

A message's number counts within its chat: each payload holds the chat beside the message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.formats import TELEGRAM, Found
from trend_assets.sources.wire import instants, tags
from trend_assets.sources.wire.notes import NO_ZONE
from trend_assets.sources.wire.values import identifier, mapping, mappings, numbers, present, strings, text, total

_CHAT = ("id", "name", "type")


def found(value: Mapping[str, Any]) -> Iterator[Found] | None:
    """The messages of one chat, or of all chats of an account; None where it is no such export.

    Raises:
        Rejected: an export without chats, or a chat without messages.
    """
    if _is_chat(value):
        return _messages(value)
    lists = [mapping(value.get(part)).get("list") for part in ("chats", "left_chats")]
    if not any(isinstance(chats, list) for chats in lists):
        return None
    chats = [chat for listed in lists if isinstance(listed, list) for chat in listed]
    if chats and not any(_is_chat(chat) for chat in mappings(chats)):
        return None
    if not chats:
        raise Rejected("an export of Telegram without chats")
    return (
        payload for chat in chats for payload in (_messages(chat) if isinstance(chat, dict) else [(TELEGRAM, chat)])
    )


def parse(payload: Mapping[str, Any]) -> Event:
    """A message as an event.

    Args:
        payload: ``{"chat": {"id", "name", "type"}, "message": …}``.

    Returns:
        The event, its type by precedence retweet (forwarded), reply, original. Its content id is that of the chat and
        the message's number in it. Parts of a text are joined; hashtags and cashtags are those that Telegram marked,
        else those of the text. A time without a zone, as old versions export it, is read as UTC, and noted.

    Raises:
        Rejected: a service message, no id of the chat or message, no readable time.
    """
    chat, message = mapping(payload.get("chat")), mapping(payload.get("message"))
    if message.get("type") != "message":
        raise Rejected("a service message, not a post")
    chat_id, number = identifier(chat.get("id")) or text(chat.get("name")), identifier(message.get("id"))
    if chat_id is None or number is None:
        raise Rejected("no id of the chat or no number of the message in it")
    parts = _parts(message)
    written = "".join(part for _, part, _ in parts) or _question(message)
    marked = tuple(dict.fromkeys(_tag(part, "#") for kind, part, _ in parts if kind == "hashtag" and _tag(part, "#")))
    priced = tuple(dict.fromkeys(_tag(part, "$") for kind, part, _ in parts if kind == "cashtag" and _tag(part, "$")))
    hashtags, cashtags = marked or tags.hashtags(written), priced or tags.cashtags(written)
    mentions = [part.removeprefix("@") for kind, part, _ in parts if kind == "mention"]
    links = [href or part for kind, part, href in parts if kind in ("link", "text_link")]
    event_type, original = _relation(message, chat_id)
    unix = message.get("date_unixtime")
    at, notes = instants.read(unix) if unix else instants.read(message.get("date"), UTC)
    return Event(
        timestamp=at,
        source="telegram",
        event_type=event_type,
        content_id=f"{chat_id}/{number}",
        user_id=identifier(message.get("from_id")) or text(message.get("from")),
        text=written,
        hashtags=hashtags,
        topics=tuple(f"${tag}" for tag in cashtags),
        context=present(
            (
                ("original_content_id", original),
                ("original_user_id", identifier(message.get("forwarded_from_id"))),
                ("community", text(chat.get("name"))),
                ("community_type", text(chat.get("type"))),
                ("username", text(message.get("from"))),
                ("forwarded_from", text(message.get("forwarded_from"))),
                ("mentions", mentions),
                ("urls", links),
                ("media_type", text(message.get("media_type")) or ("photo" if message.get("photo") else None)),
            )
        ),
        features=numbers(
            (
                ("reactions", total(message.get("reactions"), "count")),
                ("url_count", len(links)),
                ("mention_count", len(mentions)),
                ("hashtag_count", len(hashtags)),
                ("cashtag_count", len(cashtags)),
            )
        ),
        notes=notes if unix else (*notes, NO_ZONE),
    )


def _is_chat(value: Mapping[str, Any]) -> bool:
    messages = value.get("messages")
    return (
        isinstance(messages, list)
        and isinstance(value.get("type"), str)
        and ("id" in value or "name" in value)
        and (
            not messages
            or any(item.get("type") in ("message", "service") and "date" in item for item in mappings(messages))
        )
    )


def _messages(chat: Mapping[str, Any]) -> Iterator[Found]:
    messages, told = chat.get("messages"), {key: chat[key] for key in _CHAT if key in chat}
    for message in messages if isinstance(messages, list) else []:
        yield TELEGRAM, {"chat": told, "message": message}


def _parts(message: Mapping[str, Any]) -> list[tuple[str, str, str | None]]:
    """Kind, text and address of each part of a text, which comes as one string, or as a list of both."""
    written = message.get("text")
    listed = written if isinstance(written, list) else [written]
    entities = message.get("text_entities")
    if isinstance(written, str) and isinstance(entities, list) and entities:
        listed = entities
    parts = [item if isinstance(item, dict) else {"type": "plain", "text": item} for item in listed]
    return [
        (text(part.get("type")) or "plain", said, text(part.get("href")))
        for part in parts
        if (said := text(part.get("text"))) is not None
    ]


def _tag(written: str, sign: str) -> str:
    """A tag without its sign, and without the channel that Telegram lets people name behind it."""
    return written.strip().removeprefix(sign).partition("@")[0]


def _question(message: Mapping[str, Any]) -> str:
    asked = mapping(message.get("poll")).get("question")
    return text(asked) or "".join(strings(asked, "text"))


def _relation(message: Mapping[str, Any], chat_id: str) -> tuple[str, str | None]:
    answered = identifier(message.get("reply_to_message_id"))
    elsewhere = identifier(message.get("reply_to_peer_id"))
    room = elsewhere.removeprefix("channel").removeprefix("chat").removeprefix("user") if elsewhere else chat_id
    original = f"{room}/{answered}" if answered else None
    if message.get("forwarded_from") or message.get("forwarded_from_id"):
        return "retweet", None
    return ("reply", original) if original else ("original", None)
