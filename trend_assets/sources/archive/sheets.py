"""Reads spreadsheets (xlsx, xls, ods) as payloads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.archive.csv_records import Record
from trend_assets.sources.archive.row_reader import RowReader, fits, table_reader
from trend_assets.sources.archive.table_layout import Layout, best_layout
from trend_assets.sources.archive.unpacking import ArchiveError, ArchiveFile
from trend_assets.sources.event import Payload
from trend_assets.sources.registry import Rejection
from trend_assets.sources.wire.values import dumps, listed, loads

#: Spreadsheets hold every number as a float; whole ones are exact below.
_EXACT = 2**53
_LOOKED_AT = 200


def sheet_rows(file: ArchiveFile, stream: BinaryIO, columns: ColumnMap | None) -> Iterator[Payload | Rejection]:
    """The rows of every sheet that can be read; a row's line is its number in the sheet.

    Raises:
        NeedsColumns: no columns were given, and the layout is none that is known.
        ArchiveError: damaged, without rows, or columns that no sheet has.
    """
    try:
        workbook = CalamineWorkbook.from_filelike(stream)
        sheets = [(name, workbook.get_sheet_by_name(name)) for name in workbook.sheet_names]
    except (CalamineError, OSError, ValueError) as error:
        raise ArchiveError(f"{file.name} is a spreadsheet that cannot be read: {error}") from None
    found = [(name, sheet, layout) for name, sheet in sheets if (layout := _layout(sheet, columns)) is not None]
    if not found:
        raise ArchiveError(f"{file.name} is a spreadsheet without rows")
    fitting = [part for part in found if _is_readable(part[2], columns)] or found[:1]
    left_out = [name for name, *_ in found if name not in [part[0] for part in fitting]]
    if left_out:
        file.notes.append(f"left out are the sheets without these columns: {listed(left_out)}")
    for _, sheet, layout in fitting:
        yield from _rows(sheet, *table_reader(file, layout, columns))


def _is_readable(layout: Layout, columns: ColumnMap | None) -> bool:
    return fits(columns, layout.names) or (columns is not None and fits(columns, layout.without_header().names))


def _layout(sheet: CalamineSheet, columns: ColumnMap | None) -> Layout | None:
    rows = [
        (line, [_written(cell) for cell in row])
        for (line, row), _ in zip(_numbered(sheet), range(_LOOKED_AT), strict=False)
    ]
    width = max((_filled(cells) for _, cells in rows), default=0)
    # What a report writes before its table fills fewer cells than the table has.
    first = next((line for line, cells in rows if _filled(cells) == width), 1)
    records = [Record(line, cells[: width if line >= first else _filled(cells)], "") for line, cells in rows]
    return best_layout({"": records}, 1, lambda names: fits(columns, names))


def _filled(cells: list[str]) -> int:
    """How many cells there are up to the last one that holds something."""
    return max((place for place, cell in enumerate(cells, 1) if cell), default=0)


def _rows(sheet: CalamineSheet, reader: RowReader, layout: Layout) -> Iterator[Payload | Rejection]:
    width = len(layout.names)
    for line, row in _numbered(sheet):
        if line < layout.first_line or [_written(cell) for cell in row[:width]] == layout.header:
            continue
        cells = [_plain(cell) for cell in row]
        if len(cells) < width or any(cell != "" for cell in cells[width:]):
            yield Rejection(line, f"{len(cells)} cells in a table of {width} columns", dumps(cells))
        else:
            # The lake keeps JSON: what is read now must be what is read from there.
            yield from reader.read(line, loads(dumps(dict(zip(layout.names, cells, strict=False)))))


def _numbered(sheet: CalamineSheet) -> Iterator[tuple[int, list[Any]]]:
    """Rows that hold something, with their numbers."""
    first = (sheet.start or (0, 0))[0] + 1
    return ((line, row) for line, row in enumerate(sheet.iter_rows(), first) if any(cell != "" for cell in row))


def _plain(cell: Any) -> Any:
    """A number without a fraction as an integer where that is exact."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT else cell


def _written(cell: Any) -> str:
    plain = _plain(cell)
    return plain if isinstance(plain, str) else dumps(plain).strip('"')
