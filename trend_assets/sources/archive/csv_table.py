"""Reads CSV and other delimited text (commas, semicolons, tabs, bars) as payloads, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.archive.csv_records import Records, TextLine
from trend_assets.sources.archive.encodings import LineDecoder, is_strange
from trend_assets.sources.archive.row_reader import fits, table_reader
from trend_assets.sources.archive.table_layout import Layout, find_layout, is_row_of
from trend_assets.sources.archive.unpacking import ArchiveFile, NoPosts, TruncatedArchive
from trend_assets.sources.event import Payload
from trend_assets.sources.registry import Rejection

_LINES_LOOKED_AT = 1_000
#: Some slip into texts, binary files are full of them.
_MOST_NULS = 1 / 10


def csv_rows(file: ArchiveFile, columns: ColumnMap | None) -> Iterator[Payload | Rejection]:
    """The rows of a text table; a rejected row's line is its first.

    Raises:
        NeedsColumns: no columns were given, and the layout is none that is known.
        NoPosts: not a text table.
        ArchiveError: columns that it lacks.
        TruncatedArchive: the stream breaks off.
    """
    decoder = LineDecoder(file.text_head, file.notes)
    layout = _layout(file, decoder, columns)
    if layout is None:
        file.check()
        raise NoPosts(f"{file.name} is neither JSON nor a table (CSV, Parquet, xlsx)")
    reader, layout = table_reader(file, layout, columns)
    lines = _Lines(file, decoder, layout.first_line)
    names, again = layout.names, 0
    is_row = is_row_of(layout.sample, len(names))
    for record in layout.before:
        if is_row(record.cells):
            yield Rejection(record.line, "a row before the header", record.text)
    for record in Records(lines, layout.delimiter, len(names), is_row):
        if record.problem is not None:
            yield Rejection(record.line, record.problem, record.text)
        elif record.cells == layout.header:
            again += 1
        else:
            yield from reader.read(record.line, dict(zip(names, record.cells, strict=True)))
    if again > 1:
        file.notes.append(f"the header stands in {again} lines: it is no row")
    if lines.broken is not None:
        raise lines.broken


def _layout(file: ArchiveFile, decoder: LineDecoder, columns: ColumnMap | None) -> Layout | None:
    head = file.text_head
    if head.count(b"\x00") > len(head) * _MOST_NULS:
        return None
    lines = list(islice(file.head_lines(), _LINES_LOOKED_AT + 1))
    if len(lines) > 1 and not (file.is_whole and len(lines) <= _LINES_LOOKED_AT):
        lines.pop()
    texts = [TextLine(line.number, decoder.decode(line.data)[0], end=line.end) for line in lines]
    layout = find_layout(texts, lambda names: fits(columns, names))
    if layout is None or not (layout.is_table or columns is not None):
        return None
    is_text = not any(is_strange(character) or character == "\ufffd" for character in "".join(layout.names))
    return layout if is_text else None


class _Lines:
    """Decoded lines from a given one on; where the stream breaks off they end, and it is remembered."""

    def __init__(self, file: ArchiveFile, decoder: LineDecoder, first: int) -> None:
        self._file, self._decoder, self._first = file, decoder, first
        #: Raised by the reader once it has given the record in hand.
        self.broken: TruncatedArchive | None = None

    def __iter__(self) -> Iterator[TextLine]:
        try:
            for line in self._file.lines(blank=True):
                if line.number >= self._first:
                    text, problem = self._decoder.decode(line.data)
                    yield TextLine(line.number, text, line.problem or problem, line.end)
        except TruncatedArchive as error:
            self.broken = error
