"""Parses rows of tables as events, through a column map."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from trend_assets.sources.archive import tag_cells
from trend_assets.sources.archive.column_map import FIELD_NAMES, FIELDS, ColumnMap, ColumnMapError
from trend_assets.sources.archive.identity import UNKNOWN, identity, joined, within
from trend_assets.sources.event import SOURCES, Event, Rejected
from trend_assets.sources.wire import instants, notes, tags, zones
from trend_assets.sources.wire.markup import words_of
from trend_assets.sources.wire.values import dumps, loads, mapping, text

__all__ = ["FIELDS", "FIELD_NAMES", "ColumnMap", "ColumnMapError", "Named", "named_in", "parse_row"]

_DEFAULT_SOURCE = "archive"
_DEFAULT_EVENT_TYPE = "original"
#: What is no cell: the row lacks the column.
_ABSENT = object()
#: A date that a spreadsheet or pandas wrote with the time that it has not.
_MIDNIGHT = re.compile(r"[ T]00:00(:00(\.0+)?)?$", re.ASCII)
_NO_TIME = UNKNOWN | {"NaT"}
#: Columns of twarc's tables that say what a tweet passes on or answers, and what it is by that.
_REFERENCES = {
    "referenced_tweets.retweeted.id": "retweet",
    "referenced_tweets.quoted.id": "quote",
    "referenced_tweets.replied_to.id": "reply",
}


def parse_row(row: Mapping[str, Any], column_map: ColumnMap) -> Event:
    """One row of a table as an event.

    The event depends on the row and the map alone, so that it is the same when it is read again from the lake.

    Args:
        row: column to value: strings from CSV, any JSON value otherwise.
        column_map: which column is which field. Columns that it does not map are kept in the context.

    Returns:
        The event; ``source`` is ``archive`` and ``event_type`` ``original`` where nothing is mapped to
        them. ``hashtags`` takes several names in a cell, in a list or with separators, ``topics`` one name or a list
        (`tag_cells`). Where ``topics`` is not mapped, the cashtags and (unless they are mapped) the hashtags of the
        text stand in. A text that is HTML is read as text. Nobody is the user where the cell says so (`identity`).
        What was assumed is in the notes.

    Raises:
        Rejected: no readable time, a time without a zone, an id that is empty or has lost digits, an unknown source.
    """
    told: list[str] = []
    timestamp = timestamp_of(row, column_map, told)
    content_id = _content_id(row, column_map, told)
    columns = column_map.columns
    source = _source(row, column_map)
    kind, original = _reference(row, column_map) if source in ("archive", "twitter") else (None, None)
    written = _written(_cell(row, columns.get("text")), told)
    return Event(
        timestamp=timestamp,
        source=source,
        event_type=(_word(_cell(row, columns.get("event_type"))) or kind or _DEFAULT_EVENT_TYPE).lower(),
        content_id=content_id,
        user_id=identity_of(row, column_map, "user_id", told)[0],
        text=written,
        hashtags=_hashtags(row, columns, written),
        topics=_topics(row, columns, written),
        language=_word(_cell(row, columns.get("language"))),
        context=_context(row, column_map, original),
        notes=tuple(dict.fromkeys(told)) if told else (),
    )


@dataclass(frozen=True, slots=True)
class Named:
    """Whom and what a row names, whether or not it is an event.

    Args:
        source: whose ids these are; None where the row names a source that is none.
        content_id: its own id; None where there is none that can be read.
        user_id: its user's; the same.
        context: as in its event.
    """

    source: str | None
    content_id: str | None
    user_id: str | None
    context: Mapping[str, Any]


def named_in(row: Mapping[str, Any], column_map: ColumnMap) -> Named:
    """Whom and what a row names, each by itself: a row that was rejected for one field may name a user in another."""
    source = _source(row, column_map)
    return Named(
        source if source in SOURCES else None,
        _readable_identity(row, column_map, "content_id"),
        _readable_identity(row, column_map, "user_id"),
        _context(row, column_map, _reference(row, column_map)[1]),
    )


def _readable_identity(row: Mapping[str, Any], column_map: ColumnMap, field: str) -> str | None:
    try:
        return identity_of(row, column_map, field, [])[0]
    except Rejected:
        return None


def _context(row: Mapping[str, Any], column_map: ColumnMap, original: str | None) -> dict[str, Any]:
    mapped = column_map.names
    context = {
        name: cell
        for name, cell in row.items()
        if name not in mapped and cell is not None and (not isinstance(cell, str) or cell.strip())
    }
    return context if original is None else {**context, "original_content_id": original}


def _find(row: Mapping[str, Any], column: str) -> Any:
    """The value of a column, or `_ABSENT`; ``user.id`` reaches into the object under ``user``."""
    if column in row:
        return row[column]
    outer, dot, inner = column.partition(".")
    within_outer = row.get(outer) if dot else None
    return _find(within_outer, inner) if isinstance(within_outer, dict) else _ABSENT


def _cell(row: Mapping[str, Any], column: str | None) -> Any:
    """The value of a column; None where the row lacks it, or none is mapped."""
    if column is None:
        return None
    found = _find(row, column)
    return None if found is _ABSENT else found


def _cells(row: Mapping[str, Any], column_map: ColumnMap, field: str) -> list[tuple[str, Any]]:
    """The columns that make a field, with their values; a column of the whole name goes before its parts."""
    whole = column_map.columns[field]
    found = _find(row, whole)
    if found is not _ABSENT:
        return [(whole, found)]
    return [(name, _cell(row, name)) for name in column_map.parts[field]]


def timestamp_of(row: Mapping[str, Any], column_map: ColumnMap, told: list[str]) -> datetime:
    """When a row happened; what was assumed is told.

    Raises:
        Rejected: there is no time, or none that means one thing.
    """
    written = time_cell(row, column_map)
    zone = None if column_map.zone is None else _zone(row, column_map.zone, column_map.tzinfo)
    moment, assumed = instants.read(written, zone, column_map.form)
    told += assumed
    return moment


def time_cell(row: Mapping[str, Any], column_map: ColumnMap) -> Any:
    """What a row has for a time, of several columns joined.

    Raises:
        Rejected: nothing, or an object.
    """
    name, others = column_map.columns["timestamp"], None
    if name in row:
        first = row[name]
    else:
        (name, first), *others = _cells(row, column_map, "timestamp")
    if _is_empty(first) or (isinstance(first, str) and first in _NO_TIME):
        raise Rejected(f"nothing in column {name!r}, which is the timestamp")
    if isinstance(first, dict):
        inner = f"{name}.{next(iter(first), 'PART')}"
        raise Rejected(f"column {name!r} holds an object, not a time: name its part, e.g. {inner!r}")
    if not others:
        return first
    date = _MIDNIGHT.sub("", str(first))
    return " ".join([date, *(str(cell) for _, cell in others if not _is_empty(cell))])


def _zone(row: Mapping[str, Any], name: str, constant: tzinfo | None) -> tzinfo | None:
    cell = _find(row, name)
    if cell is _ABSENT:
        if constant is None:
            raise Rejected(f"no column {name!r}, which is the time zone")
        return constant
    if _is_empty(cell) or str(cell) in UNKNOWN:
        return None
    zone = zones.named(str(cell))
    if zone is None:
        raise Rejected(f"column {name!r} holds no time zone but '{str(cell)[:60]}'")
    return zone


def _content_id(row: Mapping[str, Any], column_map: ColumnMap, told: list[str]) -> str:
    if "content_id" not in column_map.columns:
        hashed = hashlib.blake2b(dumps(row).encode(), digest_size=16).hexdigest()
        return within(column_map.namespace, hashed) if column_map.namespace else hashed
    found, empty = identity_of(row, column_map, "content_id", told)
    if found is None:
        raise Rejected(f"no id: nothing in column {empty!r}, which is the id")
    return found


def identity_of(
    row: Mapping[str, Any], column_map: ColumnMap, field: str, told: list[str]
) -> tuple[str | None, str | None]:
    """The id in a field's columns, within the map's namespace; None where the column that comes with it is empty.

    Raises:
        Rejected: digits are lost, or it is no id at all.
    """
    whole = column_map.columns.get(field)
    if whole is None:
        return None, None
    if whole in row and column_map.namespace is None:
        return identity(row[whole], whole, told), whole
    parts: list[str] = []
    for name, cell in _cells(row, column_map, field):
        part = identity(cell, name, told)
        if part is None:
            return None, name
        parts.append(part)
    found = parts[0] if len(parts) == 1 else joined(parts)
    return (within(column_map.namespace, found) if column_map.namespace else found), None


def _source(row: Mapping[str, Any], column_map: ColumnMap) -> str:
    column = column_map.columns.get("source")
    if column is None:
        return _DEFAULT_SOURCE
    found = _find(row, column)
    if found is _ABSENT and column.lower() in SOURCES:
        return column.lower()
    return (_word(None if found is _ABSENT else found) or _DEFAULT_SOURCE).lower()


def _reference(row: Mapping[str, Any], column_map: ColumnMap) -> tuple[str | None, str | None]:
    """What a row of twarc's tables is, and the id that it refers to."""
    for column, kind in _REFERENCES.items():
        if column not in row or column in column_map.names:
            continue
        try:
            found = identity(row[column], column, [])
        except Rejected:
            continue
        if found is not None:
            return kind, within(column_map.namespace, found) if column_map.namespace else found
    return None, None


