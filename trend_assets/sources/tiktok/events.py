"""Parses videos and comments of TikTok's Research API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.formats import TIKTOK, Found
from trend_assets.sources.wire import instants, tags
from trend_assets.sources.wire.values import identifier, mapping, mappings, numbers, present, text, words

_LISTS = ("videos", "comments", "user_liked_videos", "user_pinned_videos", "reposted_videos")


def found(value: Mapping[str, Any]) -> Iterator[Found] | None:
    """The videos or comments of a page, or the one that a line is; None where it is neither.

    Raises:
        Rejected: a page without them.
    """
    data = mapping(value.get("data"))
    for name in _LISTS:
        items = data.get(name)
        if isinstance(items, list) and ("cursor" in data or "has_more" in data or any(map(_is_known, mappings(items)))):
            if not items:
                raise Rejected("a page of TikTok without videos or comments")
            return ((TIKTOK, item) for item in items)
    return iter([(TIKTOK, value)]) if _is_known(value) else None


def parse(payload: Mapping[str, Any]) -> Event:
    """A video or a comment as an event.

    Args:
        payload: the video or comment; of its fields, ``id`` and ``create_time`` (an epoch) must be there.

    Returns:
        `upload` of the user whom ``username`` names, or `comment`, of which the API names no user.

    Raises:
        Rejected: no id, no readable time.
    """
    content_id, video = identifier(payload.get("id")), identifier(payload.get("video_id"))
    if content_id is None:
        raise Rejected("no id of a video or comment")
    parent = identifier(payload.get("parent_comment_id"))
    written = text(payload.get("text")) if video else text(payload.get("video_description"))
    listed = tuple(dict.fromkeys(tag for tag in words(payload.get("hashtag_names")) if tag))
    hashtags = listed or tags.hashtags(written or "")
    return Event(
        timestamp=instants.from_any(payload.get("create_time")),
        source="tiktok",
        event_type="comment" if video else "upload",
        content_id=content_id,
        user_id=text(payload.get("username")),
        text=written or "",
        hashtags=hashtags,
        topics=tuple(f"${tag}" for tag in tags.cashtags(written or "")),
        context=present(
            (
                ("original_content_id", (parent if parent != video else None) or video),
                ("conversation_id", video),
                ("country", text(payload.get("region_code"))),
                ("music_id", identifier(payload.get("music_id"))),
                ("spoken", text(payload.get("voice_to_text"))),
            )
        ),
        features=numbers(
            (
                ("views", payload.get("view_count")),
                ("likes", payload.get("like_count")),
                ("retweets", payload.get("share_count")),
                ("replies", payload.get("comment_count", payload.get("reply_count"))),
                ("favourites", payload.get("favorites_count")),
                ("duration_seconds", payload.get("video_duration")),
                ("hashtag_count", len(hashtags)),
            )
        ),
    )


def _is_known(value: Mapping[str, Any]) -> bool:
    is_video = "video_description" in value and ("region_code" in value or "hashtag_names" in value)
    return "create_time" in value and "id" in value and (is_video or ("video_id" in value and "text" in value))
