"""The condition of Dagster: where its records are, whether its daemon reports, and which runs are stuck."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter
from dagster._daemon.controller import get_daemon_statuses

from trend_assets.automation.instance import open_instance
from trend_assets.settings import Settings

_STARTING = (DagsterRunStatus.STARTING, DagsterRunStatus.NOT_STARTED)


@dataclass(frozen=True, slots=True)
class Condition:
    """What Dagster's records say.

    Args:
        place: where they are, in words without a secret.
        runs: how many there are.
        silent: parts of the daemon that have not reported lately.
        stuck: ids of runs that take too long.
        waiting: how many runs are queued.
    """

    place: str
    runs: int
    silent: list[str]
    stuck: list[str]
    waiting: int


def condition(settings: Settings) -> Condition | None:
    """The condition of the Dagster of this home; None where it has never run."""
    if not (settings.dagster_home / "dagster.yaml").exists():
        return None
    with open_instance(settings) as instance:
        statuses = get_daemon_statuses(instance, instance.get_required_daemon_types())
        return Condition(
            _place(instance),
            instance.get_runs_count(),
            sorted(name for name, status in statuses.items() if not status.healthy),
            _stuck(instance),
            instance.get_runs_count(RunsFilter(statuses=[DagsterRunStatus.QUEUED])),
        )


def _place(instance: DagsterInstance) -> str:
    # Not the address: it may hold a password.
    return str(instance.root_directory) if "Sqlite" in type(instance.run_storage).__name__ else "PostgreSQL"


def _stuck(instance: DagsterInstance) -> list[str]:
    # Those after which Dagster's monitoring gives up a run that starts, or that runs.
    start = instance.run_monitoring_start_timeout_seconds
    limit = instance.run_monitoring_max_runtime_seconds
    now = time.time()
    unfinished = instance.get_run_records(RunsFilter(statuses=[*_STARTING, DagsterRunStatus.STARTED]))
    return [
        record.dagster_run.run_id
        for record in unfinished
        if now - (record.start_time or record.create_timestamp.timestamp())
        > ((limit or math.inf) if record.dagster_run.status is DagsterRunStatus.STARTED else start)
    ]
