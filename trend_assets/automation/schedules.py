"""The schedules: hourly collection, with hours to collect again or to catch up on, and weekly training."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta

import dagster as dg
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    MAX_RUNTIME_SECONDS_TAG,
    PRIORITY_TAG,
)

from trend_assets.assets.collection_run import PURPOSE_TAG
from trend_assets.assets.declare import asset_keys
from trend_assets.automation.jobs import FLOW_ASSETS, HOURLY_JOB, WEEKLY_JOB
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.store import Lake
from trend_assets.operations.catching_up import Due, catch_up, collected_before, missed_hours
from trend_assets.operations.history import mentions_before
from trend_assets.periods import hour_key, hour_start, monday, week_key
from trend_assets.settings import ScheduleSettings
from trend_assets.sources.collector import utc_now

_HOUR = timedelta(hours=1)
#: Priorities in the run queue; the highest runs first.
_PRIORITIES = {"new": 3, "again": 2, "catch_up": 1, "late": 0}
#: A few hours take minutes. A run that takes so long has lost its process, or hangs.
_RUN_SECONDS = 3 * 3600
#: Missed hours get no forecast, since it would come after the fact; existing forecasts for them are scored.
_ASSETS = {"catch_up": (*FLOW_ASSETS, "prediction_outcomes"), "late": FLOW_ASSETS}


def hourly_schedule(settings: ScheduleSettings, live: tuple[str, ...]) -> dg.ScheduleDefinition:
    """The hour that has just ended, a few before it again, hours that were missed, and the one of a day ago.

    Args:
        settings: when, and how far back.
        live: the enabled sources outside this process; only their hours can be missed.
    """
    begin = datetime.combine(settings.history_start, time(), UTC)

    @dg.schedule(
        name="hourly_collection",
        cron_schedule=f"{settings.minute} * * * *",
        job_name=HOURLY_JOB,
        execution_timezone="UTC",
        default_status=_status(settings),
        description="Runs the hourly flow for the hour that has ended, again for the hours before it, for hours that "
        "were missed, and for the hour of a day ago, whose counts have changed.",
    )
    def hourly_collection(
        context: dg.ScheduleEvaluationContext, lake: dg.ResourceParam[LakeResource]
    ) -> list[dg.RunRequest]:
        now = hour_start(context.scheduled_execution_time)
        # A request for an hour without a partition would fail the whole tick.
        due = [item for item in _due(settings, live, lake, now) if item.start >= begin]
        return [_request(item, now, live) for item in due]

    return hourly_collection


def _due(settings: ScheduleSettings, live: tuple[str, ...], lake: LakeResource, now: datetime) -> Iterator[Due]:
    for back in range(settings.recollect_hours + 1, 0, -1):
        yield Due(now - back * _HOUR, now - (back - 1) * _HOUR, "new" if back == 1 else "again")
    if live:
        yield from _missed_and_late(settings, lake.lake, live, now)


def _missed_and_late(settings: ScheduleSettings, lake: Lake, live: tuple[str, ...], now: datetime) -> Iterator[Due]:
    newest = now - (settings.recollect_hours + 1) * _HOUR
    missed = missed_hours(lake, live, now - (settings.catch_up_hours + 1) * _HOUR, newest, utc_now())
    yield from catch_up(missed)
    late = now - (settings.late_hours + 1) * _HOUR
    if settings.late_pass and late not in {hour for _, hour in missed} and collected_before(lake, live, late):
        yield Due(late, late + _HOUR, "late")


def _request(due: Due, now: datetime, live: Sequence[str]) -> dg.RunRequest:
    first, last = hour_key(due.start), hour_key(due.end - _HOUR)
    partition = {} if first == last else {ASSET_PARTITION_RANGE_START_TAG: first, ASSET_PARTITION_RANGE_END_TAG: last}
    assets = _ASSETS.get(due.purpose)
    return dg.RunRequest(
        run_key=f"{due.purpose} {first} at {hour_key(now)}",
        partition_key=first if first == last else None,
        asset_selection=asset_keys(assets, live) if assets else None,
        tags={
            **partition,
            PURPOSE_TAG: due.purpose,
            PRIORITY_TAG: str(_PRIORITIES[due.purpose]),
            MAX_RUNTIME_SECONDS_TAG: str(_RUN_SECONDS),
            "trend/recollection": str(due.purpose != "new").lower(),
        },
    )


def _status(settings: ScheduleSettings) -> dg.DefaultScheduleStatus:
    return dg.DefaultScheduleStatus.RUNNING if settings.enabled else dg.DefaultScheduleStatus.STOPPED


def weekly_schedule(settings: ScheduleSettings, least_mentions: int) -> dg.ScheduleDefinition:
    """The model of the week that has begun.

    Args:
        settings: when.
        least_mentions: with fewer there is nothing to train on (`training.min_events`), and no run fails for it.
    """
    # cron counts days from Sunday, Python from Monday.
    weekday = (settings.training_weekday + 1) % 7

    @dg.schedule(
        name="weekly_training",
        cron_schedule=f"0 {settings.training_hour} * * {weekday}",
        job_name=WEEKLY_JOB,
        execution_timezone="UTC",
        default_status=_status(settings),
        description="Trains the TGN of the week on everything before its Monday 00:00 UTC.",
    )
    def weekly_training(
        context: dg.ScheduleEvaluationContext, lake: dg.ResourceParam[LakeResource]
    ) -> dg.RunRequest | dg.SkipReason:
        now = context.scheduled_execution_time
        week, known = week_key(monday(now)), mentions_before(lake.lake, monday(now))
        if known < least_mentions:
            return dg.SkipReason(
                f"{known:,} mentions before {week}, training needs {least_mentions:,} (training.min_events): "
                "collect or import more; until then topics are ranked by counting"
            )
        return dg.RunRequest(run_key=f"{week} at {now:%Y-%m-%d}", partition_key=week)

    return weekly_training
