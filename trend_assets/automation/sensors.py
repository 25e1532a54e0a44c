"""Sensors for files in the inbox, which are imported, and for failed runs, which are recorded."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
)

from trend_assets.alerting.raising import raise_alert
from trend_assets.alerting.rules import training_subject
from trend_assets.automation.failures import reason
from trend_assets.automation.jobs import IMPORT_JOB, QUIET
from trend_assets.automation.reloading import reload_definitions
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.tables import COLLECTION_STATUS, TRAINING_RUNS
from trend_assets.names import INBOX_DONE, INBOX_FAILED
from trend_assets.operations.import_report import ImportStatistics
from trend_assets.operations.importing import import_file, settings_columns
from trend_assets.periods import HOUR_FORMAT, WEEK_FORMAT
from trend_assets.settings import Settings

#: A file that changed more recently may still be being copied.
_SETTLED = timedelta(seconds=5)
#: Names the same file in all its runs.
_KEY_TAG = "trend/inbox"
_ENDED_BADLY = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)


class InboxFile(dg.Config):
    """The file to import."""

    path: str


@dg.op
def import_inbox_file(
    context: dg.OpExecutionContext,
    config: InboxFile,
    lake: dg.ResourceParam[LakeResource],
    settings: dg.ResourceParam[Settings],
) -> None:
    """Imports one file and moves it to `done/`, or to `failed/` with the reason in an alert."""
    path = Path(config.path)
    if not path.is_file():
        if _was_imported(path):
            context.log.info("%s is gone: nothing to import", path)
            return
        # Of several machines only one has it. The sensor asks again, until a run comes there.
        raise dg.Failure(f"{path} is not on this machine: share the inbox among all, or run imports where it is")
    seen = ImportStatistics()
    refused = _free_name(path.parent / INBOX_FAILED / path.name)
    columns = settings_columns(settings)
    report = import_file(lake.lake, path, settings, columns, folder=settings.inbox, kept_at=refused, seen=seen)
    why = report.why
    context.add_output_metadata(
        {
            "events": report.events,
            "added": report.added,
            "conflicts": report.conflicts,
            "rejected": report.rejected,
            "error": why,
        }
    )
    target = refused if report.failed else _free_name(path.parent / INBOX_DONE / path.name)
    target.parent.mkdir(exist_ok=True)
    path.rename(target)
    reload_definitions(settings, seen.days)
    if report.failed:
        raise_alert(lake.lake, settings, "import_failed", path.name, why)
        raise dg.Failure(f"{path.name}: {why}", allow_retries=False)


@dg.job(name=IMPORT_JOB)
def import_inbox() -> None:
    """Import one file from the inbox."""
    import_inbox_file()


def _was_imported(path: Path) -> bool:
    """Whether an earlier run of the same file has moved it."""
    return any((path.parent / folder / path.name).exists() for folder in (INBOX_DONE, INBOX_FAILED))


def _free_name(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    return path.with_name(f"{stamp}-{path.name}") if path.exists() else path


@dg.sensor(
    name="inbox",
    job_name=IMPORT_JOB,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Imports each file put into the home's inbox/ once, and moves it to done/ or failed/.",
)
def inbox_sensor(context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]) -> dg.SensorResult:
    """A run for every file that has settled; its name, size and time make the run's key.

    A file that is still there after its run failed was not to blame, for a bad one is moved: it is tried again.
    """
    inbox = settings.inbox
    now = datetime.now(UTC)
    requests = []
    for path in sorted(inbox.glob("*")) if inbox.is_dir() else []:
        # A link may lead to any file that this user can read.
        if path.is_symlink() or not path.is_file() or path.name.startswith("."):
            continue
        stat = path.stat()
        # ctime, and not mtime: copies and archives keep the file's own mtime, which may lie in the future, and a
        # file that is moved back from failed/ has a new ctime, so that it is imported again.
        if now - datetime.fromtimestamp(stat.st_ctime, UTC) < _SETTLED:
            continue
        identity = f"{path.name}:{stat.st_size}:{stat.st_ctime_ns}"
        key = hashlib.blake2b(identity.encode(), digest_size=16).hexdigest()
        tried = context.instance.get_run_records(dg.RunsFilter(tags={_KEY_TAG: key}))
        if tried and not _may_be_tried_again(tried, now):
            continue
        requests.append(
            dg.RunRequest(
                run_key=f"{key}:{len(tried)}" if tried else key,
                run_config={"ops": {"import_inbox_file": {"config": {"path": str(path)}}}, **QUIET},
                tags={"trend/file": path.name, _KEY_TAG: key},
            )
        )
    if requests:
        return dg.SensorResult(run_requests=requests)
    return dg.SensorResult(skip_reason=f"no new file in {inbox}")


def _may_be_tried_again(tried: Sequence[dg.RunRecord], now: datetime) -> bool:
    """Whether the runs of a file all failed, and the last one long enough ago: 1, 2, 4 … 60 minutes."""
    if any(record.dagster_run.status not in _ENDED_BADLY for record in tried):
        return False
    wait: timedelta = min(_FIRST_WAIT * 2 ** (len(tried) - 1), _LONGEST_WAIT)
    ended = max(record.end_time or record.update_timestamp.timestamp() for record in tried)
    return now - datetime.fromtimestamp(ended, UTC) >= wait


@dg.run_failure_sensor(
    name="record_failures",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Writes a failed run into collection_status or training_runs, and raises an alert.",
)
def failure_sensor(
    context: dg.RunFailureSensorContext, lake: dg.ResourceParam[LakeResource], settings: dg.ResourceParam[Settings]
) -> None:
    """Records the failure in the table of its kind, and raises an alert."""
    run = context.dagster_run
    events = context.get_step_failure_events()
    error = events[0].step_failure_data.error if events else None
    message = reason(error) if error else " ".join((context.failure_event.message or "").split())
    partition = run.tags.get(PARTITION_NAME_TAG) or run.tags.get(ASSET_PARTITION_RANGE_START_TAG) or ""
    # By the partition key, not by the job: what is started from the UI runs in Dagster's implicit asset job.
    if week := _moment(partition, WEEK_FORMAT):
        raise_alert(lake.lake, settings, "training_failed", training_subject(week), message)
        _record_training(lake, run.run_id, week, message)
        return
    raise_alert(lake.lake, settings, "run_failed", f"{run.job_name} {run.run_id}", message)
    if hour := _moment(partition, HOUR_FORMAT):
        last = run.tags.get(ASSET_PARTITION_RANGE_END_TAG)
        _record_hour(lake, hour, f"hours {partition} to {last}: {message}" if last else message)


def _moment(key: str, layout: str) -> datetime | None:
    try:
        return datetime.strptime(key, layout).replace(tzinfo=UTC)
    except ValueError:
        return None


def _record_hour(lake: LakeResource, hour: datetime, message: str) -> None:
    row = {
        "hour": hour,
        "source": "pipeline",
        "status": "failed",
        "events": 0,
        "rejected": 0,
        "requests": 0,
        "finished_at": datetime.now(UTC),
        "message": message,
    }
    lake.lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame([row]))


def _record_training(lake: LakeResource, run_id: str, week: datetime, message: str) -> None:
    row = {
        "run_id": run_id,
        "week": week,
        "status": "failed",
        "started_at": datetime.now(UTC),
        "error": message,
    }
    lake.lake.write(TRAINING_RUNS, TRAINING_RUNS.frame([row]))
