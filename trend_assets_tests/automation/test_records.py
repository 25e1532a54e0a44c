"""Dagster's records of old runs are deleted, and those of others stay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster import AssetKey, DagsterInstance
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.runs.schema import RunsTable
from dagster._core.storage.runs.sql_run_storage import SqlRunStorage
from sqlalchemy import select

from trend_assets.automation.event_log import BatchedSqliteEventLogStorage
from trend_assets.automation.maintenance import nightly_maintenance
from trend_assets.automation.records import delete_old_runs
from trend_assets.lake.io_manager import LakeResource
from trend_assets.settings import load_settings


@dg.asset(check_specs=[dg.AssetCheckSpec("good", asset="one")])
def one() -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    print("written to the run's log")
    yield dg.MaterializeResult()
    yield dg.AssetCheckResult(passed=True, check_name="good")


@dg.job
def work() -> None:
    pass


def files_of(home: Path, run_id: str) -> list[Path]:
    return [path for path in (home / "dagster").rglob(f"*{run_id}*") if path.is_file() or any(path.iterdir())]


def check_rows(instance: DagsterInstance) -> int:
    storage = instance.event_log_storage
    assert isinstance(storage, BatchedSqliteEventLogStorage)
    with storage.index_connection() as connection:
        return len(connection.execute(select(AssetCheckExecutionsTable.c.id)).fetchall())


def test_an_old_run_goes_with_its_events_checks_and_logs(home: Path, instance: DagsterInstance) -> None:
    old = dg.materialize([one], instance=instance)
    going_on = instance.create_run_for_job(work, status=dg.DagsterRunStatus.STARTED)
    assert delete_old_runs(instance, datetime.now(UTC) - timedelta(days=1)) == 0
    assert files_of(home, old.run_id) and check_rows(instance) == 1
    newest = instance.get_latest_materialization_event(AssetKey("one"))
    assert delete_old_runs(instance, datetime.now(UTC) + timedelta(minutes=1)) == 1
    assert instance.get_run_by_id(old.run_id) is None and files_of(home, old.run_id) == []
    assert instance.all_logs(old.run_id) == [] and check_rows(instance) == 0
    assert instance.fetch_materializations(AssetKey("one"), limit=1).records == []
    assert instance.get_latest_materialization_event(AssetKey("one")) == newest is not None
    assert instance.get_run_by_id(going_on.run_id) is not None
    assert dg.materialize([one], instance=instance).success


def test_only_so_many_at_once_and_the_oldest_first(instance: DagsterInstance) -> None:
    runs = [work.execute_in_process(instance=instance).run_id for _ in range(3)]
    assert delete_old_runs(instance, datetime.now(UTC) + timedelta(minutes=1), most=2) == 2
    assert [run.run_id for run in instance.get_runs()] == runs[2:]


def test_the_nightly_job_deletes_what_is_older_than_the_setting(instance: DagsterInstance) -> None:
    old, recent = (work.execute_in_process(instance=instance).run_id for _ in range(2))
    settings = load_settings()
    storage = instance.run_storage
    assert isinstance(storage, SqlRunStorage)
    for run_id, days in ((old, settings.dagster.keep_days + 1), (recent, settings.dagster.keep_days - 1)):
        ended = datetime.now(UTC) - timedelta(days=days)
        with storage.connect() as connection:
            row = RunsTable.update().where(RunsTable.c.run_id == run_id)
            connection.execute(row.values(update_timestamp=ended))
    resources = {"settings": settings, "lake": LakeResource(settings)}
    assert nightly_maintenance.execute_in_process(instance=instance, resources=resources).success
    assert instance.get_run_by_id(old) is None and instance.get_run_by_id(recent) is not None
