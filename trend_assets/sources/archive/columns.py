"""The column map: which column of a table is which field of an event."""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.wire import instants, tags
from trend_assets.sources.wire.values import dumps, identifier, listed, loads, text, words

#: What a column can be mapped to; `id` is another name of `content_id`.
FIELDS = (
    "content_id",
    "timestamp",
    "user_id",
    "text",
    "topics",
    "hashtags",
    "event_type",
    "language",
    "source",
)
_ALIASES = {"id": "content_id"}
_ZONE = "timezone"
_NAMESPACE = "namespace"
_DEFAULT_SOURCE = "archive"
_DEFAULT_EVENT_TYPE = "original"


class ColumnMapError(ValueError):
    """A column map that cannot be used; the message says why in one sentence."""


@dataclass(frozen=True)
class ColumnMap:
    """Which column is which field of an event.

    Args:
        columns: event field to column; ``timestamp`` must be there. Without ``content_id`` an event's
            id is a hash of its whole row.
        zone: the time zone of times that name none, e.g. ``UTC`` or ``Europe/Berlin``; without it they
            are rejected.
        namespace: the chat, forum or channel in which ids and users are unique; it becomes part of them.

    Raises:
        ColumnMapError: an unknown field or time zone, or no ``timestamp``.
    """

    columns: Mapping[str, str]
    zone: str | None = None
    namespace: str | None = None

    def __post_init__(self) -> None:
        for field in self.columns:
            if field not in FIELDS:
                raise ColumnMapError(_unknown_field(field))
        if "timestamp" not in self.columns:
            raise ColumnMapError("the column map names no timestamp: add timestamp=COLUMN")
        self.tzinfo  # noqa: B018 - an unknown zone is an error now, not at the first row

    @classmethod
    def parse(cls, written: str) -> ColumnMap:
        """The map from its textual form, ``timestamp=created_at,text=body,timezone=UTC``.

        A column whose name holds a comma or a quote is quoted as in CSV: ``"text=body, long"``.

        Raises:
            ColumnMapError: a part that is not ``field=column``, a field given twice, or what
                `ColumnMap` refuses.
        """
        if "\n" in written or "\r" in written:
            raise ColumnMapError("the column map holds a line break: write it on one line")
        parts = next(csv.reader([written]), [])
        pairs = []
        for part in parts:
            field, equals, column = part.partition("=")
            if not (equals and field.strip() and column.strip()):
                raise ColumnMapError(f"{part.strip()[:60]!r} in the column map is not of the form field=column")
            pairs.append((field.strip(), column.strip()))
        return cls.of(pairs)

    @classmethod
    def of(cls, fields: Mapping[str, str] | Iterable[tuple[str, str]]) -> ColumnMap:
        """The map from fields and columns as settings hold them, `id` and `timezone` among the fields.

        Raises:
            ColumnMapError: a field given twice, or what `ColumnMap` refuses.
        """
        columns: dict[str, str] = {}
        for field, column in fields.items() if isinstance(fields, Mapping) else fields:
            field = _ALIASES.get(field, field)
            if field in columns:
                raise ColumnMapError(f"the column map names {field} twice")
            columns[field] = column
        zone = columns.pop(_ZONE, None)
        return cls(columns, zone, columns.pop(_NAMESPACE, None))

    def with_namespace(self, name: str) -> ColumnMap:
        """The same map for the ids of one chat, forum or channel.

        Raises:
            ColumnMapError: an empty name.
        """
        if not name.strip():
            raise ColumnMapError("the namespace is empty")
        return replace(self, namespace=name.strip())

    def __str__(self) -> str:
        """The textual form, which `parse` reads back."""
        parts = [f"{field}={column}" for field, column in self.columns.items()]
        if self.zone:
            parts.append(f"{_ZONE}={self.zone}")
        if self.namespace:
            parts.append(f"{_NAMESPACE}={self.namespace}")
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(parts)
        return line.getvalue()

    @cached_property
    def tzinfo(self) -> tzinfo | None:
        """The zone of times that name none."""
        if self.zone is None:
            return None
        if self.zone.upper() in ("UTC", "Z"):
            return instants.EARLIEST.tzinfo
        try:
            return ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError):
            raise ColumnMapError(f"unknown time zone {self.zone!r} in the column map, try UTC") from None

    def require(self, available: Sequence[str]) -> None:
        """Raises ColumnMapError when a mapped column is not among the file's columns, naming them."""
        missing = [name for name in self.columns.values() if name not in available]
        if missing:
            near = difflib.get_close_matches(missing[0], available, n=1)
            hint = f", perhaps {near[0]!r}" if near else ""
            raise ColumnMapError(f"no column {missing[0]!r}{hint}; the file has {listed(list(available))}")


