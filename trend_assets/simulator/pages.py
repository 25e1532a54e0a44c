"""Pages of results of each platform, for fault injection: their rows, and the link to the next page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from trend_assets.simulator.serving import Answer, SimulatedRequest, page_token, read_token

Row = dict[str, Any]
#: Where in a row something stands: names with dots between them.
Path = str


@dataclass(frozen=True, slots=True)
class Shape:
    """Where things stand in one platform's pages.

    Args:
        rows: where the rows are; empty where the page is the list itself.
        token: where the token of the next page is; empty where there is none.
        parameter: the parameter that takes the token.
        id: where a row's id is.
        written: where a row's time is.
        text: where a row's text is.
        optional: what a row may lack.
        arrays: arrays of a row that may be null.
    """

    rows: Path
    token: Path
    parameter: str
    id: Path
    written: Path
    text: Path
    optional: tuple[Path, ...]
    arrays: tuple[Path, ...]


_X = Shape(
    "data", "meta.next_token", "next_token", "id", "created_at", "text",
    ("lang", "public_metrics", "possibly_sensitive", "reply_settings", "conversation_id"),
    ("edit_history_tweet_ids", "entities.hashtags", "entities.urls", "entities.mentions"),
)  # fmt: skip
_VIDEOS = Shape(
    "items", "nextPageToken", "pageToken", "id", "snippet.publishedAt", "snippet.description",
    ("statistics", "contentDetails", "snippet.tags", "snippet.thumbnails", "snippet.channelTitle"), ("snippet.tags",),
)  # fmt: skip
_COMMENT = "snippet.topLevelComment"
_THREADS = replace(
    _VIDEOS,
    id=f"{_COMMENT}.id",
    written=f"{_COMMENT}.snippet.publishedAt",
    text=f"{_COMMENT}.snippet.textOriginal",
    optional=(f"{_COMMENT}.snippet.likeCount", "snippet.totalReplyCount"),
    arrays=(),
)
_FOUND = replace(_VIDEOS, id="id.videoId", optional=("etag",), arrays=())
_BLUESKY = Shape(
    "posts", "cursor", "cursor", "uri", "record.createdAt", "record.text",
    ("likeCount", "quoteCount", "labels", "author.displayName", "record.langs"),
    ("labels", "record.langs", "record.facets"),
)  # fmt: skip
_MASTODON = Shape(
    "", "", "", "uri", "created_at", "content",
    ("language", "favourites_count", "account.note", "mentions", "poll"),
    ("tags", "mentions", "media_attachments", "emojis", "account.fields"),
)  # fmt: skip
_INTEREST = Shape(
    "default.timelineData", "", "", "time", "time", "formattedTime", ("formattedTime", "formattedValue"),
    ("hasData", "formattedValue"),
)  # fmt: skip

_SHAPES: Mapping[str, Shape] = {
    "/2/tweets/search/recent": _X,
    "/2/tweets/search/all": _X,
    "/youtube/v3/videos": _VIDEOS,
    "/youtube/v3/search": _FOUND,
    "/youtube/v3/commentThreads": _THREADS,
    "/xrpc/app.bsky.feed.searchPosts": _BLUESKY,
    "/trends/api/widgetdata/multiline": _INTEREST,
}


class Page:
    """An answer that can be changed and sent on.

    Args:
        request: what was asked for.
        answer: what is answered to it.
        shape: where things stand in it.
    """

    def __init__(self, request: SimulatedRequest, answer: Answer, shape: Shape) -> None:
        self.request, self.shape = request, shape
        self._answer = answer
        self._guard, body = _split(answer.body)
        self.value: Any = json.loads(body)

    @property
    def rows(self) -> list[Row]:
        """What it lists; can be set."""
        found = get(self.value, self.shape.rows) if self.shape.rows else self.value
        return found if isinstance(found, list) else []

    @rows.setter
    def rows(self, rows: Sequence[Row]) -> None:
        if not self.shape.rows:
            self.value = list(rows)
        elif rows or get(self.value, self.shape.rows) is not None:
            put(self.value, self.shape.rows, list(rows))

    @property
    def leads_on(self) -> bool:
        """Whether it names a next page."""
        return bool(self.shape.token) and get(self.value, self.shape.token) is not None

    def lead_to(self, back: int | None = None) -> None:
        """Makes it lead to itself, under another token, or to ``back`` rows before its end."""
        position, version = read_token(self.request.parameters.get(self.shape.parameter))
        if back is not None:
            position, _ = read_token(get(self.value, self.shape.token))
            position -= back
        put(self.value, self.shape.token, page_token(position, version + 1))

    def answer(self, **headers: str) -> Answer:
        """The answer as it is now, with more headers."""
        body = self._guard + orjson.dumps(self.value)
        return replace(self._answer, body=body, headers={**self._answer.headers, **headers})


def page(request: SimulatedRequest, answer: Answer) -> Page | None:
    """The answer as a page; None where it is none that faults know."""
    shape = _SHAPES.get(request.path)
    if request.path.startswith("/api/v1/timelines/"):
        shape = _MASTODON
    return Page(request, answer, shape) if shape is not None else None


def _split(body: bytes) -> tuple[bytes, bytes]:
    """Google puts a guard before its JSON."""
    start = body.index(b"\n") + 1 if body.startswith(b")]}'") else 0
    return body[:start], body[start:]


def get(value: Any, path: Path) -> Any:
    """What stands at a path; None where nothing does."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def put(value: Any, path: Path, inner: Any) -> None:
    """Puts something at a path whose outer parts there are."""
    *outer, name = path.split(".")
    for step in outer:
        value = value[step]
    value[name] = inner


def drop(value: Any, path: Path) -> None:
    """Removes what stands at a path, if something does."""
    *outer, name = path.split(".")
    for step in outer:
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, dict):
        value.pop(name, None)
