"""Parses resources of YouTube's Data API v3: videos as uploads, and comments.

A search answers with texts escaped for HTML; the other endpoints answer with plain text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.formats import YOUTUBE_V3, Found
from trend_assets.sources.wire import instants, tags
from trend_assets.sources.wire.markup import plain_text
from trend_assets.sources.wire.values import identifier, mapping, mappings, numbers, present, text, words

_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_SECONDS = (604_800, 86_400, 3_600, 60, 1)

#: What the API also answers with, in a reader's words.
_OTHER_KINDS = {
    "youtube#channel": "a channel",
    "youtube#playlist": "a playlist",
    "youtube#playlistItem": "an item of a playlist",
    "youtube#videoCategory": "a video category",
    "youtube#guideCategory": "a guide category",
    "youtube#activity": "a channel's activity",
    "youtube#subscription": "a subscription",
    "youtube#caption": "a caption track",
    "youtube#channelSection": "a section of a channel",
    "youtube#i18nRegion": "a region",
    "youtube#i18nLanguage": "a language",
    "youtube#liveChatMessage": "a live chat message",
}


def parse(payload: Mapping[str, Any]) -> Event:
    """One item of a ``search``, ``videos``, ``commentThreads`` or ``comments`` answer as an event.

    Args:
        payload: the item; of a thread, its top-level comment is the event.

    Returns:
        ``upload`` (content id: the video's) or ``comment`` (content id: the comment's; the video, or
        where it is not told the comment that it answers, is ``original_content_id`` in the context).
        Counts such as ``views`` are what the platform said when the item was collected. A video to
        which the collector added ``observedAt`` was seen in a chart then: ``trending`` (content id: the
        video's and the hour, so that its counts become a series; the video is ``original_content_id``).

    Raises:
        Rejected: another kind of resource (saying which), no id, no snippet, no readable time.
    """
    kind = payload.get("kind")
    if kind == "youtube#video":
        return _video(payload, identifier(payload.get("id")), escaped=False)
    if kind == "youtube#searchResult":
        return _found_by_search(payload)
    if kind == "youtube#commentThread":
        return _thread(payload)
    if kind == "youtube#comment":
        return _comment(payload)
    if isinstance(kind, str) and kind in _OTHER_KINDS:
        raise Rejected(f"{_OTHER_KINDS[kind]}, not a video or a comment")
    raise Rejected(f"kind {str(kind)[:60]!r} is neither a video nor a comment")


def found(value: Mapping[str, Any]) -> Iterator[Found] | None:
    """The payloads in an answer or an item of the Data API; None where it is neither.

    Raises:
        Rejected: an error instead of an answer, or an answer without items.
    """
    kind = value.get("kind")
    if not isinstance(kind, str) or not kind.startswith("youtube#"):
        return None
    if kind.endswith("Response") or "items" in value or isinstance(value.get("error"), dict):
        return ((YOUTUBE_V3, item) for item in split_response(value))
    if kind == "youtube#commentThread" and "replies" in value:
        return ((YOUTUBE_V3, item) for item in split_response({"items": [value]}))
    return iter([(YOUTUBE_V3, value)])


def split_response(response: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One payload for each item of an answer, and one for each reply that a thread carries.

    Args:
        response: an answer of ``search``, ``videos``, ``commentThreads`` or ``comments``.

    Yields:
        Payloads for `parse`. A thread comes without its replies; each reply follows as a comment that
        names the thread's video where the platform left it out.

    Raises:
        Rejected: an error instead of an answer, or an answer without items.
    """
    if "error" in response:
        error = mapping(response["error"])
        details = mappings(error.get("errors"))
        reason = text(details[0].get("reason")) if details else None
        said = " ".join(str(part) for part in (error.get("code"), error.get("message"), reason) if part)
        raise Rejected(f"an error that YouTube answered, not a video or a comment: {said[:200]}")
    items = response.get("items")
    if not isinstance(items, list) or not items:
        raise Rejected("an answer of YouTube without items")
    for item in items:
        if not isinstance(item, dict):
            yield {"kind": None, "item": item}
        elif item.get("kind") == "youtube#commentThread":
            yield from _split_thread(item)
        else:
            yield item


def _split_thread(thread: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield {key: value for key, value in thread.items() if key != "replies"}
    video = mapping(thread.get("snippet")).get("videoId")
    for reply in mappings(mapping(thread.get("replies")).get("comments")):
        snippet = mapping(reply.get("snippet"))
        if video and "videoId" not in snippet:
            yield {**reply, "snippet": {**snippet, "videoId": video}}
        else:
            yield dict(reply)


def _found_by_search(payload: Mapping[str, Any]) -> Event:
    found = mapping(payload.get("id"))
    kind = found.get("kind")
    if kind == "youtube#video":
        return _video(payload, identifier(found.get("videoId")), escaped=True)
    name = _OTHER_KINDS.get(kind, f"a {str(kind)[:60]!r}") if isinstance(kind, str) else "something unnamed"
    raise Rejected(f"{name} found by a search, not a video")


def _video(payload: Mapping[str, Any], video: str | None, *, escaped: bool) -> Event:
    if video is None:
        raise Rejected("no video id")
    snippet = _snippet(payload)
    said = [text(snippet.get(part)) or "" for part in ("title", "description")]
    written = "\n".join(html.unescape(part) if escaped else part for part in said if part)
    found = tags.hashtags(written)
    listed = words(snippet.get("tags"))
    counts, details = mapping(payload.get("statistics")), mapping(payload.get("contentDetails"))
    published, observed = instants.from_iso(snippet.get("publishedAt")), payload.get("observedAt")
    timestamp = published if observed is None else instants.from_iso(observed)
    return Event(
        timestamp=timestamp,
        source="youtube",
        event_type="upload" if observed is None else "trending",
        content_id=video if observed is None else f"{video}:{timestamp:%Y-%m-%dT%H}",
        user_id=identifier(snippet.get("channelId")),
        text=written,
        hashtags=found,
        language=text(snippet.get("defaultAudioLanguage")) or text(snippet.get("defaultLanguage")),
        context=present(
            (
                ("original_content_id", None if observed is None else video),
                ("published_at", None if observed is None else published.isoformat()),
                ("username", text(snippet.get("channelTitle"))),
                ("channel_id", identifier(snippet.get("channelId"))),
                ("tags", listed),
                ("category_id", identifier(snippet.get("categoryId"))),
                ("live", _live(snippet)),
            )
        ),
        features=numbers(
            (
                ("views", counts.get("viewCount")),
                ("likes", counts.get("likeCount")),
                ("dislikes", counts.get("dislikeCount")),
                ("favourites", counts.get("favoriteCount")),
                ("comments", counts.get("commentCount")),
                ("duration_seconds", _duration(details.get("duration"))),
                ("hashtag_count", len(found)),
                ("tag_count", len(listed) if "tags" in snippet else None),
            )
        ),
    )


def _live(snippet: Mapping[str, Any]) -> str | None:
    state = text(snippet.get("liveBroadcastContent"))
    return None if state == "none" else state


def _duration(said: Any) -> int | None:
    """Seconds of an ISO 8601 duration such as ``PT1H2M3S``."""
    match = _DURATION.fullmatch(said) if isinstance(said, str) and len(said) < 60 else None
    if match is None or not any(match.groups()):
        return None
    return sum(int(part or 0) * seconds for part, seconds in zip(match.groups(), _SECONDS, strict=True))


def _thread(payload: Mapping[str, Any]) -> Event:
    thread = _snippet(payload)
    top = mapping(thread.get("topLevelComment"))
    if not top:
        raise Rejected("a comment thread without its top-level comment")
    return _comment(top, video=identifier(thread.get("videoId")), replies=thread.get("totalReplyCount"))


def _comment(payload: Mapping[str, Any], video: str | None = None, replies: Any = None) -> Event:
    comment = identifier(payload.get("id"))
    if comment is None:
        raise Rejected("no comment id")
    snippet = _snippet(payload)
    written = text(snippet.get("textOriginal")) or plain_text(text(snippet.get("textDisplay")) or "")
    found = tags.hashtags(written)
    video = identifier(snippet.get("videoId")) or video
    parent = identifier(snippet.get("parentId"))
    return Event(
        timestamp=instants.from_iso(snippet.get("publishedAt")),
        source="youtube",
        event_type="comment",
        content_id=comment,
        user_id=identifier(mapping(snippet.get("authorChannelId")).get("value")),
        text=written,
        hashtags=found,
        context=present(
            (
                ("original_content_id", video or parent),
                ("parent_id", parent),
                ("username", text(snippet.get("authorDisplayName"))),
                ("channel_id", identifier(snippet.get("channelId"))),
            )
        ),
        features=numbers(
            (
                ("likes", snippet.get("likeCount")),
                ("replies", replies),
                ("hashtag_count", len(found)),
            )
        ),
    )


def _snippet(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    snippet = mapping(payload.get("snippet"))
    if not snippet:
        raise Rejected("no snippet: ask the API for part=snippet")
    return snippet
