"""Tables of an archive, CSV and Parquet, read row by row through a column map."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from trend_assets.sources.archive.columns import ColumnMap, ColumnMapError, parse_row
from trend_assets.sources.archive.unpacking import ArchiveError, ArchiveFile, Line, TruncatedArchive
from trend_assets.sources.event import Payload, Rejected
from trend_assets.sources.registry import COLUMNS_PREFIX, Rejection
from trend_assets.sources.wire.values import UNDECODABLE, dumps, listed, loads

_DELIMITERS = ",;\t|"
_PARQUET_BATCH_ROWS = 2_000


def need_columns(name: str, kind: str, columns: list[str]) -> ArchiveError:
    """The error for a table without a column map."""
    return ArchiveError(
        f"{name} is {kind} with the columns {listed(columns)}: "
        "say which is which with --columns timestamp=COLUMN,text=COLUMN,…"
    )


class RowReader:
    """Rows of one column map as payloads."""

    def __init__(self, columns: ColumnMap) -> None:
        self._columns = columns
        self._format = f"{COLUMNS_PREFIX}{columns}"

    def read(self, line: int, row: dict[str, Any]) -> Payload | Rejection:
        """The row's event, or why there is none; its payload is the row as a JSON object."""
        raw = dumps(row)
        try:
            return Payload(self._format, raw, parse_row(row, self._columns))
        except Rejected as rejected:
            return Rejection(line, str(rejected), raw)


def header(head: bytes) -> list[str] | None:
    """The column names of a text table; None where the head is not one.

    Args:
        head: the file's first bytes. Delimiters known are comma, semicolon, tab and bar: the one that
            cuts the first row into most cells is taken.
    """
    found = _sniff(head)
    return found[1] if found else None


def _sniff(head: bytes) -> tuple[str, list[str]] | None:
    if b"\x00" in head:
        return None
    lines = head.decode("utf-8", "replace").splitlines(keepends=True)
    start = next((i for i, line in enumerate(lines) if line.strip()), None)
    if start is None:
        return None
    best: tuple[str, list[str]] | None = None
    for delimiter in _DELIMITERS:
        try:
            names = next(csv.reader(lines[start : start + 100], delimiter=delimiter))
        except (csv.Error, StopIteration):
            continue
        if best is None or len(names) > len(best[1]):
            best = delimiter, [name.strip() for name in names]
    if best is None or not all(name.isprintable() and "\ufffd" not in name for name in best[1]):
        return None
    return best


def csv_rows(file: ArchiveFile, columns: ColumnMap) -> Iterator[Payload | Rejection]:
    """The rows of a CSV file; cells may hold quoted line breaks, the line is a row's last.

    Raises:
        ArchiveError: not a text table, a mapped column that it lacks, a column named twice.
        TruncatedArchive: the compressed stream breaks off.
    """
    found = _sniff(file.head)
    if found is None:
        raise ArchiveError(f"{file.path.name} is neither JSON nor a table (CSV, Parquet)")
    delimiter, names = found
    _check(file.path, columns, names)
    reader, source = RowReader(columns), _CsvLines(file.lines())
    cells = csv.reader(source, delimiter=delimiter)
    is_header = True
    while True:
        problem = None
        try:
            row = next(cells)
        except StopIteration:
            break
        except csv.Error as error:
            row, problem = [], f"not valid CSV: {error} (is a quote never closed?)"
        line, raw, cut = source.take()
        problem = cut or problem
        if is_header and problem is None:
            is_header = False
            continue
        if problem is None and len(row) != len(names):
            problem = f"{len(row)} cells in a table of {len(names)} columns"
        if problem is not None:
            yield Rejection(line, problem, raw)
        elif row:
            yield reader.read(line, dict(zip(names, row, strict=True)))
    if source.broken is not None:
        raise source.broken


class _CsvLines:
    """Decoded lines for `csv.reader`; remembers those that the row in hand was made of."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._taken: list[str] = []
        self._number = 0
        self._problem: str | None = None
        #: `csv.reader` would lose the row in hand to an exception: it is raised after that row.
        self.broken: TruncatedArchive | None = None

    def __iter__(self) -> _CsvLines:
        return self

    def __next__(self) -> str:
        try:
            line = next(self._lines)
        except TruncatedArchive as error:
            self.broken = error
            raise StopIteration from None
        self._number = line.number
        self._problem = self._problem or line.problem
        try:
            decoded = line.data.decode("utf-8")
        except UnicodeDecodeError:
            self._problem = self._problem or UNDECODABLE
            decoded = line.data.decode("utf-8", "backslashreplace")
        self._taken.append(decoded)
        return decoded + "\n"

    def take(self) -> tuple[int, str, str | None]:
        """The number of the row's last line, its text, and what is wrong with it."""
        taken = self._number, "\n".join(self._taken), self._problem
        self._taken, self._problem = [], None
        return taken


def parquet_rows(path: Path, columns: ColumnMap | None) -> Iterator[tuple[Payload | Rejection, float]]:
    """The rows of a Parquet file, each with the share of the file, 0 to 1, that was read by then.

    Raises:
        ArchiveError: damaged, no column map, a mapped column that it lacks.
    """
    try:
        table = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise ArchiveError(f"{path.name} is a damaged Parquet file: {_first_line(error)}") from None
    with table:
        names = table.schema_arrow.names
        if columns is None:
            raise need_columns(path.name, "a Parquet file", names)
        _check(path, columns, names)
        total = max(table.metadata.num_rows, 1)
        reader, line = RowReader(columns), 0
        try:
            for batch in table.iter_batches(batch_size=_PARQUET_BATCH_ROWS):
                for row in _plain(batch).to_pylist():
                    line += 1
                    # The lake keeps JSON: what is read now must be what is read from there.
                    yield reader.read(line, loads(dumps(row))), line / total
        except (pa.ArrowException, OSError) as error:
            raise TruncatedArchive(f"{path.name} is damaged, at row {line + 1}: {_first_line(error)}") from None


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Times as text: Arrow's range is wider than Python's, and its unit finer."""
    arrays = [_as_text(array) if pa.types.is_temporal(array.type) else array for array in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _as_text(array: pa.Array) -> pa.Array:
    if pa.types.is_duration(array.type) or pa.types.is_interval(array.type):
        return array
    if pa.types.is_timestamp(array.type) and array.type.tz is not None:
        array = array.cast(pa.timestamp(array.type.unit, "UTC"))
    return array.cast(pa.string())


def _check(path: Path, columns: ColumnMap, names: list[str]) -> None:
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise ArchiveError(f"{path.name} names the column {repeated!r} twice")
    try:
        columns.require(names)
    except ColumnMapError as error:
        raise ArchiveError(f"{path.name}: {error}") from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["no reason given"])[0][:120]
