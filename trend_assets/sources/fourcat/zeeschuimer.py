"""Parses items that Zeeschuimer captured in a browser, as it exports them and as 4CAT keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.formats import ZEESCHUIMER, Found
from trend_assets.sources.fourcat.tables import host_source
from trend_assets.sources.mastodon import events as mastodon
from trend_assets.sources.twitter.v1 import parse_v1
from trend_assets.sources.wire import instants, tags
from trend_assets.sources.wire.values import identifier, mapping, mappings, numbers, present, strings, text

_META = "__import_meta"


def found(value: Mapping[str, Any]) -> Iterator[Found] | None:
    """The item that a line is; None where it is none."""
    is_captured = "source_platform" in value and "timestamp_collected" in value and isinstance(value.get("data"), dict)
    is_kept = "source_platform" in mapping(value.get(_META))
    return iter([(ZEESCHUIMER, value)]) if is_captured or is_kept else None


def parse(payload: Mapping[str, Any]) -> Event:
    """An item as an event of the platform that it was captured on.

    Args:
        payload: ``{"source_platform", "timestamp_collected", "data": item, …}``; or the item itself with what is known
            of its capture under ``__import_meta``, as 4CAT keeps it.

    Raises:
        Rejected: a platform whose items are not read, no id, no readable time.
    """
    meta = mapping(payload.get(_META))
    item = payload if meta else mapping(payload.get("data"))
    platform = text(meta.get("source_platform") if meta else payload.get("source_platform")) or ""
    source = host_source(platform.removesuffix("-comments"))
    reader = _READERS.get(source or "")
    if reader is None:
        raise Rejected(
            f"an item of {platform[:40]!r}, which is not read from Zeeschuimer's files: let 4CAT export it as CSV"
        )
    return reader(item)


def _tiktok(item: Mapping[str, Any]) -> Event:
    if "cid" in item:
        return _tiktok_comment(item)
    content_id = _required(item.get("id"))
    author, stats, written = item.get("author"), mapping(item.get("stats")), text(item.get("desc")) or ""
    listed = tuple(dict.fromkeys(strings(item.get("textExtra"), "hashtagName")))
    return Event(
        timestamp=instants.from_any(item.get("createTime")),
        source="tiktok",
        event_type="upload",
        content_id=content_id,
        user_id=identifier(author) or identifier(mapping(author).get("uniqueId")),
        text=written,
        hashtags=listed or tags.hashtags(written),
        context=present((("music_id", identifier(mapping(item.get("music")).get("id"))),)),
        features=numbers(
            (
                ("followers", mapping(item.get("authorStats")).get("followerCount")),
                ("views", stats.get("playCount")),
                ("likes", stats.get("diggCount")),
                ("retweets", stats.get("shareCount")),
                ("replies", stats.get("commentCount")),
                ("duration_seconds", mapping(item.get("video")).get("duration")),
            )
        ),
    )


def _tiktok_comment(item: Mapping[str, Any]) -> Event:
    written, video, parent = text(item.get("text")) or "", identifier(item.get("aweme_id")), item.get("reply_id")
    answered = identifier(parent) if parent not in (None, "0", 0) else None
    return Event(
        timestamp=instants.from_any(item.get("create_time")),
        source="tiktok",
        event_type="comment",
        content_id=_required(item.get("cid")),
        user_id=text(mapping(item.get("user")).get("unique_id")),
        text=written,
        hashtags=tags.hashtags(written),
        context=present((("original_content_id", answered or video), ("conversation_id", video))),
        features=numbers((("likes", item.get("digg_count")), ("replies", item.get("reply_comment_total")))),
    )


def _instagram(item: Mapping[str, Any]) -> Event:
    """A post, in the form of lists or of the graph; of both only what both have."""
    edges = mappings(mapping(item.get("edge_media_to_caption")).get("edges"))
    caption = mapping(item.get("caption")) or mapping(mapping(next(iter(edges), {})).get("node"))
    return _captioned(
        item,
        "instagram",
        text(caption.get("text")) or "",
        (
            ("likes", item.get("like_count", mapping(item.get("edge_media_preview_like")).get("count"))),
            ("replies", item.get("comment_count", mapping(item.get("edge_media_preview_comment")).get("count"))),
            ("views", item.get("play_count", item.get("view_count"))),
        ),
    )


def _threads(item: Mapping[str, Any]) -> Event:
    counts = mapping(item.get("text_post_app_info"))
    return _captioned(
        item,
        "threads",
        text(mapping(item.get("caption")).get("text")) or "",
        (
            ("likes", item.get("like_count")),
            ("retweets", counts.get("repost_count")),
            ("replies", counts.get("direct_reply_count")),
            ("quotes", counts.get("quote_count")),
        ),
    )


def _captioned(item: Mapping[str, Any], source: str, written: str, counts: tuple[tuple[str, Any], ...]) -> Event:
    user = mapping(item.get("user")) or mapping(item.get("owner"))
    return Event(
        timestamp=instants.from_any(item.get("taken_at", item.get("taken_at_timestamp"))),
        source=source,
        event_type="original",
        content_id=_required(item.get("code", item.get("shortcode"))),
        user_id=text(user.get("username")) or identifier(user.get("id")),
        text=written,
        hashtags=tags.hashtags(written),
        features=numbers((*counts, ("verified", user.get("is_verified")))),
    )


def _twitter(item: Mapping[str, Any]) -> Event:
    return parse_v1(_tweet(item, depth=2))


def _tweet(item: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """A tweet as X's own pages load it, in the form of API v1.1."""
    item = mapping(item.get("tweet")) or item
    legacy, tweet_id = mapping(item.get("legacy")), identifier(item.get("rest_id"))
    author = mapping(mapping(mapping(item.get("core")).get("user_results")).get("result")) or mapping(item.get("user"))
    user = {**author, **mapping(author.get("core")), **mapping(author.get("legacy"))}
    user["id_str"] = identifier(author.get("rest_id")) or legacy.get("user_id_str") or author.get("id_str")
    user.pop("id", None)
    note = mapping(mapping(mapping(item.get("note_tweet")).get("note_tweet_results")).get("result"))
    tweet = {**legacy, "user": user, "id_str": tweet_id or identifier(legacy.get("id_str"))}
    if text(note.get("text")):
        tweet |= {"full_text": note["text"], "entities": note.get("entity_set")}
    for key, within in (("retweeted_status", legacy), ("quoted_status", item)):
        inner = mapping(mapping(within.get(f"{key}_result")).get("result"))
        if inner and depth and (mapping(inner.get("tweet")) or inner).get("legacy"):
            tweet[key] = _tweet(inner, depth - 1)
    return tweet


def _mastodon_like(source: str) -> Callable[[Mapping[str, Any]], Event]:
    """A reader of networks whose posts have Mastodon's form."""
    return lambda item: replace(mastodon.parse(item), source=source)


def _required(said: Any) -> str:
    known = identifier(said)
    if known is None:
        raise Rejected("no id of the item")
    return known


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Event]] = {
    "tiktok": _tiktok,
    "instagram": _instagram,
    "threads": _threads,
    "twitter": _twitter,
    "gab": _mastodon_like("gab"),
    "truth_social": _mastodon_like("truth_social"),
}
#: Of the posts that are read.
SOURCES = tuple(_READERS)
