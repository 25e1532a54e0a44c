"""Archives: files of posts, told apart by their content, read into batches of payloads.

Read are tweets of API v1.1 and pages or tweets of API v2 (JSON lines), answers of YouTube's Data API v3
(one document, or one a line), and CSV, Parquet or JSON lines through a column map; plain or packed with
gzip, zstd, bzip2 or xz.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from trend_assets.sources.archive.columns import ColumnMap, ColumnMapError
from trend_assets.sources.archive.json_rows import JsonRouter, is_json_row, is_platform
from trend_assets.sources.archive.tables import csv_rows, header, need_columns, parquet_rows
from trend_assets.sources.archive.unpacking import ArchiveError, ArchiveFile, TruncatedArchive
from trend_assets.sources.event import Payload, Rejected
from trend_assets.sources.registry import Rejection
from trend_assets.sources.wire.values import UNDECODABLE, loads, one_line

__all__ = ["ArchiveError", "Batch", "TruncatedArchive", "read_archive"]

#: A single JSON document is read whole; a larger one must come as JSON lines.
MAX_DOCUMENT_BYTES = 64 << 20
#: A batch ends early when its texts reach this many characters, so that wide rows stay bounded too.
_BATCH_CHARACTERS = 32 << 20
_PARQUET = b"PAR1"
_FOREIGN = {
    b"PK\x03\x04": "a zip archive: unpack it first",
    b"\xff\xfe": "UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "UTF-16 text: save it as UTF-8",
    b"SQLite format 3": "an SQLite database: export the table as CSV",
    b"%PDF": "a PDF document",
}
_MAX_REASONS = 1_000
#: Rows at the head of JSON lines that tell which columns there are.
_LOOKED_AT = 1_000


@dataclass(slots=True)
class Batch:
    """Some rows of a file, in order.

    Args:
        payloads: rows that are events.
        rejections: rows that cannot be events.
        bytes_read: bytes of the file as it is on disk that were consumed so far; the whole is
            ``path.stat().st_size``.
        member: path inside an archive of files; None where the file itself holds the rows.
        notes: about the file, e.g. "read as Windows-1252".
        error: why this member could not be read, or not to its end.
    """

    payloads: list[Payload] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    bytes_read: int = 0
    member: str | None = None
    notes: list[str] = field(default_factory=list)
    error: str | None = None

    @property
    def rows(self) -> int:
        """Events and rejections in this batch."""
        return len(self.payloads) + len(self.rejections)


def read_archive(path: Path, *, columns: ColumnMap | None = None, batch_rows: int = 2_000) -> Iterator[Batch]:
    """The rows of a file, batch by batch; memory does not grow with the file.

    Args:
        path: the file. What it is is told by its content; its name is only used in messages.
        columns: how to read a table. JSON is read by it too where it has the mapped columns.
        batch_rows: events and rejections in a batch.

    Yields:
        Batches; none is empty. Text that is rejected is as received, bytes that are not UTF-8 and NUL
        as backslash escapes.

    Raises:
        ArchiveError: no row of the file is an event; one sentence that says why. Rejections have been
            yielded before.
        TruncatedArchive: the file breaks off, saying at which row; what came before has been yielded.
    """
    tally = _Tally()
    with ArchiveFile(path) as file:
        rows = _rows(file, columns)
        batch, characters = Batch(), 0
        broken: TruncatedArchive | None = None
        while True:
            try:
                row, batch.bytes_read = next(rows)
            except StopIteration:
                break
            except TruncatedArchive as error:
                broken = error
                break
            if isinstance(row, Payload):
                batch.payloads.append(row)
            else:
                row = _storable(row)
                batch.rejections.append(row)
            tally.add(row)
            characters += len(row.raw_data)
            if batch.rows >= batch_rows or characters >= _BATCH_CHARACTERS:
                yield batch
                batch, characters = Batch(bytes_read=batch.bytes_read), 0
        if batch.rows:
            batch.bytes_read = max(batch.bytes_read, file.bytes_read)
            yield batch
    if broken is not None:
        raise broken
    if not tally.events:
        raise ArchiveError(f"{path.name} {tally.complaint()}")


@dataclass(slots=True)
class _Tally:
    events: int = 0
    rejected: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, row: Payload | Rejection) -> None:
        if isinstance(row, Payload):
            self.events += 1
            return
        self.rejected += 1
        if row.reason in self.reasons or len(self.reasons) < _MAX_REASONS:
            self.reasons[row.reason] += 1

    def complaint(self) -> str:
        if not self.rejected:
            return "has no rows"
        reason, _ = self.reasons.most_common(1)[0]
        rows = "its only row" if self.rejected == 1 else f"any of its {self.rejected:,} rows"
        return f"gives no event from {rows}: {reason}"


def _storable(rejection: Rejection) -> Rejection:
    raw = rejection.raw_data
    raw = raw.replace("\x00", "\\x00") if "\x00" in raw else raw
    return Rejection(rejection.line, one_line(rejection.reason), raw)


def _rows(file: ArchiveFile, columns: ColumnMap | None) -> Iterator[tuple[Payload | Rejection, int]]:
    """The file's rows, each with the bytes consumed by then."""
    name, head = file.path.name, file.head
    if head.startswith(_PARQUET):
        if file.compression:
            raise ArchiveError(f"{name} is a Parquet file within {file.compression}: unpack it first")
        size = file.path.stat().st_size
        for row, share in parquet_rows(file.path, columns):
            yield row, int(share * size)
        return
    for magic, meaning in _FOREIGN.items():
        if head.startswith(magic):
            raise ArchiveError(f"{name} is {meaning}")
    for row in _text_rows(file, columns):
        yield row, file.bytes_read


