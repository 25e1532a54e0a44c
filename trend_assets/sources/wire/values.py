"""Reads JSON from outside leniently; values are taken only where they have the right type."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from trend_assets.sources.event import Rejected

#: Why bytes are no text, for a rejection.
UNDECODABLE = "not valid UTF-8"

#: A number with an exponent, as spreadsheets and pandas write what has many digits.
ROUNDED = re.compile(r"-?\d+(?:[.,]\d+)?[eE]\+\d+|-?\d+[.,]\d+[eE]\d+", re.ASCII)
#: From here on a float does not hold every whole number.
_EXACT = 2**53

_NOTHING: Mapping[str, Any] = {}
#: Marks of what Python's own decoder reads and orjson refuses.
_PYTHON_READS = (b"\\ud", b"\\uD", b"NaN", b"Infinity")
_SURROGATE = re.compile("[\ud800-\udfff]")
#: A whole pair, half of one, or any other escape: an escaped backslash begins none.
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)


def loads(text: str | bytes) -> Any:
    """The JSON value of ``text``.

    Half of a surrogate pair (an emoji cut in two by an exporter) becomes U+FFFD, NaN and Infinity (as Python writes
    them) null; a key given twice counts the last time, integers beyond 64 bits become floats.

    Raises:
        Rejected: not JSON, or not UTF-8.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if any(mark in text if isinstance(text, bytes) else mark.decode() in text for mark in _PYTHON_READS):
            return _loads_as_python(text)
        raise Rejected(_reason(text, error)) from None


def _loads_as_python(text: str | bytes) -> Any:
    try:
        value = json.loads(text, parse_constant=lambda _: None)
        return orjson.loads(_SURROGATE.sub("\ufffd", json.dumps(value, ensure_ascii=False)))
    except (ValueError, RecursionError) as error:
        raise Rejected(_reason(text, error)) from None


def without_half_pairs(text: str) -> str:
    """JSON text with U+FFFD for each half of a surrogate pair: DuckDB refuses a query over all rows for one of them."""
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return _ESCAPE.sub(lambda found: "\\ufffd" if found[1] else found[0], text)


def _reason(text: str | bytes, error: Exception) -> str:
    if isinstance(text, bytes):
        try:
            text.decode("utf-8")
        except UnicodeDecodeError:
            return UNDECODABLE
    # Without the position, so that rejections of one kind have one reason.
    said = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
    return f"not valid JSON: {said}"


def dumps(value: Any) -> str:
    """``value`` as compact JSON text; dates become ISO 8601, what JSON cannot hold its string.

    Raises:
        Rejected: nested more than 250 levels deep.
    """
    try:
        return orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # orjson reads deeper than it writes
        raise Rejected("a JSON value that is nested too deeply") from None


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value)


def mapping(value: Any) -> Mapping[str, Any]:
    """``value`` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """The JSON objects of a JSON array, else nothing."""
    return [item for item in value if isinstance(item, dict)] if value and isinstance(value, list) else []


def text(value: Any) -> str | None:
    """``value`` if it is a string that is not empty, without NUL, which no database takes in a text."""
    if not isinstance(value, str):
        return None
    return (value.replace("\x00", "") if "\x00" in value else value) or None


def identifier(value: Any) -> str | None:
    """An id as a string; platforms send it as a string or as an integer.

    A float, as pandas writes it where a value was missing, is an id only as far as it has all digits. An id that
    a spreadsheet has rounded, ``1.2345E+18``, is none: it would be that of many.
    """
    if value is None:
        return None
    if isinstance(value, str):
        if value.isalnum():  # nearly all are
            return value
        if "+" in value and ROUNDED.fullmatch(value.strip()):
            return None
        return value.replace("\x00", "").strip() or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return whole(value) if isinstance(value, float) else None


def whole(value: float) -> str | None:
    """The digits of a float that is a whole number; None from 2^53 on, where digits are lost."""
    return str(int(value)) if value.is_integer() and abs(value) < _EXACT else None


def number(value: Any) -> float | None:
    """A finite number from a JSON number, a boolean or a string of digits, else None."""
    if type(value) is int:
        return float(value)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, (int, float)) and math.isfinite(value):
        return float(value)
    return None


def numbers(values: Iterable[tuple[str, Any]]) -> dict[str, float]:
    """Named numbers, those that are not known left out."""
    known = {}
    for name, value in values:
        if type(value) is int:  # nearly all are
            known[name] = float(value)
        elif value is not None and (found := number(value)) is not None:
            known[name] = found
    return known


def strings(items: Any, key: str) -> list[str]:
    """The string under ``key`` of each object in a JSON array."""
    return [found for item in mappings(items) if (found := item.get(key)) and isinstance(found, str)]


def words(value: Any) -> list[str]:
    """The strings of a JSON array, else nothing."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def size(items: Any) -> int | None:
    """How many items a JSON array has; None where there is no array."""
    return len(items) if isinstance(items, list) else None


def total(items: Any, key: str) -> float | None:
    """The sum of the numbers under ``key`` of each object in a JSON array; None where there is no array."""
    if not isinstance(items, list):
        return None
    return sum((number(item.get(key)) or 0.0 for item in mappings(items)), 0.0)


def present(values: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Named values, without those that are None or empty."""
    return {name: value for name, value in values if value not in (None, "", [], {})}


def one_line(message: str) -> str:
    """``message`` with every character that does not print, line breaks too, as a backslash escape."""
    if message.isprintable():
        return message
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in message)


def listed(words: Sequence[str], most: int = 12) -> str:
    """``a, b, c`` for a message, cut where it grows long."""
    shown = ", ".join(word[:40] for word in words[:most])
    return f"{shown}, … ({len(words)} in all)" if len(words) > most else shown
