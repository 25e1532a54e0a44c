"""Parses Google Takeout of a YouTube account: watch and search history, and comments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.formats import YOUTUBE_TAKEOUT, Found
from trend_assets.sources.wire import instants, tags
from trend_assets.sources.wire.values import identifier, loads, mapping, mappings, numbers, present, strings, text

_HEADERS = ("YouTube", "YouTube Music", "YouTube TV", "YouTube Kids")
#: In English; in other languages the title is kept whole.
_WATCHED = "Watched "
#: Of the table of comments; these two are there in every version.
COMMENT_ID, WRITTEN_AT = "Comment ID", "Comment Create Timestamp"


def found(value: Mapping[str, Any]) -> Iterator[Found] | None:
    """The item of a history that an object is; None where it is none."""
    is_item = value.get("header") in _HEADERS and "time" in value and "title" in value
    return iter([(YOUTUBE_TAKEOUT, value)]) if is_item else None


def is_comments(header: Sequence[str]) -> bool:
    """Whether a header is of the table of comments."""
    return COMMENT_ID in header and WRITTEN_AT in header


def payloads(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The row without its empty cells."""
    return [{name: cell for name, cell in row.items() if cell not in (None, "")}]


def parse(payload: Mapping[str, Any]) -> Event:
    """An item of the watch or search history, or a comment, as an event.

    Args:
        payload: ``{"header": "YouTube", "title", "titleUrl", "time", …}``; or a row of the table of comments.

    Returns:
        `watch` (its content id is the video's and the time, the video is `original_content_id`), `search` (what was
        searched for is its text and its topic), or `comment`. A history is that of an account that it does not name:
        of nobody. A comment is that of the row's ``Channel ID``.

    Raises:
        Rejected: an advertisement, something else that was visited, no readable time.
    """
    if COMMENT_ID in payload:
        return _comment(payload)
    if "From Google Ads" in strings(payload.get("details"), "name"):
        raise Rejected("an advertisement that was shown, not a video that was chosen")
    address = urlsplit(_address(payload))
    asked = parse_qs(address.query)
    if address.path == "/watch" and asked.get("v"):
        return _watched(payload, asked["v"][0])
    if address.path == "/results" and asked.get("search_query"):
        return _searched(payload, " ".join(asked["search_query"][0].split()))
    raise Rejected("neither a video that was watched nor a search")


def _address(payload: Mapping[str, Any]) -> str:
    said = text(payload.get("titleUrl")) or ""
    try:
        urlsplit(said)
    except ValueError:
        return ""
    return said


def _watched(payload: Mapping[str, Any], video: str) -> Event:
    at, title = instants.from_any(payload.get("time")), text(payload.get("title")) or ""
    channel = next(iter(mappings(payload.get("subtitles"))), {})
    written = title.removeprefix(_WATCHED)
    return Event(
        timestamp=at,
        source="youtube",
        event_type="watch",
        content_id=f"{video}:{at:%Y-%m-%dT%H:%M:%S.%f}",
        text=written,
        hashtags=tags.hashtags(written),
        context=present(
            (
                ("original_content_id", video),
                ("username", text(channel.get("name"))),
                ("channel_id", (text(channel.get("url")) or "").rpartition("/")[2]),
                ("product", text(payload.get("header"))),
            )
        ),
    )


def _searched(payload: Mapping[str, Any], term: str) -> Event:
    at = instants.from_any(payload.get("time"))
    return Event(
        timestamp=at,
        source="youtube",
        event_type="search",
        content_id=f"{term.casefold()}:{at:%Y-%m-%dT%H:%M:%S.%f}",
        text=term,
        topics=(term,),
        context={"term": term},
    )


def _comment(row: Mapping[str, Any]) -> Event:
    comment = identifier(row.get(COMMENT_ID))
    if comment is None:
        raise Rejected("no comment id")
    written, parent = _written(row.get("Comment Text")), identifier(row.get("Parent Comment ID"))
    video = identifier(row.get("Video ID")) or identifier(row.get("Post ID"))
    found_tags = tags.hashtags(written)
    return Event(
        timestamp=instants.from_any(row.get(WRITTEN_AT)),
        source="youtube",
        event_type="comment",
        content_id=comment,
        user_id=identifier(row.get("Channel ID")),
        text=written,
        hashtags=found_tags,
        context=present((("original_content_id", video or parent), ("parent_id", parent))),
        features=numbers((("hashtag_count", len(found_tags)),)),
    )


def _written(cell: Any) -> str:
    """The text of a comment; newer exports write it as JSON objects, one a part, without brackets around them."""
    said = text(cell) or ""
    if not said.lstrip().startswith("{"):
        return said
    try:
        parts = loads(f"[{said}]")
    except Rejected:
        return said
    return "".join(str(mapping(part).get("text", "")) for part in parts)
