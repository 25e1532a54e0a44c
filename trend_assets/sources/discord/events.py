"""Parses messages that DiscordChatExporter writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.formats import DISCORD, Found
from trend_assets.sources.wire import instants, tags
from trend_assets.sources.wire.values import identifier, mapping, numbers, present, size, strings, text, total

_POSTS = ("Default", "Reply", "ThreadStarterMessage", "ChatInputCommand", "ContextMenuCommand", "0", "19")


def found(value: Mapping[str, Any]) -> Iterator[Found] | None:
    """The messages of an export; None where it is none.

    Raises:
        Rejected: an export without messages.
    """
    messages, channel = value.get("messages"), mapping(value.get("channel"))
    if not (isinstance(messages, list) and isinstance(value.get("guild"), dict) and "id" in channel):
        return None
    if not messages:
        raise Rejected("an export of Discord without messages")
    told = {key: value[key] for key in ("guild", "channel")}
    return ((DISCORD, {**told, "message": message}) for message in messages)


def parse(payload: Mapping[str, Any]) -> Event:
    """A message as an event.

    Args:
        payload: ``{"guild", "channel", "message"}``.

    Returns:
        The event: `retweet` where it forwards a message, `reply` where it names what it answers, else `original`.

    Raises:
        Rejected: a message that Discord wrote itself, no id, no readable time.
    """
    message, channel, guild = (mapping(payload.get(part)) for part in ("message", "channel", "guild"))
    content_id = identifier(message.get("id"))
    if content_id is None:
        raise Rejected("no message id")
    if str(message.get("type", "Default")) not in _POSTS:
        raise Rejected("a message that Discord wrote itself, not a post")
    author = mapping(message.get("author"))
    forwarded = mapping(message.get("forwardedMessage"))
    written = text(message.get("content")) or text(forwarded.get("content")) or ""
    answered = identifier(mapping(message.get("reference")).get("messageId"))
    mentions = strings(message.get("mentions"), "name")
    hashtags = tags.hashtags(written)
    cashtags = tuple(f"${tag}" for tag in tags.cashtags(written))
    return Event(
        timestamp=instants.from_any(message.get("timestamp")),
        source="discord",
        event_type="retweet" if forwarded else "reply" if answered else "original",
        content_id=content_id,
        user_id=identifier(author.get("id")),
        text=written,
        hashtags=hashtags,
        topics=cashtags,
        context=present(
            (
                ("original_content_id", answered),
                ("community", text(guild.get("name"))),
                ("community_id", identifier(guild.get("id"))),
                ("channel", text(channel.get("name"))),
                ("channel_id", identifier(channel.get("id"))),
                ("username", text(author.get("name"))),
                ("mentions", mentions),
            )
        ),
        features=numbers(
            (
                ("reactions", total(message.get("reactions"), "count")),
                ("bot", author.get("isBot")),
                ("media_count", size(message.get("attachments"))),
                ("mention_count", len(mentions)),
                ("hashtag_count", len(hashtags)),
                ("cashtag_count", len(cashtags)),
            )
        ),
    )
