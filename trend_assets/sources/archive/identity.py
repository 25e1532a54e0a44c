"""Reads ids and users from cells of a table, and repairs them where nothing is lost by it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from trend_assets.sources.event import Rejected
from trend_assets.sources.wire.notes import FLOAT_ID, WRAPPED_ID
from trend_assets.sources.wire.values import ROUNDED, whole

#: What tables write where nothing is known. Nobody's name: as one person they would be the busiest of all.
UNKNOWN = frozenset(
    ("nan", "NaN", "NAN", "-nan", "None", "none", "NONE", "null", "NULL", "Null", "(null)", "\\N", "N/A", "n/a", "#N/A",
     "NA", "<NA>", "undefined", "[deleted]", "[removed]")
)  # fmt: skip
#: White space and what is as invisible; joiners within a name are letters of some scripts.
_AROUND = "".join(map(chr, [*range(0x21), 0x85, 0xA0, 0xAD, 0x1680, *range(0x2000, 0x2010), *range(0x2028, 0x2030),
                            0x205F, *range(0x2060, 0x2065), *range(0x2066, 0x206A), 0x3000, 0xFEFF]))  # fmt: skip
#: `="1"`, `"1"`, `'1'`, and the apostrophe that keeps a spreadsheet from reading a number or a formula.
_WRAPPED = re.compile(r"""=?"+([^"]+)"+|=?'([^']+)'|'(?=[\d=+@-])(.+)|=(\d+)""", re.DOTALL)
#: Letters that exporters put before a long id so that it stays text.
_PREFIXED = re.compile(r"(?:ID_|id_|x)(\d{15,20})", re.ASCII)
_WHOLE = re.compile(r"(-?\d{1,400})\.0", re.ASCII)


def identity(cell: Any, column: str, notes: list[str]) -> str | None:
    """The id in a cell; None where it is empty or says that nobody and nothing is known.

    Args:
        cell: a string from a text table, any JSON value otherwise.
        column: its name, for messages.
        notes: told here what was repaired.

    Raises:
        Rejected: digits are lost, or it is no id at all.
    """
    if isinstance(cell, str):
        text = cell.strip(_AROUND)
        return text if text.isdigit() and text.isascii() else _of_text(text, column, notes)
    if cell is None or cell in ([], {}) or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, int) and not isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float):
        return _of_number(str(cell), cell, column, notes)
    if isinstance(cell, dict):
        inner = next(iter(cell))
        raise Rejected(f"column {column!r} holds an object, not an id: name its part, e.g. {f'{column}.{inner}'!r}")
    raise Rejected(f"column {column!r} holds no id but a {type(cell).__name__}")


def _of_text(text: str, column: str, notes: list[str]) -> str | None:
    if "\x00" in text:
        text = text.replace("\x00", "")
    if not text or text in UNKNOWN:
        return None
    if text[0] in "\"'=" and (match := _WRAPPED.fullmatch(text)):
        notes.append(WRAPPED_ID)
        return identity(next(filter(None, match.groups())), column, notes)
    if not text[-1].isdigit():
        return text
    if match := _PREFIXED.fullmatch(text):
        notes.append(WRAPPED_ID)
        return match[1]
    if (match := _WHOLE.fullmatch(text)) or ROUNDED.fullmatch(text):
        return _of_number(text, float(text.replace(",", ".")), column, notes)
    return text


def _of_number(said: str, number: float, column: str, notes: list[str]) -> str:
    """The digits of an id that was written as a float, where all of them are there."""
    digits = whole(number)
    if digits is None and math.isfinite(number) and not number.is_integer():
        raise Rejected(f"column {column!r} holds no id but a fraction: '{said}'")
    if digits is None:
        raise Rejected(
            f"column {column!r} holds an id that has lost its last digits: '{said}', as spreadsheets and pandas write "
            "large numbers (from 2^53 on they are gone for good); export the column as text"
        )
    if ROUNDED.fullmatch(said) and _digits_shown(said) < len(digits.lstrip("-")):
        raise Rejected(
            f"column {column!r} holds an id that was rounded: '{said}', as spreadsheets show long numbers; "
            "export the column as text"
        )
    notes.append(FLOAT_ID)
    return digits


def _digits_shown(said: str) -> int:
    return sum(character.isdigit() for character in re.split("[eE]", said)[0])


def joined(parts: Sequence[str]) -> str:
    """Ids of several columns as one; no other ids of as many columns give the same."""
    return "+".join(part.replace("\\", "\\\\").replace("+", "\\+") for part in parts)


def within(namespace: str, identifier: str) -> str:
    """An id within a namespace, ``NAMESPACE/ID``; no other namespace and id give the same."""
    return "/".join(part.replace("\\", "\\\\").replace("/", "\\/") for part in (namespace, identifier))
