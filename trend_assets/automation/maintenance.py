"""The nightly maintenance job: retention, compaction, expiry of snapshots, old records of Dagster."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from trend_assets.automation.jobs import QUIET
from trend_assets.automation.records import delete_old_runs
from trend_assets.lake.io_manager import LakeResource
from trend_assets.operations.maintaining import maintain_lake
from trend_assets.settings import Settings

MAINTENANCE_JOB = "nightly_maintenance"


@dg.op
def maintain_the_lake(
    context: dg.OpExecutionContext, lake: dg.ResourceParam[LakeResource], settings: dg.ResourceParam[Settings]
) -> None:
    """Retention, compaction, expiry of snapshots, deletion of files; the output's metadata has the counts."""
    report = maintain_lake(lake.lake, settings, datetime.now(UTC))
    done = report.lake
    context.add_output_metadata(
        {
            "forgotten_again": report.returned,
            "files_before": done.before.files,
            "files_after": done.after.files,
            "bytes_before": done.before.bytes,
            "bytes_after": done.after.bytes,
            "snapshots_expired": done.snapshots,
            "files_deleted": done.removed,
            "rows_retired": sum(report.retired.values()),
            "imported_files_deleted": report.files,
        }
    )


@dg.op
def delete_records_of_old_runs(context: dg.OpExecutionContext, settings: dg.ResourceParam[Settings]) -> None:
    """Dagster's records of runs that ended before `dagster.keep_days`."""
    before = datetime.now(UTC) - timedelta(days=settings.dagster.keep_days)
    context.add_output_metadata({"runs_deleted": delete_old_runs(context.instance, before)})


@dg.job(name=MAINTENANCE_JOB, config=QUIET)
def nightly_maintenance() -> None:
    """Delete what is past its retention, compact the lake, let old snapshots expire, and forget old runs."""
    maintain_the_lake()
    delete_records_of_old_runs()


def nightly_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """Once a night at half past, away from the hourly collection and the weekly training."""
    enabled = settings.schedule.enabled
    return dg.ScheduleDefinition(
        name=MAINTENANCE_JOB,
        job=nightly_maintenance,
        cron_schedule=f"30 {settings.maintenance.hour} * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING if enabled else dg.DefaultScheduleStatus.STOPPED,
        description="Retention, compaction, expiry of snapshots, old records of Dagster.",
    )
