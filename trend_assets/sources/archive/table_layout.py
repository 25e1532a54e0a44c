"""Detects where the rows of a text table begin, and the names of its columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from trend_assets.sources.archive.csv_records import Record, Records, TextLine

_DELIMITERS = ",;\t|"
#: Records at the head of a table that tell its layout.
_LOOKED_AT = 200
_HINT = re.compile(r'^"?sep=(.)"?$', re.IGNORECASE)
_NUMBER_OR_DATE = re.compile(r"[+-]?\d[\d\s:.,/+TZ-]*")
_AMOUNT = re.compile(r"[+-]?\d+(\.\d+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}")
_EPOCH = re.compile(r"1\d{9}(\d{3})?(\.\d+)?")
#: Of the records from the header on, as many have as many cells as it has.
_LEAST_AGREEING = 0.8


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is laid out.

    Args:
        delimiter: between cells.
        names: of the columns, each once.
        header: the header's cells as written; None where the table has none.
        first_line: the number of the header's first line, from 1, or of the first row's.
        sample: the first rows' cells.
        before: what stands before the header, as in reports.
        skipped: how many lines that is.
        repeated: names that the header holds more than once.
        is_table: whether it is a table for sure; else a text that could be one.
    """

    delimiter: str
    names: list[str]
    header: list[str] | None
    first_line: int
    sample: list[list[str]] = field(default_factory=list)
    before: list[Record] = field(default_factory=list)
    skipped: int = 0
    repeated: list[str] = field(default_factory=list)
    is_table: bool = True

    def without_header(self) -> Layout:
        """The layout where what was taken for the header is a row: its columns are called by their places."""
        if self.header is None:
            return self
        names = numbered_names(len(self.names))
        return replace(self, names=names, header=None, sample=[self.header, *self.sample], repeated=[])


def column_names(cells: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names for the columns under a header, each once, and those that it holds more than once.

    A name that comes again is numbered, `tag`, `tag_2`; a column without one is called by its place, `column_4`.
    """
    written = [cell.strip() for cell in cells]
    names: list[str] = []
    for place, name in enumerate(written, start=1):
        name = name or f"column_{place}"
        number, unique = 2, name
        while unique in names or (unique != name and unique in written):
            unique, number = f"{name}_{number}", number + 1
        names.append(unique)
    repeated = [name for name, count in Counter(written).items() if name and count > 1]
    return names, repeated


def numbered_names(width: int) -> list[str]:
    """Names for the columns of a table without a header."""
    return [f"column_{place}" for place in range(1, width + 1)]


def looks_like_data(cells: Sequence[str]) -> bool:
    """Whether cells are those of a row and not of a header: a number or a date is no name."""
    return any(_AMOUNT.fullmatch(cell.strip()) or _DATE.match(cell.strip()) for cell in cells)


def looks_like_instant(cell: str) -> bool:
    """Whether a cell holds a date, or seconds or milliseconds since 1970."""
    return bool(_DATE.match(cell.strip()) or _EPOCH.fullmatch(cell.strip()))


def is_row_of(sample: Sequence[Sequence[str]], width: int) -> Callable[[list[str]], bool]:
    """Tells whether cells look like a row of a table: numbers, dates and single words where its rows have them."""
    rows = [row for row in sample if len(row) == width]
    dated, single = set(), set()
    for place in range(width):
        cells = [row[place].strip() for row in rows if row[place].strip()]
        if cells and all(_NUMBER_OR_DATE.fullmatch(cell) for cell in cells):
            dated.add(place)
        elif cells and not any(" " in cell for cell in cells):
            single.add(place)

    def is_row(cells: list[str]) -> bool:
        if len(cells) != width or not (dated or single or width > 2):
            return False
        return all(not cells[place].strip() or _NUMBER_OR_DATE.fullmatch(cells[place].strip()) for place in dated) and (
            not any(" " in cells[place].strip() for place in single)
        )

    return is_row


def find_layout(lines: list[TextLine], fits: Callable[[Sequence[str]], bool]) -> Layout | None:
    """The layout of a table from its first lines; None where they are no table.

    The header is the first record that fits, after whatever a report writes before it. Where none fits, the
    delimiter is the one that cuts the records most evenly, and the header the first of those.

    Args:
        lines: blank ones too; the last one whole.
        fits: whether these cells are a header that the reader is after.
    """
    hint = _HINT.match(lines[0].text.strip()) if lines else None
    skipped = 1 if hint else 0
    records = {delimiter: _records(delimiter, lines[skipped:]) for delimiter in (hint[1] if hint else _DELIMITERS)}
    return best_layout(records, skipped + 1, fits)


def best_layout(
    records: Mapping[str, list[Record]], first_line: int, fits: Callable[[Sequence[str]], bool]
) -> Layout | None:
    """The layout of a table from its first records; None where there are none.

    Args:
        records: what each delimiter makes of the first lines.
        first_line: the number of the first line.
        fits: whether these cells are a header that the reader is after.
    """
    candidates = [_Candidate(delimiter, found, fits) for delimiter, found in records.items() if found]
    return max(candidates, key=lambda candidate: candidate.score).layout(first_line) if candidates else None


class _Candidate:
    """What a delimiter makes of the first lines."""

    def __init__(self, delimiter: str, records: list[Record], fits: Callable[[Sequence[str]], bool]) -> None:
        self._delimiter, self._records = delimiter, records
        widths = [len(record.cells) for record in records]
        fitting = (i for i, record in enumerate(records) if fits([cell.strip() for cell in record.cells]))
        found = next(fitting, None)
        self._is_fitting = found is not None
        self._width = widths[found] if found is not None else _usual(widths)
        self._header = found if found is not None else widths.index(self._width)
        agreeing = widths[self._header :].count(self._width)
        share = agreeing / (len(widths) - self._header)
        is_even = share >= _LEAST_AGREEING and (agreeing > 1 or len(widths) == 1)
        self._is_table = self._is_fitting or (self._width > 1 and is_even)
        self.score = (self._is_fitting, self._is_table, agreeing, share, self._width)

    def layout(self, first_line: int) -> Layout:
        record = self._records[self._header]
        names, repeated = column_names(record.cells)
        found = Layout(
            self._delimiter,
            names,
            record.cells,
            record.line,
            [later.cells for later in self._records[self._header + 1 :]],
            self._records[: self._header],
            record.line - first_line,
            repeated,
            self._is_table,
        )
        return found if self._is_fitting or not looks_like_data(record.cells) else found.without_header()


def _records(delimiter: str, lines: list[TextLine]) -> list[Record]:
    found = Records(lines, delimiter, None, lambda cells: False)
    return [record for record, _ in zip(found, range(_LOOKED_AT), strict=False) if record.cells]


def _usual(widths: list[int]) -> int:
    """The number of cells that most records of the second half have: before the header a report may say anything."""
    counted = Counter(widths[len(widths) // 2 :])
    return max(counted, key=lambda width: (counted[width], width))
