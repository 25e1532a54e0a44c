"""What the daemon watches: failed runs, and files in the inbox."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from trend_assets.automation.jobs import IMPORT_JOB, QUIET, WEEKLY_JOB
from trend_assets.automation.partitions import HOUR_FORMAT, WEEK_FORMAT
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.tables import COLLECTION_STATUS, TRAINING_RUNS
from trend_assets.operations.alerts import write_alert
from trend_assets.operations.importing import import_file, settings_columns
from trend_assets.settings import load_settings

#: A file that changed more recently may still be being copied.
_SETTLED = timedelta(seconds=5)


class InboxFile(dg.Config):
    """The file to import."""

    path: str


@dg.op
def import_inbox_file(context: dg.OpExecutionContext, config: InboxFile, lake: LakeResource) -> None:
    """Imports one file and moves it to `done/`, or to `failed/` with the reason in an alert line."""
    settings = load_settings()
    path = Path(config.path)
    if not path.is_file():
        context.log.info("%s is gone: nothing to import", path)
        return
    report = import_file(lake.lake, path, settings_columns(settings))
    context.add_output_metadata(
        {
            "events": report.events,
            "added": report.added,
            "rejected": report.rejected,
            "error": report.error or "",
        }
    )
    target = _free_name(path.parent / ("failed" if report.error else "done") / path.name)
    target.parent.mkdir(exist_ok=True)
    path.rename(target)
    if report.error:
        write_alert(settings, "import_failed", path.name, report.error)
        raise dg.Failure(f"{path.name}: {report.error}", allow_retries=False)


@dg.job(name=IMPORT_JOB, config=None, executor_def=dg.in_process_executor)
def import_inbox() -> None:
    """Import one file from the inbox."""
    import_inbox_file()


def _free_name(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    return path.with_name(f"{stamp}-{path.name}") if path.exists() else path


@dg.sensor(
    name="inbox",
    job_name=IMPORT_JOB,
    minimum_interval_seconds=30,
    description="Imports each file put into the home's inbox/ once, and moves it to done/ or failed/.",
)
def inbox_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """A run for every file that has settled; its name, size and time make the run's key."""
    inbox = load_settings().inbox
    now = datetime.now(UTC)
    requests = []
    for path in sorted(inbox.glob("*")) if inbox.is_dir() else []:
        if not path.is_file() or path.name.startswith("."):
            continue
        stat = path.stat()
        if now - datetime.fromtimestamp(stat.st_mtime, UTC) < _SETTLED:
            continue
        identity = f"{path.name}:{stat.st_size}:{stat.st_mtime_ns}"
        requests.append(
            dg.RunRequest(
                run_key=hashlib.blake2b(identity.encode(), digest_size=16).hexdigest(),
                run_config={"ops": {"import_inbox_file": {"config": {"path": str(path)}}}, **QUIET},
                tags={"trend/file": path.name},
            )
        )
    if requests:
        return dg.SensorResult(run_requests=requests)
    return dg.SensorResult(skip_reason=f"no new file in {inbox}")


@dg.run_failure_sensor(
    name="record_failures",
    description="Writes a failed run into collection_status or training_runs, and an alert line.",
)
def failure_sensor(context: dg.RunFailureSensorContext, lake: LakeResource) -> None:
    """The failure as a row where people look for it."""
    run = context.dagster_run
    settings = load_settings()
    events = context.get_step_failure_events()
    error = events[0].step_failure_data.error if events else None
    cause = (error.cause or error) if error else None
    message = " ".join((cause.message if cause else context.failure_event.message or "").split())
    write_alert(settings, "run_failed", f"{run.job_name} {run.run_id}", message)
    partition = run.tags.get("dagster/partition")
    if not partition:
        return
    if run.job_name == WEEKLY_JOB:
        _record_training(lake, run.run_id, partition, message)
    elif run.job_name != IMPORT_JOB:
        _record_hour(lake, partition, message)


def _record_hour(lake: LakeResource, partition: str, message: str) -> None:
    row = {
        "hour": datetime.strptime(partition, HOUR_FORMAT).replace(tzinfo=UTC),
        "source": "pipeline",
        "status": "failed",
        "events": 0,
        "rejected": 0,
        "requests": 0,
        "finished_at": datetime.now(UTC),
        "message": message,
    }
    lake.lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame([row]))


def _record_training(lake: LakeResource, run_id: str, partition: str, message: str) -> None:
    row = {
        "run_id": run_id,
        "week": datetime.strptime(partition, WEEK_FORMAT).replace(tzinfo=UTC),
        "status": "failed",
        "started_at": datetime.now(UTC),
        "error": message,
    }
    lake.lake.write(TRAINING_RUNS, TRAINING_RUNS.frame([row]))
