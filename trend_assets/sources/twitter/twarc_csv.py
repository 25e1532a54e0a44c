"""Parses tables that twarc-csv makes of API v2, with flattened columns such as ``public_metrics.like_count``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trend_assets.sources.event import Rejected
from trend_assets.sources.wire.values import loads

_OBJECTS = ("entities.", "referenced_tweets.", "public_metrics.", "author.", "edit_controls.", "__twarc.")
_REFERENCES = "referenced_tweets."
_BOOLEANS = {"True": True, "False": False, "true": True, "false": False}
#: Columns of a tweet's own words are never JSON.
_WRITTEN = ("text", "author.description", "author.name", "source")


def is_table(header: Sequence[str]) -> bool:
    """Whether a header is of such a table."""
    return {"id", "text", "author_id"} <= set(header) and any(name.startswith(_OBJECTS) for name in header)


def payloads(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The row as the flattened tweet of API v2 that it was made of, for `v2.parse_v2`."""
    tweet: dict[str, Any] = {}
    references = []
    for name, cell in row.items():
        if cell is None or cell == "":
            continue
        if name.startswith(_REFERENCES):
            kind, _, field = name.removeprefix(_REFERENCES).partition(".")
            if field == "id":
                references.append({"type": kind, "id": cell})
        else:
            _put(tweet, name.split("."), cell if name in _WRITTEN else _value(cell))
    if references:
        tweet["referenced_tweets"] = references
    return [tweet]


def _put(tweet: dict[str, Any], path: list[str], value: Any) -> None:
    *outer, last = path
    for key in outer:
        inner = tweet.setdefault(key, {})
        if not isinstance(inner, dict):
            return
        tweet = inner
    tweet[last] = value


def _value(cell: Any) -> Any:
    """A cell's value; lists and objects are written as JSON, other values as Python does."""
    if not isinstance(cell, str):
        return cell
    if cell[:1] in "[{":
        try:
            return loads(cell)
        except Rejected:
            return cell
    return _BOOLEANS.get(cell, cell)
