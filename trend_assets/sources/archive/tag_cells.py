"""Parses lists of tags in one cell: JSON, Python, NumPy and PostgreSQL syntax, or text with separators."""

from __future__ import annotations

import ast
import csv
import re
import warnings
from collections.abc import Iterable
from typing import Any

from trend_assets.sources.archive.identity import UNKNOWN
from trend_assets.sources.event import Rejected
from trend_assets.sources.wire.markup import resolved
from trend_assets.sources.wire.values import loads, text

#: Where an object of a list has its name: entities of X, of tweets of API v1.1, and of everybody else.
_KEYS = ("tag", "text", "name")
_MOST_CHARACTERS = 100_000
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_SEPARATORS = re.compile(r"[,;|\n\r\t\uff0c\u3001\uff1b]")
_NEXT_TAG = re.compile(r"\s+(?=[#\uff03])")
_SIGNS = re.compile(r"[#\uff03]+")
_BRACKETED = re.compile(r"(?:<([^<>]+)>\s*)+")


def names(cell: Any) -> tuple[str, ...]:
    """Names of topics, each once. Only a list holds several: the title of a thread may have commas."""
    found = _list(cell)
    if found is None:
        name = _string(cell).strip()
        return (name,) if name and name not in UNKNOWN else ()
    return _each_once(found)


def hashtags(cell: Any) -> tuple[str, ...]:
    """Hashtags, each once, without their signs.

    Beside lists: names with comma, semicolon, bar, tab or line break between them, names each with its sign, and
    names each in angle brackets.
    """
    found = _list(cell)
    if found is None:
        written = _string(cell)
        if _BRACKETED.fullmatch(written):
            found = re.findall("<([^<>]+)>", written)
        else:
            if written[:1] + written[-1:] in ("[]", "{}"):
                written = written[1:-1]
            found = [tag for part in _SEPARATORS.split(written) for tag in _signed(part.strip(" \"'"))]
    else:
        found = [tag for name in found for tag in _signed(name)]
    return _each_once(found)


def _signed(part: str) -> list[str]:
    """`#a #b`, `#a#b` and `#a#` are tags of their own; `c#` is one, and so is `new york`."""
    if part[:1] in ("#", "\uff03"):
        return _SIGNS.split(part)
    return [tag.lstrip("#\uff03") for tag in _NEXT_TAG.split(part)]


def _each_once(found: Iterable[str]) -> tuple[str, ...]:
    stripped = (name.strip() for name in found)
    return tuple(dict.fromkeys(name for name in stripped if name and name not in UNKNOWN))


def _string(cell: Any) -> str:
    if isinstance(cell, str):
        return resolved(text(cell.strip()) or "")
    return "" if cell is None or isinstance(cell, dict | list) else str(cell)


def _list(cell: Any) -> list[str] | None:
    """The names of a list, however it is written; None for what is none."""
    if isinstance(cell, str):
        written = cell.strip()
        if written[:1] not in ("[", "{"):
            return None
        cell = _decoded(written)
    if isinstance(cell, dict):
        cell = [cell] if cell else []
    if not isinstance(cell, list | tuple):
        return None
    named = [name for item in cell if (name := _name(item))]
    # Numbers in brackets are rather a part of a title.
    return named if named or all(item is None for item in cell) else None


def _name(item: Any) -> str | None:
    if isinstance(item, dict):
        item = next((item[key] for key in _KEYS if isinstance(item.get(key), str)), None)
    return resolved(text(item) or "") if isinstance(item, str) else None


def _decoded(written: str) -> Any:
    ends = written[:1] + written[-1:]
    if ends not in ("[]", "{}") or len(written) > _MOST_CHARACTERS:
        return None
    try:
        return loads(written)
    except Rejected:
        pass
    inner = written[1:-1]
    if not _QUOTED.sub("", inner).strip(", \n"):
        # Python's lists and sets, and NumPy's arrays, which have no commas.
        return [_literal(quoted) for quoted in _QUOTED.findall(inner)]
    value = _literal(written)
    return value if isinstance(value, list | dict) else _postgres(inner) if ends == "{}" else None


def _literal(written: str) -> Any:
    with warnings.catch_warnings():
        # Of a backslash that escapes nothing.
        warnings.simplefilter("ignore")
        try:
            return ast.literal_eval(written)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return None


def _postgres(inner: str) -> list[str] | None:
    try:
        found = next(csv.reader([inner], escapechar="\\", doublequote=False, strict=True), [])
    except csv.Error:
        return None
    return [name for name in found if name != "NULL"]