def _unknown_field(field: str) -> str:
    names = [*FIELDS, *_ALIASES, _ZONE]
    near = difflib.get_close_matches(field, names, n=1, cutoff=0.5)
    hint = f", did you mean {near[0]!r}?" if near else f"; the fields are {', '.join(names)}"
    return f"unknown field {field!r} in the column map{hint}"


def parse_row(row: Mapping[str, Any], column_map: ColumnMap) -> Event:
    """One row of a table as an event.

    Args:
        row: column to value: strings from CSV, any JSON value otherwise.
        column_map: which column is which field. Columns that it does not map are kept in the context.

    Returns:
        The event; ``source`` is ``archive`` and ``event_type`` ``original`` where nothing is mapped to
        them. ``topics`` and ``hashtags`` take one name, or a JSON list of names. Where ``topics`` is not
        mapped, the cashtags and (unless they are mapped) the hashtags of the text stand in.

    Raises:
        Rejected: no readable time, a time without a zone, an empty id, an unknown source.
    """
    value = {field: _cell(row, column) for field, column in column_map.columns.items()}
    if _is_empty(value["timestamp"]):
        raise Rejected(f"nothing in column {column_map.columns['timestamp']!r}, which is the timestamp")
    content_id = _content_id(value, row, column_map)
    written = _string(value.get("text")) or ""
    mapped = set(column_map.columns.values())
    return Event(
        timestamp=instants.from_any(value["timestamp"], column_map.tzinfo),
        source=(_string(value.get("source")) or _DEFAULT_SOURCE).strip().lower(),
        event_type=(_string(value.get("event_type")) or _DEFAULT_EVENT_TYPE).strip().lower(),
        content_id=_within(column_map.namespace, content_id),
        user_id=_within(column_map.namespace, identifier(value.get("user_id"))),
        text=written,
        hashtags=_hashtags(value, written),
        topics=_topics(value, written),
        language=_string(value.get("language")),
        context={name: cell for name, cell in row.items() if name not in mapped and not _is_empty(cell)},
    )


def _within(namespace: str | None, value: str | None) -> Any:
    """An id with its namespace; escaped, so that two pairs never give one id."""
    if namespace is None or value is None:
        return value
    return "/".join(part.replace("\\", "\\\\").replace("/", "\\/") for part in (namespace, value))


def _cell(row: Mapping[str, Any], column: str) -> Any:
    """The value of a column; ``user.id`` reaches into the object under ``user``."""
    if column in row or "." not in column:
        return row.get(column)
    outer, _, inner = column.partition(".")
    within = row.get(outer)
    return _cell(within, inner) if isinstance(within, dict) else None


def _hashtags(value: Mapping[str, Any], written: str) -> tuple[str, ...]:
    if "hashtags" in value:
        return _names(value["hashtags"], sign="#")
    # A column that names the topics has the last word on what the row is about.
    return () if "topics" in value else tags.hashtags(written)


def _topics(value: Mapping[str, Any], written: str) -> tuple[str, ...]:
    if "topics" in value:
        return _names(value["topics"])
    return tuple(f"${tag}" for tag in tags.cashtags(written))


def _content_id(value: Mapping[str, Any], row: Mapping[str, Any], column_map: ColumnMap) -> str:
    if "content_id" not in value:
        return hashlib.blake2b(dumps(row).encode(), digest_size=16).hexdigest()
    found = identifier(value["content_id"])
    if found is None:
        raise Rejected(f"nothing in column {column_map.columns['content_id']!r}, which is the id")
    return found


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _string(cell: Any) -> str | None:
    if _is_empty(cell):
        return None
    return text(cell) if isinstance(cell, str) else dumps(cell)


def _names(cell: Any, sign: str = "") -> tuple[str, ...]:
    """One name, or those of a list, each once; a list may come as JSON text."""
    if isinstance(cell, str) and cell.lstrip().startswith("["):
        try:
            decoded = loads(cell)
        except Rejected:
            decoded = cell
        cell = decoded if isinstance(decoded, list) else cell
    items = words(cell) if isinstance(cell, list) else [_string(cell) or ""]
    names = ((text(item) or "").strip().removeprefix(sign) for item in items)
    return tuple(dict.fromkeys(name for name in names if name))
