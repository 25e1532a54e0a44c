"""Runs whose process ended without a word, as by `kill -9` or a lost machine."""

from __future__ import annotations

from dagster import DagsterInstance, RunsFilter
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES
from dagster._core.storage.tags import GRPC_INFO_TAG

_WHY = "The process of this run ended without a word before its services were started again."


def fail_orphans(instance: DagsterInstance) -> int:
    """Marks runs as failed that a daemon launched on this machine before, so that they do not fill the queue for ever.

    To be called while no daemon of this home runs. Runs of the command line are left alone: they have no launcher.

    Args:
        instance: with the records of the runs.

    Returns:
        How many there were.
    """
    unfinished = instance.get_runs(RunsFilter(statuses=list(IN_PROGRESS_RUN_STATUSES)))
    orphans = [run for run in unfinished if GRPC_INFO_TAG in run.tags]
    for run in orphans:
        instance.report_run_failed(run, _WHY)
    return len(orphans)
