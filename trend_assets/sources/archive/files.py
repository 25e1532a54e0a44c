"""Reads files of posts into batches of payloads; the content decides the format, not the name.

Read are what the platforms' APIs and exports write (JSON lines, arrays, documents and scripts that hold them), and
tables (CSV, Parquet, xlsx) or JSON of any other kind through a column map; plain, packed (gzip, zstd, bzip2, xz), and
as members of tar and zip archives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from trend_assets.sources.archive.advice import LOOKED_AT, remedy
from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.archive.containers import Member, is_tar, members, zip_kind
from trend_assets.sources.archive.csv_table import csv_rows
from trend_assets.sources.archive.foreign import foreign
from trend_assets.sources.archive.json_files import json_rows
from trend_assets.sources.archive.sheets import sheet_rows
from trend_assets.sources.archive.unpacking import (
    ArchiveError,
    ArchiveFile,
    NoFile,
    NoPosts,
    TruncatedArchive,
    open_archive,
)
from trend_assets.sources.event import Payload, kind_of_reason
from trend_assets.sources.registry import Rejection
from trend_assets.sources.wire.values import one_line

__all__ = ["ArchiveError", "Batch", "NoFile", "TruncatedArchive", "read_archive"]

#: A batch ends early when its texts reach this many characters, so that wide rows stay bounded too.
_BATCH_CHARACTERS = 32 << 20
_PARQUET = b"PAR1"
_XLS = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SPREADSHEETS = ("xlsx", "ods")
_MAX_REASONS = 1_000


@dataclass(slots=True)
class Batch:
    """Some rows of a file, in order.

    Args:
        payloads: rows that are events.
        rejections: rows that cannot be events.
        bytes_read: bytes of the file as it is on disk that were consumed so far; the whole is
            ``path.stat().st_size``.
        member: the rows' file within a tar or zip archive, by its path there; a batch is of one member.
        notes: what was assumed about the file or member, or why the member has no rows, in words for its owner.
        error: why this member could not be read, or not to its end; the other members are read nevertheless.
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


def read_archive(
    path: Path, *, columns: ColumnMap | None = None, batch_rows: int = 2_000, typed: str | None = None
) -> Iterator[Batch]:
    """The rows of a file, batch by batch; memory does not grow with the file.

    Args:
        path: the file, a pipe, or `-` for the standard input. What it is is told by its content; its name is only
            used in messages.
        columns: how to read a table or JSON; what is given is obeyed, or refused where it does not fit.
        batch_rows: events and rejections in a batch.
        typed: what to type for the file in a command; its path where it is left out.

    Yields:
        Batches; each has rows, notes or an error. Text that is rejected is as received, bytes that are not UTF-8 and
        NUL as backslash escapes.

    Raises:
        ArchiveError: no row of the file is an event; one sentence that says why. Rejections have been
            yielded before.
        TruncatedArchive: the file breaks off, saying at which row; what came before has been yielded.
    """
    with open_archive(path, typed) as file:
        if zip_kind(file) == "zip" or is_tar(file.head):
            yield from _of_members(file, columns, batch_rows)
        else:
            yield from _batches(file, columns, batch_rows)


def _of_members(file: ArchiveFile, columns: ColumnMap | None, batch_rows: int) -> Iterator[Batch]:
    events, complaint = 0, None
    for member in members(file):
        for batch in _of_member(member, columns, batch_rows):
            events += len(batch.payloads)
            complaint = complaint or batch.error or next(iter(batch.notes if not batch.rows else ()), None)
            batch.member, batch.bytes_read = member.name, file.bytes_read
            yield batch
    if not events:
        told = f": {complaint}" if complaint else ""
        raise ArchiveError(f"no file in {file.name} gives an event{told}")


def _of_member(member: Member, columns: ColumnMap | None, batch_rows: int) -> Iterator[Batch]:
    if member.file is None:
        yield Batch(notes=[member.note] if member.note else [], error=member.error)
        return
    try:
        yield from _batches(member.file, columns, batch_rows)
    except NoPosts as error:
        yield Batch(notes=[f"no posts: {error}"])
    except ArchiveError as error:
        yield Batch(error=str(error))


def _batches(file: ArchiveFile, columns: ColumnMap | None, batch_rows: int) -> Iterator[Batch]:
    tally = _Tally(columns, file.typed)
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
            yield _noted(batch, file)
            batch, characters = Batch(bytes_read=batch.bytes_read), 0
    if batch.rows or file.notes:
        batch.bytes_read = max(batch.bytes_read, file.bytes_read)
        yield _noted(batch, file)
    if broken is not None:
        raise broken
    if not tally.events:
        raise ArchiveError(f"{file.name} {tally.complaint()}")


def _noted(batch: Batch, file: ArchiveFile) -> Batch:
    batch.notes, file.notes = file.notes, []
    return batch


@dataclass(slots=True)
class _Tally:
    columns: ColumnMap | None
    typed: str
    events: int = 0
    rejected: int = 0
    rows: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, row: Payload | Rejection) -> None:
        if isinstance(row, Payload):
            self.events += 1
            return
        self.rejected += 1
        if len(self.rows) < LOOKED_AT:
            self.rows.append(row.raw_data)
        kind = kind_of_reason(row.reason)
        if kind in self.reasons or len(self.reasons) < _MAX_REASONS:
            self.reasons[kind] += 1
            self.first.setdefault(kind, row.reason)

    def complaint(self) -> str:
        if not self.rejected:
            return "has no rows"
        kind, _ = self.reasons.most_common(1)[0]
        rows = "its only row" if self.rejected == 1 else f"any of its {self.rejected:,} rows"
        helps = remedy(self.columns, self.rows, self.typed) if self.columns else None
        return f"gives no event from {rows}: {helps or self.first[kind]}"


def _storable(rejection: Rejection) -> Rejection:
    raw = rejection.raw_data
    raw = raw.replace("\x00", "\\x00") if "\x00" in raw else raw
    return replace(rejection, reason=one_line(rejection.reason), raw_data=raw)


def _rows(file: ArchiveFile, columns: ColumnMap | None) -> Iterator[tuple[Payload | Rejection, int]]:
    """The file's rows, each with the bytes consumed by then."""
    if file.head.startswith(_PARQUET):
        # Loading Arrow takes as long as reading thousands of rows of JSON.
        from trend_assets.sources.archive.arrow_table import parquet_rows

        with file.seekable() as stream:
            size = file.path.stat().st_size if file.path else file.bytes_read
            for row, share in parquet_rows(file, stream, columns):
                yield row, int(share * size)
        return
    if zip_kind(file) in _SPREADSHEETS or file.head.startswith(_XLS):
        with file.seekable() as stream:
            for row in sheet_rows(file, stream, columns):
                yield row, file.bytes_read
        return
    if meaning := foreign(file.head, zip_kind(file)):
        raise NoPosts(f"{file.name} is {meaning}")
    if not file.text_head.strip() and next(file.lines(), None) is None:
        raise NoPosts(f"{file.name} is empty")
    for row in json_rows(file, columns) or csv_rows(file, columns):
        yield row, file.bytes_read
