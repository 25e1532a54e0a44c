"""Retention of Dagster's own records: runs that ended long ago go with their events and logs."""

from __future__ import annotations

from datetime import datetime

from dagster import DagsterInstance, RunsFilter
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage

#: Of one night: after an upgrade of an old home the rest follows in the nights after.
_MOST = 2000


def delete_old_runs(instance: DagsterInstance, before: datetime, most: int = _MOST) -> int:
    """Deletes finished runs with their events, and so the marks of the partitions that they materialized.

    The newest event of each asset stays, and with it what Dagster says of its freshness.

    Args:
        instance: with the records.
        before: runs that ended later stay; timezone-aware.
        most: runs to delete at once, the oldest first.

    Returns:
        How many were deleted.
    """
    finished = RunsFilter(statuses=FINISHED_STATUSES, updated_before=before)
    runs = instance.get_run_records(finished, limit=most, ascending=True)
    for record in runs:
        run_id = record.dagster_run.run_id
        instance.delete_run(run_id)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        _delete_checks(instance, run_id)
    return len(runs)


def _delete_checks(instance: DagsterInstance, run_id: str) -> None:
    # Dagster's own deletion of a run forgets the evaluations of its checks.
    storage = instance.event_log_storage
    if isinstance(storage, SqlEventLogStorage):
        with storage.index_connection() as connection:
            connection.execute(AssetCheckExecutionsTable.delete().where(AssetCheckExecutionsTable.c.run_id == run_id))
