"""Parses tweets of Twitter's API v1.1: streams, searches, twarc, StockNet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.twitter.parts import (
    cashtags_or_text,
    expanded_urls,
    hashtags_or_text,
    listed_tags,
    tweet_id,
    unescape,
    was_cut,
)
from trend_assets.sources.wire import instants
from trend_assets.sources.wire.values import identifier, mapping, mappings, numbers, present, size, strings, text, words


def parse_v1(payload: Mapping[str, Any]) -> Event:
    """A v1.1 tweet object, compatible or extended, as an event.

    Args:
        payload: the tweet; of its fields only ``id_str`` (or ``id``) and ``created_at`` must be there.

    Returns:
        The event, its type by precedence retweet, reply (to a tweet), quote, original. For a retweet
        the text is the retweet's as delivered; where that was cut, its tags are the original's.
        Counts such as ``likes`` are what the platform said when the tweet was collected.

    Raises:
        Rejected: no id or one that has lost digits, no readable time.
    """
    content_id = tweet_id(_id(payload, "id") or payload.get("id"))
    if payload.get("created_at") is None:
        raise Rejected("no created_at")
    timestamp = instants.from_any(payload["created_at"])
    user = mapping(payload.get("user"))
    written, entities = _text(payload)
    event_type, relation = _relation(payload)
    tagged, tag_entities = written, entities
    retweeted = mapping(payload.get("retweeted_status"))
    if retweeted and was_cut(written):
        tagged, tag_entities = _text(retweeted)
    hashtags = hashtags_or_text(listed_tags(tag_entities.get("hashtags"), "text"), tagged)
    cashtags = cashtags_or_text(listed_tags(tag_entities.get("symbols"), "text"), tagged)
    mentions, urls = entities.get("user_mentions"), entities.get("urls")
    place = mapping(payload.get("place"))
    return Event(
        timestamp=timestamp,
        source="twitter",
        event_type=event_type,
        content_id=content_id,
        user_id=_id(user, "id"),
        text=unescape(written),
        hashtags=hashtags,
        topics=cashtags,
        language=text(payload.get("lang")),
        context=present(
            (
                *relation,
                ("in_reply_to_user_id", _id(payload, "in_reply_to_user_id")),
                ("username", text(user.get("screen_name"))),
                ("mentions", strings(mentions, "screen_name")),
                ("mentioned_user_ids", [known for user in mappings(mentions) if (known := _id(user, "id"))]),
                ("urls", expanded_urls(urls)),
                ("place", text(place.get("full_name"))),
                ("country", text(place.get("country_code"))),
                ("withheld_in", words(payload.get("withheld_in_countries"))),
            )
        ),
        features=numbers(
            (
                ("followers", user.get("followers_count")),
                ("following", user.get("friends_count")),
                ("statuses", user.get("statuses_count")),
                ("listed", user.get("listed_count")),
                ("favourites", user.get("favourites_count")),
                ("verified", user.get("verified")),
                ("protected", user.get("protected")),
                ("default_profile", user.get("default_profile")),
                ("default_profile_image", user.get("default_profile_image")),
                ("account_age_days", instants.age_days(timestamp, user.get("created_at"))),
                ("likes", payload.get("favorite_count")),
                ("retweets", payload.get("retweet_count")),
                ("replies", payload.get("reply_count")),
                ("quotes", payload.get("quote_count")),
                ("possibly_sensitive", payload.get("possibly_sensitive")),
                ("url_count", size(urls)),
                ("mention_count", size(mentions)),
                ("hashtag_count", len(hashtags)),
                ("cashtag_count", len(cashtags)),
                ("media_count", _media_count(payload)),
            )
        ),
    )


def _id(payload: Mapping[str, Any], name: str) -> str | None:
    said = payload.get(f"{name}_str")
    return (said is not None and identifier(said)) or identifier(payload.get(name))


def _relation(payload: Mapping[str, Any]) -> tuple[str, tuple[tuple[str, str | None], ...]]:
    """The event type, and what names the tweet that it repeats, answers or quotes."""
    retweeted, quoted = mapping(payload.get("retweeted_status")), mapping(payload.get("quoted_status"))
    quoted_id = _id(payload, "quoted_status_id") or _id(quoted, "id")
    replied_id = _id(payload, "in_reply_to_status_id")
    if retweeted:
        event_type, original, author = "retweet", _id(retweeted, "id"), _author(retweeted)
    elif replied_id:
        event_type, original, author = "reply", replied_id, _id(payload, "in_reply_to_user_id")
    elif quoted_id or payload.get("is_quote_status") is True:
        event_type, original, author = "quote", quoted_id, _author(quoted)
    else:
        # In an account's own archive only the platform's prefix tells a retweet.
        is_own_retweet = "user" not in payload and _text(payload)[0].startswith("RT @")
        return "retweet" if is_own_retweet else "original", ()
    also_quoted = quoted_id if quoted_id != original else None
    return event_type, (
        ("original_content_id", original),
        ("original_user_id", author),
        ("quoted_content_id", also_quoted),
    )


def _author(tweet: Mapping[str, Any]) -> str | None:
    return _id(mapping(tweet.get("user")), "id")


def _text(tweet: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The longest text that was delivered, with the entities that belong to it."""
    extended = tweet.get("extended_tweet")
    if isinstance(extended, dict) and (full := text(extended.get("full_text"))):
        return full, mapping(extended.get("entities"))
    written = text(tweet.get("full_text")) or text(tweet.get("text")) or ""
    return written, mapping(tweet.get("entities"))


def _media_count(tweet: Mapping[str, Any]) -> int | None:
    for holder in (mapping(tweet.get("extended_tweet")), tweet):
        for name in ("extended_entities", "entities"):
            if name in holder and (count := size(mapping(holder[name]).get("media"))):
                return count
    return None
