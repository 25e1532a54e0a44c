"""JSON values of an archive, told apart by what they hold, as payloads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.event import Payload, Rejected
from trend_assets.sources.registry import COLUMNS_PREFIX, TWITTER_V1, X_V2, YOUTUBE_V3, Rejection, parser
from trend_assets.sources.twitter.pages import split_v2_page
from trend_assets.sources.wire.values import dumps, listed, mapping, mappings, text
from trend_assets.sources.youtube import events as youtube

_YOUTUBE = "youtube#"
_V2_MARKS = ("author_id", "conversation_id", "edit_history_tweet_ids", "public_metrics", "note_tweet")
_V1_MARKS = ("user", "retweeted_status", "entities", "full_text", "in_reply_to_status_id", "id_str")
#: What Twitter's v1.1 streams say between the tweets.
_NOTICES = {
    "delete": "a notice that a tweet was deleted",
    "scrub_geo": "a notice that places were removed",
    "limit": "a notice that the stream was limited",
    "status_withheld": "a notice that a tweet was withheld",
    "user_withheld": "a notice that a user was withheld",
    "disconnect": "a notice that the stream was disconnected",
    "warning": "a warning of the stream",
}


def is_platform(value: Any) -> bool:
    """Whether a JSON value is of a kind that needs no column map."""
    if isinstance(value, list):
        return any(isinstance(item, dict) and is_platform(item) for item in value)
    if not isinstance(value, dict):
        return False
    kind = value.get("kind")
    return (
        (isinstance(kind, str) and kind.startswith(_YOUTUBE))
        or isinstance(value.get("data"), (dict, list))
        or isinstance(value.get("statuses"), list)
        or _is_v2_tweet(value)
        or _is_v1_tweet(value)
    )


def is_json_row(value: Any) -> bool:
    """Whether a line's JSON value can be a row by itself: an object, or a list of objects."""
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(v, dict) for v in value))


class JsonRouter:
    """Sends each JSON value of an archive to the parser that its content asks for.

    Args:
        columns: where given, every object is a row of this map, whatever it looks like.
    """

    def __init__(self, columns: ColumnMap | None) -> None:
        self._row_format = f"{COLUMNS_PREFIX}{columns}" if columns else None

    def rows(self, line: int | None, value: Any, raw: str | None = None) -> Iterator[Payload | Rejection]:
        """The events that a value holds, each with its own payload, and what it holds else.

        Args:
            line: where it stood, from 1.
            value: the decoded JSON value.
            raw: its text as received, kept as the payload where the value is one event by itself.
        """
        if isinstance(value, list) and value:
            for item in value:
                yield from self._one(line, item, None)
        else:
            yield from self._one(line, value, raw)

    def _one(self, line: int | None, value: Any, raw: str | None) -> Iterator[Payload | Rejection]:
        try:
            if not isinstance(value, dict):
                raise Rejected("a JSON value that is not an object")
            if self._row_format:
                yield _row(line, self._row_format, value, raw)
            else:
                yield from _platform_rows(line, value, raw)
        except Rejected as rejected:
            yield _rejection(line, str(rejected), value, raw)


def _row(line: int | None, format: str, payload: Any, raw: str | None) -> Payload | Rejection:
    """The payload's event; its text is made here where it was not received by itself."""
    try:
        if not isinstance(payload, dict):
            raise Rejected("a JSON value that is not an object")
        event = parser(format)(payload)
        return Payload(format, dumps(payload) if raw is None else raw, event)
    except Rejected as rejected:
        return _rejection(line, str(rejected), payload, raw)


def _rejection(line: int | None, reason: str, value: Any, raw: str | None) -> Rejection:
    try:
        return Rejection(line, reason, dumps(value) if raw is None else raw)
    except Rejected as too_deep:
        return Rejection(line, str(too_deep), repr(value))


def _platform_rows(line: int | None, value: Mapping[str, Any], raw: str | None) -> Iterator[Payload | Rejection]:
    kind = value.get("kind")
    if isinstance(kind, str) and kind.startswith(_YOUTUBE):
        yield from _youtube_rows(line, value, kind, raw)
    elif isinstance(value.get("data"), (dict, list)):
        yield from _x_page(line, value, raw)
    elif isinstance(value.get("statuses"), list):
        for status in value["statuses"]:
            yield _row(line, TWITTER_V1, status, None)
    elif _is_v2_tweet(value):
        yield _row(line, X_V2, value, raw)
    elif _is_v1_tweet(value):
        yield _row(line, TWITTER_V1, value, raw)
    else:
        raise Rejected(_not_an_event(value))


def _youtube_rows(
    line: int | None, value: Mapping[str, Any], kind: str, raw: str | None
) -> Iterator[Payload | Rejection]:
    if not (kind.endswith("Response") or "items" in value or isinstance(value.get("error"), dict)):
        if kind != "youtube#commentThread" or "replies" not in value:
            yield _row(line, YOUTUBE_V3, value, raw)
            return
        value = {"items": [value]}
    for item in youtube.split_response(value):
        yield _row(line, YOUTUBE_V3, item, None)


def _x_page(line: int | None, page: Mapping[str, Any], raw: str | None) -> Iterator[Payload | Rejection]:
    if page["data"] == []:
        raise Rejected("a page without tweets")
    is_single = isinstance(page["data"], dict)
    for payload in split_v2_page(page):
        # What a stream delivers is one tweet already, and is kept to the letter.
        yield _row(line, X_V2, page if is_single else payload, raw if is_single else None)


def _is_v2_tweet(value: Mapping[str, Any]) -> bool:
    return "id_str" not in value and any(mark in value for mark in _V2_MARKS) and "id" in value


def _is_v1_tweet(value: Mapping[str, Any]) -> bool:
    has_text = "text" in value or "full_text" in value
    return has_text and ("created_at" in value or any(mark in value for mark in _V1_MARKS))


def _not_an_event(value: Mapping[str, Any]) -> str:
    for key, meaning in _NOTICES.items():
        if len(value) == 1 and key in value:
            return f"{meaning}, not a tweet"
    if isinstance(value.get("error"), dict):
        error = value["error"]
        return f"an error that was answered, not an event: {error.get('code')} {error.get('message')}"[:250]
    errors = mappings(value.get("errors"))
    if errors:
        said = (text(errors[0].get(key)) for key in ("title", "detail", "message"))
        return f"an error that was answered, not an event: {' '.join(part for part in said if part)}"[:250]
    if "result_count" in mapping(value.get("meta")):
        return "a page without tweets"
    if not value:
        return "an empty JSON object"
    return (
        "not a tweet, a page of X, or an answer of YouTube, but a JSON object with "
        f"{listed(sorted(value))} (a table of another kind needs --columns)"
    )
