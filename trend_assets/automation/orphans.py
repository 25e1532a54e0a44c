"""Runs whose process ended without a word, as by `kill -9` or a lost machine."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import dagster as dg
from dagster import DagsterInstance, RunsFilter
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES
from dagster._core.storage.tags import GRPC_INFO_TAG

_WHY = "The process of this run ended without a word before its services were started again."
_LOST = "The command that this run belonged to was ended by force."
#: Host and process of a run of the command line, which no launcher watches, and when that process began.
PROCESS_TAG = "trend/process"


def this_process() -> str:
    """The value of `PROCESS_TAG`."""
    return f"{socket.gethostname()}:{os.getpid()}:{_began(os.getpid())}"


@dg.sensor(
    name="lost_commands",
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Marks runs of commands that were ended by force as failed, so that what they held is free again.",
)
def lost_commands_sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Starts no run; its skip reason has the count."""
    return dg.SkipReason(f"{fail_lost_commands(context.instance)} runs were lost")


def fail_lost_commands(instance: DagsterInstance) -> int:
    """Marks runs of the command line as failed whose process on this machine is gone, and gives their pools back.

    Args:
        instance: with the records of the runs.

    Returns:
        How many there were.
    """
    unfinished = instance.get_runs(RunsFilter(statuses=list(IN_PROGRESS_RUN_STATUSES)))
    lost = [run for run in unfinished if _is_gone(run.tags.get(PROCESS_TAG, ""))]
    for run in lost:
        instance.report_run_failed(run, _LOST)
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return len(lost)


def _is_gone(process: str) -> bool:
    host, _, rest = process.partition(":")
    if host != socket.gethostname():
        return False
    number, _, began = rest.partition(":")
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    # Numbers are given anew, in a container that was started again the same ones.
    return bool(began) and began != _began(int(number))


def _began(process: int) -> str:
    """When a process began, in ticks since the machine did; empty where the system does not tell."""
    try:
        return Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def fail_orphans(instance: DagsterInstance) -> int:
    """Marks runs as failed that a daemon launched on this machine before, so that they do not fill the queue for ever.

    To be called while no daemon of this home runs. Runs of the command line are left to `fail_lost_commands`.

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
