"""The nightly maintenance: repeated removal of forgotten data, retention, compaction, expiry of snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from trend_assets.lake.maintenance import LakeMaintenance, maintain
from trend_assets.lake.store import Lake
from trend_assets.lake.table import Table
from trend_assets.lake.tables import TABLES
from trend_assets.names import INBOX_DONE
from trend_assets.operations.models import stored_models
from trend_assets.operations.privacy.returning import forget_returned
from trend_assets.periods import hour_start
from trend_assets.settings import RetentionSettings, Settings

#: The time column of tables without partitions.
_TIMES = {"rejected_events": "rejected_at", "alerts": "raised_at"}
_SUFFIX = "_days"
_IMPORTED_FILES = "imported_files_days"
_LONELY_NODES = """
    DELETE FROM nodes WHERE first_seen < ? AND node_id NOT IN (
        SELECT src FROM temporal_edges UNION ALL SELECT dst FROM temporal_edges
    )
"""


@dataclass(frozen=True, slots=True)
class MaintenanceReport:
    """The result of a maintenance.

    Args:
        returned: forgotten users and posts that a concurrent run had written back.
        retired: rows deleted because their retention had passed, by table.
        files: imported files deleted from the inbox's `done/`.
        lake: counts of compaction and expiry.
    """

    returned: int
    retired: dict[str, int]
    files: int
    lake: LakeMaintenance


def maintain_lake(lake: Lake, settings: Settings, now: datetime) -> MaintenanceReport:
    """Enforces retention, compacts the lake, and lets snapshots expire.

    Snapshots younger than `maintenance.snapshot_days` stay, and so do those that a stored model was trained
    on. Where rows were retired, none stays but the newest: their retention has passed. Their files are deleted
    one to two days later, when nobody can be reading them any more.

    Args:
        now: timezone-aware.
    """
    returned = forget_returned(lake, settings)
    retired = retire(lake, settings.retention, now)
    before = now if retired else now - timedelta(days=settings.maintenance.snapshot_days)
    keep = set() if retired else {model.snapshot for model in stored_models(settings)}
    return MaintenanceReport(returned, retired, _delete_imported(settings, now), maintain(lake, before, now, keep))


def retire(lake: Lake, retention: RetentionSettings, now: datetime) -> dict[str, int]:
    """Deletes the rows whose retention has passed, by whole hours; counts them by table."""
    found = {}
    for name, days in retention.model_dump().items():
        if days and name != _IMPORTED_FILES:
            table = TABLES[name.removesuffix(_SUFFIX)]
            cutoff = hour_start(now - timedelta(days=days))
            found[table.name] = _delete(lake, table, cutoff)
            if table.name == "temporal_edges":
                found["nodes"] = _run(lake, _LONELY_NODES, cutoff)
    return {name: count for name, count in found.items() if count}


def _delete(lake: Lake, table: Table, cutoff: datetime) -> int:
    return _run(lake, f"DELETE FROM {table.name} WHERE {table.partition or _TIMES[table.name]} < ?", cutoff)


def _run(lake: Lake, statement: str, cutoff: datetime) -> int:
    with lake.transaction() as connection:
        row = connection.execute(statement, [cutoff]).fetchone()
    return int(row[0]) if row else 0


def _delete_imported(settings: Settings, now: datetime) -> int:
    days, done = settings.retention.imported_files_days, settings.inbox / INBOX_DONE
    if not days or not done.is_dir():
        return 0
    # ctime is the time of the move into the folder; mtime is the file's own.
    old = [path for path in done.iterdir() if path.is_file() and path.stat().st_ctime < _epoch(now, days)]
    for path in old:
        path.unlink()
    return len(old)


def _epoch(now: datetime, days: int) -> float:
    return (now - timedelta(days=days)).timestamp()
