"""Recognises JSON values of an archive by their content, and reads them as payloads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from trend_assets.sources.archive import recognition
from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.event import Payload, Rejected
from trend_assets.sources.formats import COLUMNS_PREFIX
from trend_assets.sources.registry import Rejection, parser
from trend_assets.sources.wire.values import dumps

#: U+FFFD in a payload, as received and as `dumps` writes it.
_REPLACED = ("\\ufffd", "\ufffd")

#: Whether a JSON value is of a kind that needs no column map.
is_platform = recognition.is_known


def is_json_row(value: Any) -> bool:
    """Whether a line's JSON value can be a row by itself: an object, or a list of objects."""
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(v, dict) for v in value))


class JsonRouter:
    """Sends each JSON value of an archive to the parser that its content asks for.

    Args:
        columns: where given, every object is a row of this map, whatever it looks like.
        file: how the user named the file, for the command that a reason advises.
    """

    def __init__(self, columns: ColumnMap | None, file: str = "FILE") -> None:
        self._row_format = f"{COLUMNS_PREFIX}{columns}" if columns else None
        self._file = file

    def rows(
        self, line: int | None, value: Any, raw: str | None = None, notes: tuple[str, ...] = ()
    ) -> Iterator[Payload | Rejection]:
        """The events that a value holds, each with its own payload, and what it holds else.

        A part of a document that is too large to be held is handed over as the document with that part alone:
        ``{"name": …, "id": …, "messages": [message]}``.

        Args:
            line: where it stood, from 1.
            value: the decoded JSON value.
            raw: its text as received, kept as the payload where the value is one event by itself.
            notes: what was assumed about its characters.
        """
        is_list = isinstance(value, list) and value
        for item in value if is_list else [value]:
            for row in self._one(line, item, None if is_list else raw):
                yield _noted(row, notes) if notes else row

    def _one(self, line: int | None, value: Any, raw: str | None) -> Iterator[Payload | Rejection]:
        try:
            if not isinstance(value, dict):
                raise Rejected("a JSON value that is not an object")
            if self._row_format:
                yield _row(line, self._row_format, value, raw)
                return
            payloads = recognition.found(value)
            if payloads is None:
                raise Rejected(recognition.unknown(value, self._file))
            is_empty = True
            for format, payload in payloads:
                is_empty = False
                yield _row(line, format, payload, raw if payload is value else None)
            if is_empty:
                raise Rejected("a JSON object of a known kind that holds no post")
        except Rejected as rejected:
            yield _rejection(line, str(rejected), value, raw)


def _row(line: int | None, format: str | Rejected, payload: Any, raw: str | None) -> Payload | Rejection:
    """The payload's event; its text is made here where it was not received by itself."""
    try:
        if isinstance(format, Rejected):
            raise format
        if not isinstance(payload, Mapping):
            raise Rejected("a JSON value that is not an object")
        event = parser(format)(payload)
        return Payload(format, dumps(payload) if raw is None else raw, event)
    except Rejected as rejected:
        return _rejection(line, str(rejected), payload, raw, format if isinstance(format, str) else None)


def _noted(row: Payload | Rejection, notes: tuple[str, ...]) -> Payload | Rejection:
    """The row, its event with the notes where they concern it: of a document they concern some rows."""
    if isinstance(row, Rejection) or not any(sign in row.raw_data for sign in _REPLACED):
        return row
    return replace(row, event=replace(row.event, notes=(*row.event.notes, *notes)))


def _rejection(line: int | None, reason: str, value: Any, raw: str | None, format: str | None = None) -> Rejection:
    try:
        return Rejection(line, reason, dumps(value) if raw is None else raw, format)
    except Rejected as too_deep:
        return Rejection(line, str(too_deep), repr(value), format)
