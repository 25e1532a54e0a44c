"""Whether a file of posts holds a person or a post; it is read in the same way as by the import."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from enum import Enum
from pathlib import Path

from trend_assets.operations.importing import settings_columns
from trend_assets.operations.privacy.traces import Traces
from trend_assets.settings import Settings
from trend_assets.sources.archive.columns import ColumnMap, ColumnMapError
from trend_assets.sources.archive.files import ArchiveError, Batch, TruncatedArchive, read_archive
from trend_assets.sources.formats import COLUMNS_PREFIX
from trend_assets.sources.identifiers import Identifier, identifiers, own_identifiers, rejected_identifiers

#: The prefix of a file that was moved to a folder with a file of the same name.
_STAMP = re.compile(r"^\d{8}T\d{12}-")


class Holding(Enum):
    """Whether a file holds what was looked for; unknown where it cannot be read to its end."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def holding(path: Path, traces: Traces, settings: Settings) -> Holding:
    """Whether one of a file's rows is the person's or the post's, or carries them.

    Args:
        path: of the inbox, or of a folder in it.
        traces: what is looked for, and by which column maps files of this name were imported.
        settings: whose column map is tried, too.
    """
    # An origin is the file's path where it was imported, and goes on within an archive of files.
    names = {path.name, _STAMP.sub("", path.name)}
    formats = {format for origin, read in traces.formats.items() if names & set(origin.split("/")) for format in read}
    answers = [_read(path, columns, formats, traces) for columns in _maps(formats, settings)]
    if Holding.YES in answers:
        return Holding.YES
    return Holding.NO if Holding.NO in answers else Holding.UNKNOWN


def _maps(formats: Collection[str], settings: Settings) -> Iterator[ColumnMap | None]:
    written = {format.removeprefix(COLUMNS_PREFIX) for format in formats if format.startswith(COLUMNS_PREFIX)}
    for columns in sorted(written):
        try:
            yield ColumnMap.parse(columns)
        except ColumnMapError:
            continue
    if not written:
        yield settings_columns(settings)


def _read(path: Path, columns: ColumnMap | None, formats: Collection[str], traces: Traces) -> Holding:
    rows, is_whole = 0, True
    try:
        for batch in read_archive(path, columns=columns):
            rows += batch.rows
            is_whole = is_whole and batch.error is None
            if _batch_holds(batch, formats, traces):
                return Holding.YES
    except TruncatedArchive:
        return Holding.UNKNOWN
    except (ArchiveError, OSError):
        # A file of which every row was rejected has been read all the same.
        return Holding.NO if rows and is_whole else Holding.UNKNOWN
    return Holding.NO if is_whole else Holding.UNKNOWN


def _batch_holds(batch: Batch, formats: Collection[str], traces: Traces) -> bool:
    for payload in batch.payloads:
        ids = own_identifiers(payload.event) | identifiers(payload.format, payload.raw_data)
        if any(traces.knows(payload.event.source, item) for item in ids):
            return True
    known = {payload.format for payload in batch.payloads} | set(formats)
    for rejection in batch.rejections:
        for source, kind, value in rejected_identifiers(rejection.raw_data, known, rejection.format):
            if traces.knows(source, Identifier(kind, value)):
                return True
    return False
