"""Files of posts into the lake: `raw_events` and `rejected_events`, batch by batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from trend_assets.errors import TrendError
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import COLLECTION_STATUS, RAW_EVENTS, REJECTED_EVENTS
from trend_assets.operations.privacy.admission import Guard
from trend_assets.settings import Settings, load_settings
from trend_assets.sources.archive.columns import ColumnMap, ColumnMapError
from trend_assets.sources.archive.files import ArchiveError, Batch, read_archive
from trend_assets.sources.frames import raw_frame, rejected_frame

_BATCH_ROWS = 5000

Progress = Callable[[Path, Batch], None]


@dataclass(slots=True)
class FileReport:
    """What one file gave; `error` says why it could not be read, or not to its end."""

    path: Path
    rows: int = 0
    events: int = 0
    added: int = 0
    forgotten: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None
    error: str | None = None

    @property
    def rejected(self) -> int:
        return self.reasons.total()


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
    columns: ColumnMap | None = None,
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> FileReport:
    """Imports one file; what was read before an error stays imported.

    A second import of the same file adds nothing: events are known by their id, rejections by a hash. What
    somebody had forgotten is left out.

    Args:
        settings: how users are named, and where the key is; those in force where they are left out.

    Raises:
        TrendError: the key by which forgotten ids are known is gone.
    """
    report = FileReport(path)
    guard = Guard.of(lake, settings or load_settings())
    try:
        for batch in read_archive(path, columns=columns, batch_rows=_BATCH_ROWS):
            _store(lake, path, batch, report, guard)
            if progress:
                progress(path, batch)
    except ArchiveError as error:
        report.error = str(error)
    _record(lake, report)
    return report


def _store(lake: Lake, path: Path, batch: Batch, report: FileReport, guard: Guard) -> None:
    now = datetime.now(UTC)
    raw, left_out = guard.raw(raw_frame(batch.payloads, path.name, now))
    report.forgotten += left_out.height
    report.added += lake.write(RAW_EVENTS, raw) if raw.height else 0
    if batch.rejections:
        rejected = rejected_frame(batch.rejections, path.name, now)
        lake.write(REJECTED_EVENTS, guard.rejected(rejected, {payload.format for payload in batch.payloads}))
    report.rows += batch.rows
    report.events += raw.height
    report.reasons.update(rejection.reason for rejection in batch.rejections)
    if raw.height:
        hours = [raw["hour"].min(), raw["hour"].max()]
        report.first = min(filter(None, [report.first, hours[0]]))  # type: ignore[type-var]
        report.last = max(filter(None, [report.last, hours[1]]))  # type: ignore[type-var]


def _record(lake: Lake, report: FileReport) -> None:
    """One row in `collection_status`, at the hour of the import itself."""
    now = datetime.now(UTC)
    status = "complete" if report.error is None else ("partial" if report.events else "failed")
    row = {
        "hour": now.replace(minute=0, second=0, microsecond=0),
        "source": report.path.name,
        "status": status,
        "events": report.events,
        "rejected": report.rejected,
        "requests": 0,
        "finished_at": now,
        "message": report.error or "",
        "forgotten": report.forgotten,
    }
    lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame([row]))
