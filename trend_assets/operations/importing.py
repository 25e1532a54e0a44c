"""Imports files of posts into the lake, each batch of rows in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from trend_assets.errors import TrendError
from trend_assets.lake.store import Lake, write_frame
from trend_assets.lake.tables import COLLECTION_STATUS, OBSERVATIONS, REJECTED_EVENTS
from trend_assets.lake.waiting import once_unlocked
from trend_assets.operations.earlier_imports import Earlier
from trend_assets.operations.identity import Identified, identify
from trend_assets.operations.import_report import FileReport, ImportStatistics, Part
from trend_assets.operations.origins import content_hash, origin, within
from trend_assets.operations.privacy.admission import Guard
from trend_assets.periods import hour_start
from trend_assets.settings import Settings
from trend_assets.sources.archive.columns import ColumnMap, ColumnMapError
from trend_assets.sources.archive.files import ArchiveError, Batch, NoFile, read_archive
from trend_assets.sources.frames import raw_frame, rejected_frame

_BATCH_ROWS = 20_000
_SUPERSEDED = "DELETE FROM collection_status WHERE content_hash = ? AND list_contains(?, source)"

Progress = Callable[[Path, Batch], None]


def settings_columns(settings: Settings) -> ColumnMap | None:
    """The column map that the settings name, if any.

    Raises:
        TrendError: it is wrong.
    """
    columns = settings.archive.columns
    if not columns:
        return None
    try:
        return ColumnMap.of(columns)
    except ColumnMapError as error:
        raise TrendError(f"archive.columns in the settings: {error}") from None


def import_file(
    lake: Lake,
    path: Path,
    settings: Settings,
    columns: ColumnMap | None = None,
    progress: Progress | None = None,
    *,
    folder: Path | None = None,
    kept_at: Path | None = None,
    seen: ImportStatistics | None = None,
) -> FileReport:
    """Imports one file; what was read before an error stays imported.

    A second import of the same file adds nothing: events are known by their id, rejections by a hash. An event
    whose id is that of another post is rejected. What somebody had forgotten is left out. Rows that were rejected, and
    that the lake takes now, as by a better column map, are no longer kept as rejected. Rows that a worse map does not
    read stay what they are: known.

    Args:
        lake: where to.
        path: the file.
        settings: how users are named, and where the key is.
        columns: how to read a table.
        progress: is told of each batch.
        folder: the file is named relative to it; the working folder where it is left out.
        kept_at: where the file will be if it fails; where it is when left out.
        seen: counts what is in the events.

    Raises:
        TrendError: the key by which forgotten ids are known is gone.
    """
    report = FileReport(path, origin(path, folder))
    seen = ImportStatistics() if seen is None else seen
    guard = Guard.of(lake, settings)
    began = datetime.now(UTC)
    earlier: dict[str, Earlier] = {}
    hashed = content_hash(path)
    try:
        for batch in read_archive(path, columns=columns, batch_rows=_BATCH_ROWS, typed=str(kept_at or path)):
            name = within(report.name, batch.member)
            part = report.parts.setdefault(name, Part(name))
            if name not in earlier:
                earlier[name] = Earlier(lake, name, hashed)
            found, rejected, unread = _store(lake, name, batch, guard, began, earlier[name])
            part.add(batch, found, rejected, unread)
            seen.add(batch.payloads, found)
            if progress:
                progress(path, batch)
    except NoFile as error:
        # Whoever mistyped a name has imported nothing: that is no state to keep.
        report.error = str(error)
        return report
    except ArchiveError as error:
        report.error = str(error)
    seen.end(report.parts.values())
    _record(lake, report, hashed)
    return report


def _store(
    lake: Lake, name: str, batch: Batch, guard: Guard, began: datetime, earlier: Earlier
) -> tuple[Identified, pl.DataFrame, int]:
    """Writes a batch; what its events are, the rows that cannot be events, and how many others are events already."""
    now = datetime.now(UTC)
    raw, _ = guard.raw(raw_frame(batch.payloads, name, now))
    formats = {payload.format for payload in batch.payloads}
    refused = guard.rejected(rejected_frame(batch.rejections, name, now), formats)

    def written() -> tuple[Identified, pl.DataFrame, int]:
        with lake.transaction() as connection:
            found = identify(connection, lake.known_events, raw, since=began)
            rejected = earlier.never_taken(connection, refused)
            earlier.no_longer_refused(connection, found.events)
            lake.insert_events(connection, found.new)
            write_frame(connection, OBSERVATIONS, found.observations())
            write_frame(connection, REJECTED_EVENTS, pl.concat([rejected, found.rejected()]))
        return found, rejected, refused.height - rejected.height

    return once_unlocked(written)


def _record(lake: Lake, report: FileReport, hashed: str | None) -> None:
    """A row in `collection_status` for each part: what an earlier import told of the same rows is no longer so."""
    read = [part.name for part in report.parts.values() if part.rows]
    # An archive of which an earlier import could read no member has a row of its own.
    read += [report.name] if read else []
    frame = COLLECTION_STATUS.frame(_states(report, hashed))

    def written() -> None:
        with lake.transaction() as connection:
            lake.known_events.untouched()
            connection.execute(_SUPERSEDED, [hashed, read])
            write_frame(connection, COLLECTION_STATUS, frame)

    once_unlocked(written)


def _states(report: FileReport, hashed: str | None) -> list[dict[str, Any]]:
    """Each part's, at the hour of the import itself."""
    now, parts, rows = datetime.now(UTC), dict(report.parts), []
    if report.error and report.name not in parts:
        parts[report.name] = Part(report.name)
    for part in parts.values():
        status, message = _outcome(part, part.error or (report.error if part.name == report.name else None))
        rows.append(
            {
                "hour": hour_start(now),
                "source": part.name,
                "status": status,
                "events": part.events,
                "rejected": part.rejected,
                "requests": 0,
                "finished_at": now,
                "message": message,
                "forgotten": part.forgotten,
                "content_hash": hashed,
                "known": part.known,
                "conflicts": part.conflicts,
            }
        )
    return rows


def _outcome(part: Part, error: str | None) -> tuple[str, str]:
    """The status of a part of which something is missing, or nothing, and what is told of it."""
    if part.has_conflicts:
        # The reason of a conflict names a user, and this row stays when somebody is forgotten.
        others = f", {part.rejected:,} cannot be events" if part.rejected else ""
        told = f"{part.conflicts:,} of {part.rows:,} rows have the id of another post{others}: see rejected_events"
        error = f"{error}; {told}" if error else told
    if error is None:
        # A member without posts has a note that says so.
        return "complete", "" if part.rows else "; ".join(part.notes)
    return "partial" if part.events else "failed", error
