"""Converts rows of a table to payloads: through the given column map, or as a known layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from trend_assets.sources.archive.advice import LOOKED_AT, Row, advice
from trend_assets.sources.archive.columns import FIELD_NAMES, ColumnMap, ColumnMapError, parse_row
from trend_assets.sources.archive.recognition import TableFormat, table_format
from trend_assets.sources.archive.suggestions import best_columns, by_look, import_command
from trend_assets.sources.archive.table_layout import Layout, numbered_names
from trend_assets.sources.archive.unpacking import ArchiveError, ArchiveFile, NoPosts
from trend_assets.sources.event import Payload, Rejected
from trend_assets.sources.formats import COLUMNS_PREFIX
from trend_assets.sources.registry import Rejection, parser
from trend_assets.sources.wire.values import dumps, listed


class NeedsColumns(ArchiveError):
    """Rows of no known kind, for which no columns were given; the message says how to give them."""


class RowReader(Protocol):
    """Rows of one table as payloads."""

    def read(self, line: int, row: dict[str, Any]) -> Sequence[Payload | Rejection]:
        """The row's events, or why there is none.

        Args:
            line: where the row stands, from 1.
            row: column to value.
        """
        ...


class _MappedRows:
    """Rows through a column map; the payload is the row as a JSON object."""

    def __init__(self, columns: ColumnMap) -> None:
        self._columns = columns
        self._format = f"{COLUMNS_PREFIX}{columns}"

    def read(self, line: int, row: dict[str, Any]) -> Sequence[Payload | Rejection]:
        raw = dumps(row)
        try:
            return (Payload(self._format, raw, parse_row(row, self._columns)),)
        except Rejected as rejected:
            return (Rejection(line, str(rejected), raw, self._format),)


class _KnownRows:
    """Rows of a known layout; a row can hold several events."""

    def __init__(self, known: TableFormat) -> None:
        self._known, self._parse = known, parser(known.format)

    def read(self, line: int, row: dict[str, Any]) -> Sequence[Payload | Rejection]:
        try:
            payloads = self._known.payloads(row)
        except Rejected as rejected:
            return (Rejection(line, str(rejected), dumps(row), self._known.format),)
        if not payloads:
            return (Rejection(line, "a row that holds no event", dumps(row), self._known.format),)
        return [self._one(line, payload) for payload in payloads]

    def _one(self, line: int, payload: dict[str, Any]) -> Payload | Rejection:
        raw = dumps(payload)
        try:
            return Payload(self._known.format, raw, self._parse(payload))
        except Rejected as rejected:
            return Rejection(line, str(rejected), raw, self._known.format)


def fits(columns: ColumnMap | None, names: Sequence[str]) -> bool:
    """Whether names are those of a table that can be read: by the map, or as a known layout where there is none."""
    if columns is None:
        return table_format(names) is not None
    try:
        columns.require(names)
    except ColumnMapError:
        return False
    return True


def table_reader(file: ArchiveFile, layout: Layout, columns: ColumnMap | None) -> tuple[RowReader, Layout]:
    """The reader of a table's rows, and the layout by which they are read.

    Raises:
        NeedsColumns: no columns were given, and the layout is none that is known.
        ArchiveError: columns that the table lacks, or that it has more than once.
    """
    if columns is None:
        known = table_format(layout.names)
        if known is None:
            raise _needs_columns(file, layout)
        _note_skipped(file, layout)
        return _KnownRows(known), layout
    if fits(columns, layout.names):
        _note_repeated(file, layout, columns)
    elif fits(columns, numbered_names(len(layout.names))):
        layout = layout.without_header()
    elif layout.header is None:
        raise _needs_columns(file, layout)
    require(file, columns, layout.names)
    _note_skipped(file, layout)
    return _MappedRows(columns), layout


def require(file: ArchiveFile, columns: ColumnMap, names: Sequence[str]) -> None:
    """Raises ArchiveError when a mapped column is not among the file's columns, naming them."""
    try:
        columns.require(names)
    except ColumnMapError as error:
        raise ArchiveError(f"{file.name}: {error}") from None


def needs_columns(file: ArchiveFile, kind: str, names: Sequence[str], rows: Sequence[Row]) -> ArchiveError:
    """The error for rows of no known kind without a column map; in an archive, rows without a time are no posts.

    Args:
        kind: what they stand in, e.g. `a table`.
        names: of the columns.
        rows: the first ones.
    """
    guessed = best_columns(names, rows[:LOOKED_AT])
    if guessed is None and file.is_member:
        return NoPosts(f"{file.name} is {kind} with the columns {listed(list(names))}")
    columns = ColumnMap.parse(guessed) if guessed else by_look(rows)
    return NeedsColumns(
        f"{file.name} is {kind} with the columns {listed(list(names))}: say which is which with --columns (fields: "
        f"{', '.join(FIELD_NAMES)}); {_advice(columns, rows, file)}"
    )


def _needs_columns(file: ArchiveFile, layout: Layout) -> ArchiveError:
    rows = [dict(zip(layout.names, row, strict=True)) for row in layout.sample if len(row) == len(layout.names)]
    if layout.header is None:
        return _has_no_header(file, layout, rows)
    return needs_columns(file, "a table", layout.names, rows)


def _has_no_header(file: ArchiveFile, layout: Layout, rows: Sequence[Mapping[str, str]]) -> ArchiveError:
    first = listed([cell.strip() or "''" for cell in layout.sample[0]])
    return NeedsColumns(
        f"{file.name} has no header, its first row is {first}: write the columns' names in a line before it, or name "
        f"them by their places; {_advice(by_look(rows), rows, file)}"
    )


def _advice(columns: ColumnMap | None, rows: Sequence[Row], file: ArchiveFile) -> str:
    if columns is None:
        return f"as in: {import_command('timestamp=COLUMN,id=COLUMN,text=COLUMN', file.typed)}"
    # Whether a zone is needed shows in all rows, together with the form of the times.
    return advice(replace(columns, zone=None) if columns.zone == "UTC" else columns, rows, file.typed)


def _note_skipped(file: ArchiveFile, layout: Layout) -> None:
    if layout.skipped:
        were = "lines before the header were" if layout.skipped > 1 else "line before the header was"
        file.notes.append(f"{layout.skipped} {were} skipped")


def _note_repeated(file: ArchiveFile, layout: Layout, columns: ColumnMap) -> None:
    for name in layout.repeated:
        if not fits(columns, [other for other in layout.names if other != name]):
            file.notes.append(
                f"the header names {name!r} more than once: the first of these columns is read, the next is {name}_2"
            )
