"""Starts Dagster runs from the command line, in this process, with the same jobs and records as the UI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dagster import DagsterInstance, Definitions, ExecuteInProcessResult, JobDefinition
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
)

from trend_assets.assets.declare import SNAPSHOT_TAG, asset_keys, source_key
from trend_assets.automation.failures import reason
from trend_assets.automation.jobs import HOURLY_JOB, TRAINING_ASSETS, WEEKLY_JOB
from trend_assets.automation.orphans import fail_lost_commands
from trend_assets.automation.run_origin import command_tags, recorded_in_workspace
from trend_assets.errors import TrendError
from trend_assets.periods import hour_key, week_key

_HOUR = timedelta(hours=1)
#: What fails is told in one sentence by whoever asked; the whole story is in the run's log.
_SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class RunFailed(TrendError):
    """A Dagster run failed; the message says at which step and why."""


@dataclass(frozen=True, slots=True)
class HourRange:
    """Whole UTC hours `[start, end)`."""

    start: datetime
    end: datetime

    @property
    def hours(self) -> int:
        """How many."""
        return int((self.end - self.start) / _HOUR)

    def each(self) -> Iterator[HourRange]:
        """Its hours, one by one."""
        for index in range(self.hours):
            yield HourRange(self.start + index * _HOUR, self.start + (index + 1) * _HOUR)

    def chunks(self, days: int) -> Iterator[HourRange]:
        """The range in pieces of at most `days` days, in order."""
        start = self.start
        while start < self.end:
            end = min(start + timedelta(days=days), self.end)
            yield HourRange(start, end)
            start = end


def materialize_hours(
    definitions: Definitions,
    instance: DagsterInstance,
    hours: HourRange,
    assets: Sequence[str],
    *,
    tags: dict[str, str] | None = None,
) -> str:
    """Materializes the assets for all hours of the range in one run; returns the run's id.

    Args:
        definitions: hold the job and its assets.
        instance: keeps its records.
        hours: the partitions.
        assets: their names, with `sources/*` for all sources.
        tags: of the run, beside those of its partitions and of this command.

    Raises:
        RunFailed: a step failed.
        TrendError: an hour that is not over yet, or is before the history begins.
    """
    first, last = hour_key(hours.start), hour_key(hours.end - _HOUR)
    if first == last:
        partition = {PARTITION_NAME_TAG: first}
    else:
        partition = {ASSET_PARTITION_RANGE_START_TAG: first, ASSET_PARTITION_RANGE_END_TAG: last}
    return _execute(definitions, instance, HOURLY_JOB, assets, {**partition, **(tags or {})})


def materialize_week(
    definitions: Definitions, instance: DagsterInstance, week: datetime, snapshot: int | None = None
) -> str:
    """Trains the model of the week that begins at `week`, a Monday 00:00 UTC; returns the run's id.

    Args:
        definitions: hold the job and its assets.
        instance: keeps its records.
        week: the Monday.
        snapshot: of the lake, to train on its rows instead of the newest.
    """
    tags = {} if snapshot is None else {SNAPSHOT_TAG: str(snapshot)}
    return _execute(definitions, instance, WEEKLY_JOB, TRAINING_ASSETS, {PARTITION_NAME_TAG: week_key(week), **tags})


def _execute(
    definitions: Definitions, instance: DagsterInstance, job_name: str, assets: Sequence[str], tags: dict[str, str]
) -> str:
    job = definitions.resolve_job_def(job_name)
    _refuse_unknown_partitions(job, tags)
    sources = [key.path[-1] for key in job.asset_layer.executable_asset_keys if key == source_key(key.path[-1])]
    # Where no daemon runs nobody else gives back the pools of a command that was ended by force.
    fail_lost_commands(instance)
    with recorded_in_workspace(instance, job_name):
        result = job.execute_in_process(
            instance=instance,
            tags={**command_tags(), **tags},
            partition_key=tags.get(PARTITION_NAME_TAG),
            asset_selection=asset_keys(assets, sources),
            run_config=_SILENT,
            raise_on_error=False,
        )
    if result.success:
        return result.run_id
    raise RunFailed(_why(result))


def _refuse_unknown_partitions(job: JobDefinition, tags: Mapping[str, str]) -> None:
    names = (PARTITION_NAME_TAG, ASSET_PARTITION_RANGE_START_TAG, ASSET_PARTITION_RANGE_END_TAG)
    partitions = job.partitions_def
    for key in (tags[name] for name in names if name in tags):
        if partitions is not None and not partitions.has_partition_key(key):
            raise TrendError(
                f"{key} has no partition: they go from {partitions.get_first_partition_key()}, the day of the oldest "
                f"event or schedule.history_start, to {partitions.get_last_partition_key()}"
            )


def _why(result: ExecuteInProcessResult) -> str:
    for event in result.all_events:
        if event.is_step_failure and (error := event.step_failure_data.error) is not None:
            return f"step {event.step_key} failed: {reason(error)}"
    for event in result.all_events:
        if event.is_failure:
            return " ".join((event.message or "the run failed").split())
    return "the run failed"
