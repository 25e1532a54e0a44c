"""JSON values of an archive, told apart by what they hold, as payloads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trend_assets.sources import youtube
from trend_assets.sources.columns import ColumnMap
from trend_assets.sources.event import Payload, Rejected
from trend_assets.sources.registry import COLUMNS_PREFIX, TWITTER_V1, X_V2, YOUTUBE_V3, Rejection, parser
from trend_assets.sources.twitter import split_v2_page
from trend_assets.sources.wire_json import dumps, listed, mapping, mappings, text

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
        if isinstance(value, list):
            for item in value:
                yield from self.rows(line, item)
            return
        raw_data = dumps(value) if raw is None else raw
        try:
            if not isinstance(value, dict):
                raise Rejected("a JSON value that is not an object")
            if self._row_format:
                yield _row(line, self._row_format, value, raw_data)
            else:
                yield from _platform_rows(line, value, raw_data)
        except Rejected as rejected:
            yield Rejection(line, str(rejected), raw_data)


def _row(line: int | None, format: str, payload: Mapping[str, Any], raw_data: str) -> Payload | Rejection:
    try:
        return Payload(format, raw_data, parser(format)(payload))
    except Rejected as rejected:
        return Rejection(line, str(rejected), raw_data)


def _platform_rows(line: int | None, value: Mapping[str, Any], raw: str) -> Iterator[Payload | Rejection]:
    kind = value.get("kind")
    if isinstance(kind, str) and kind.startswith("youtube#"):
        yield from _youtube_rows(line, value, kind, raw)
    elif isinstance(value.get("data"), (dict, list)):
        yield from _x_page(line, value, raw)
    elif isinstance(value.get("statuses"), list):
        for status in value["statuses"]:
            yield from _tweet_v1(line, status, dumps(status))
    elif _is_v2_tweet(value):
        yield _row(line, X_V2, value, raw)
    elif _is_v1_tweet(value):
        yield _row(line, TWITTER_V1, value, raw)
    else:
        raise Rejected(_not_an_event(value))


def _youtube_rows(
    line: int | None, value: Mapping[str, Any], kind: str, raw: str
) -> Iterator[Payload | Rejection]:
    if not (kind.endswith("Response") or "items" in value or isinstance(value.get("error"), dict)):
        if kind != "youtube#commentThread" or "replies" not in value:
            yield _row(line, YOUTUBE_V3, value, raw)
            return
        value = {"items": [value]}
    for item in youtube.split_response(value):
        yield _row(line, YOUTUBE_V3, item, dumps(item))


def _x_page(line: int | None, page: Mapping[str, Any], raw: str) -> Iterator[Payload | Rejection]:
    if page["data"] == []:
        raise Rejected("a page without tweets")
    is_single = isinstance(page["data"], dict)
    for payload in split_v2_page(page):
        # What a stream delivers is one tweet already, and is kept to the letter.
        yield _row(line, X_V2, page if is_single else payload, raw if is_single else dumps(payload))


def _tweet_v1(line: int | None, status: Any, raw: str) -> Iterator[Payload | Rejection]:
    if isinstance(status, dict):
        yield _row(line, TWITTER_V1, status, raw)
    else:
        yield Rejection(line, "a JSON value that is not an object", raw)


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
