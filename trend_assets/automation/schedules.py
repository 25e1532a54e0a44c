"""The clock: each hour is collected once it is over, each week a model is trained."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from trend_assets.automation.jobs import HOURLY_JOB, WEEKLY_JOB
from trend_assets.automation.partitions import hour_key, week_key
from trend_assets.settings import ScheduleSettings

_HOUR = timedelta(hours=1)


def hourly_schedule(settings: ScheduleSettings) -> dg.ScheduleDefinition:
    """The hour that has just ended, and a few before it again, for posts that came late."""
    begin = datetime.fromisoformat(settings.history_start).replace(tzinfo=UTC)

    @dg.schedule(
        name="hourly_collection",
        cron_schedule=f"{settings.minute} * * * *",
        job_name=HOURLY_JOB,
        execution_timezone="UTC",
        default_status=_status(settings),
        description="Runs the hourly flow for the hour that has ended, and again for the hours before it.",
    )
    def hourly_collection(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
        now = context.scheduled_execution_time.replace(minute=0, second=0, microsecond=0)
        hours = [now - index * _HOUR for index in range(settings.recollect_hours + 1, 0, -1)]
        # One hour without a partition would cost the tick its other hours too.
        hours = [hour for hour in hours if hour >= begin]
        return [
            dg.RunRequest(
                run_key=f"{hour_key(hour)} at {hour_key(now)}",
                partition_key=hour_key(hour),
                tags={"trend/recollection": str(hour != hours[-1]).lower()},
            )
            for hour in hours
        ]

    return hourly_collection


def _status(settings: ScheduleSettings) -> dg.DefaultScheduleStatus:
    return dg.DefaultScheduleStatus.RUNNING if settings.enabled else dg.DefaultScheduleStatus.STOPPED


def weekly_schedule(settings: ScheduleSettings) -> dg.ScheduleDefinition:
    """The model of the week that has begun."""
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
    def weekly_training(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        now = context.scheduled_execution_time
        monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
        return dg.RunRequest(run_key=f"{week_key(monday)} at {now:%Y-%m-%d}", partition_key=week_key(monday))

    return weekly_training