def _text_rows(file: ArchiveFile, columns: ColumnMap | None) -> Iterator[Payload | Rejection]:
    name, head = file.path.name, file.head
    if not head.strip() and file.is_whole:
        raise ArchiveError(f"{name} is empty")
    is_one_document = file.is_whole and b"\n" in head.strip() and _value(head) is not None
    if not is_one_document and (rows := _json_rows(head, _LOOKED_AT if columns else 1)):
        return _json_lines(file, JsonRouter(_for_json(name, columns, rows)))
    if head.lstrip()[:1] in (b"{", b"["):
        if not (is_one_document or _is_spread_out(head)):
            return _json_lines(file, JsonRouter(columns))
        return _json_document(file, columns)
    if columns is not None:
        return csv_rows(file, columns)
    names = header(head)
    if names is not None and len(names) > 1:
        raise need_columns(name, "a table", names)
    if not head.strip():
        return _json_lines(file, JsonRouter(None))
    raise ArchiveError(f"{name} is neither JSON nor a table (CSV, Parquet)")


def _value(data: bytes) -> Any:
    try:
        return loads(data)
    except Rejected:
        return None


def _is_spread_out(head: bytes) -> bool:
    """Whether JSON text goes on over its lines, as a pretty-printed document does."""
    lines = [line for line in head.split(b"\n", 20) if line.strip()]
    return len(lines) > 1 and (lines[0].strip() == b"[" or lines[1][:1] not in (b"{", b"["))


def _json_rows(head: bytes, most: int) -> list[Any]:
    """Rows at the head of JSON lines; nothing for other files."""
    lines = (line for line in head.split(b"\n") if line.strip())
    return list(islice((value for line in lines if is_json_row(value := _value(line))), most))


def _for_json(name: str, columns: ColumnMap | None, rows: list[Any]) -> ColumnMap | None:
    """The column map, or None where it does not fit and the rows need none.

    Raises:
        ArchiveError: it names a column that none of the rows has, and they are of no known kind.
    """
    if columns is None:
        return None
    items = [item for row in rows for item in (row if isinstance(row, list) else [row])]
    keys = dict.fromkeys(path for item in items if isinstance(item, dict) for path in _paths(item))
    try:
        columns.require(list(keys))
    except ColumnMapError as error:
        if any(is_platform(row) for row in rows):
            return None
        raise ArchiveError(f"{name}: {error}") from None
    return columns


def _paths(item: dict[str, Any], prefix: str = "", depth: int = 4) -> Iterator[str]:
    for key, value in item.items():
        yield f"{prefix}{key}"
        if isinstance(value, dict) and depth > 1:
            yield from _paths(value, f"{prefix}{key}.", depth - 1)


def _json_lines(file: ArchiveFile, router: JsonRouter) -> Iterator[Payload | Rejection]:
    for line in file.lines():
        try:
            raw = line.data.decode("utf-8")
            value = loads(line.data) if line.problem is None else None
        except (UnicodeDecodeError, Rejected) as error:
            reason = str(error) if isinstance(error, Rejected) else UNDECODABLE
            raw = line.data.decode("utf-8", "backslashreplace")
            yield Rejection(line.number, line.problem or reason, raw)
            continue
        if line.problem is not None:
            yield Rejection(line.number, line.problem, raw)
        else:
            yield from router.rows(line.number, value, raw)


def _json_document(file: ArchiveFile, columns: ColumnMap | None) -> Iterator[Payload | Rejection]:
    whole = bytearray()
    broken: TruncatedArchive | None = None
    try:
        for chunk in file.rest():
            whole += chunk
            if len(whole) > MAX_DOCUMENT_BYTES:
                raise ArchiveError(
                    f"{file.path.name} is one JSON document of more than {MAX_DOCUMENT_BYTES >> 20} MiB: "
                    "turn it into JSON lines, one row a line"
                )
    except TruncatedArchive as error:
        broken = TruncatedArchive(f"{error}, at row 1")
    try:
        value = loads(bytes(whole))
        fitting = _for_json(file.path.name, columns, [value] if is_json_row(value) else [])
        yield from JsonRouter(fitting).rows(1, value)
    except Rejected as rejected:
        raw = whole.decode("utf-8", "backslashreplace")
        yield Rejection(1, f"a JSON document that cannot be read: {rejected}", raw)
    if broken is not None:
        raise broken