def _hashtags(row: Mapping[str, Any], columns: Mapping[str, str], written: str) -> tuple[str, ...]:
    if "hashtags" in columns:
        return tag_cells.hashtags(_cell(row, columns["hashtags"]))
    # A column that names the topics has the last word on what the row is about.
    return () if "topics" in columns else tags.hashtags(written)


def _topics(row: Mapping[str, Any], columns: Mapping[str, str], written: str) -> tuple[str, ...]:
    if "topics" in columns:
        return tag_cells.names(_cell(row, columns["topics"]))
    return tuple(f"${tag}" for tag in tags.cashtags(written))


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _word(cell: Any) -> str | None:
    if cell is None:
        return None
    word = (text(cell if isinstance(cell, str) else dumps(cell)) or "").strip()
    return word if word and word not in UNKNOWN else None


def _written(cell: Any, told: list[str]) -> str:
    if not isinstance(cell, str):
        return "" if cell is None else _pieces(cell) or dumps(cell)
    if cell.isspace():
        return ""
    written = text(cell) or ""
    if "\x00" in cell:
        told.append(notes.NUL)
    if written.startswith("[") and (pieces := _pieces(_decoded(written))):
        return pieces
    plain = words_of(written)
    if plain != written:
        told.append(notes.MARKUP)
    return plain


def _decoded(written: str) -> Any:
    try:
        return loads(written)
    except Rejected:
        return None


def _pieces(cell: Any) -> str | None:
    """A text in pieces, as Telegram writes it: strings, and objects with their ``text``."""
    if not isinstance(cell, list) or not any(isinstance(piece, dict) for piece in cell):
        return None
    pieces = [piece if isinstance(piece, str) else mapping(piece).get("text") for piece in cell]
    texts = [piece for piece in pieces if isinstance(piece, str)]
    return text("".join(texts)) if len(texts) == len(pieces) else None
