"""Dagster's home beside the lake."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from dagster._core.instance.config import ConcurrencyConfig, PoolGranularity, dagster_instance_config

from trend_assets.automation.event_log import BATCH_SIZE, BatchedSqliteEventLogStorage
from trend_assets.automation.instance import dagster_environment, open_instance, prepare_home, workspace_file
from trend_assets.settings import load_settings
from trend_assets_tests.conftest import REPOSITORY
from trend_assets_tests.lake import conftest as lakes
from trend_assets_tests.processes import process

TEMPLATES = REPOSITORY / "trend_assets" / "automation" / "templates"
#: A fixture.
postgres = lakes.postgres


def test_the_home_is_made_with_its_folders(home: Path) -> None:
    settings = load_settings()
    prepare_home(settings)
    for folder in ("dagster", "inbox", "logs", "models"):
        assert (home / folder).is_dir()
    assert "BatchedSqliteEventLogStorage" in (home / "dagster" / "dagster.yaml").read_text(encoding="utf-8")


def test_the_workspace_is_that_of_the_checkout(home: Path) -> None:
    settings = load_settings()
    prepare_home(settings)
    assert workspace_file(settings).read_text() == (REPOSITORY / "workspace.yaml").read_text()


def test_what_the_user_wrote_stays(home: Path) -> None:
    settings = load_settings()
    prepare_home(settings)
    own = "# mine\ntelemetry:\n  enabled: false\n"
    (home / "dagster" / "dagster.yaml").write_text(own, encoding="utf-8")
    (home / "inbox" / "posts.jsonl").write_text("{}\n", encoding="utf-8")
    prepare_home(settings)
    assert (home / "dagster" / "dagster.yaml").read_text(encoding="utf-8") == own
    assert (home / "inbox" / "posts.jsonl").exists()


def test_the_instance_lives_in_the_home_with_our_event_log(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    # Set through monkeypatch first, so that what open_instance sets is undone.
    for name, value in dagster_environment(settings).items():
        monkeypatch.setenv(name, value)
    with open_instance(settings) as instance:
        assert Path(instance.root_directory) == home / "dagster"
        assert type(instance.event_log_storage) is BatchedSqliteEventLogStorage
        assert not instance.telemetry_enabled
    assert os.environ["DAGSTER_EVENT_BATCH_SIZE"] == str(BATCH_SIZE)
    assert os.environ["DAGSTER_HOME"] == str(home / "dagster")


@pytest.mark.parametrize("name", ["dagster.yaml", "dagster-postgres.yaml", "dagster-celery.yaml"])
def test_dagster_takes_each_settings_file_and_keeps_writers_apart(name: str) -> None:
    values, _ = dagster_instance_config(str(TEMPLATES), name)
    concurrency = ConcurrencyConfig.from_concurrency_settings(values["concurrency"], None)
    assert concurrency.pool_config.default_pool_limit == 1
    assert concurrency.pool_config.pool_granularity is PoolGranularity.OP
    limits = values["concurrency"]["runs"]["tag_concurrency_limits"]
    assert limits == [{"key": "dagster/partition", "value": {"applyLimitPerUniqueValue": True}, "limit": 1}]
    assert values["run_monitoring"]["free_slots_after_run_end_seconds"] == 60
    assert values["retention"]["sensor"]["purge_after_days"]["skipped"] == 2


def _report(number: int, environment: dict[str, str], said: Path) -> None:
    """What each of the processes does."""
    os.environ.update(environment)
    instance = open_instance(load_settings())
    instance.report_runless_asset_event(dg.AssetMaterialization("raw_events", metadata={"rows": number}))
    found = instance.get_latest_materialization_event(dg.AssetKey("raw_events"))
    names = sorted(found.asset_materialization.metadata)  # type: ignore[union-attr]
    said.write_text(f"{type(instance.event_log_storage).__name__} {names}", encoding="utf-8")


def test_processes_that_open_a_new_home_at_once_all_get_in(home: Path) -> None:
    assert _reported(home, {}, 3) == ["BatchedSqliteEventLogStorage ['rows']"] * 3
    settings = load_settings()
    with open_instance(settings) as instance:
        assert len(_rows(instance)) == 3


def test_records_in_postgresql_are_written_and_read(postgres: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the file as it comes, from an address that names no driver, by several that open it first."""
    pytest.importorskip("dagster_postgres", reason="pip install 'trend-assets[postgres]'")
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as server:
        server.execute("DROP DATABASE IF EXISTS dagster")
        server.execute("CREATE DATABASE dagster")
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", f"{postgres}/dagster")
    # Machines share no home: each has a lock of its own there.
    said = _reported(home, {"DAGSTER_POSTGRES_URL": f"{postgres}/dagster"}, 3, homes=3)
    assert said == ["PostgresEventLogStorage ['rows']"] * 3
    settings = load_settings()
    with open_instance(settings) as instance:
        assert "postgres_url" in (settings.dagster_home / "dagster.yaml").read_text("utf-8")
        assert [type(storage).__name__ for storage in (instance.run_storage, instance.schedule_storage)] == [
            "PostgresRunStorage",
            "PostgresScheduleStorage",
        ]
        assert sorted(_rows(instance)) == [0, 1, 2]
        run = _nothing.execute_in_process(instance=instance).dagster_run
        assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.SUCCESS  # type: ignore[union-attr]
        assert instance.all_logs(run.run_id)


@dg.job
def _nothing() -> None:
    """A run without a step."""


def _rows(instance: dg.DagsterInstance) -> list[object]:
    found = instance.fetch_materializations(dg.AssetKey("raw_events"), limit=10).records
    return [record.asset_materialization.metadata["rows"].value for record in found]  # type: ignore[union-attr]


def _reported(home: Path, variables: dict[str, str], processes: int, homes: int = 1) -> list[str]:
    said = [home.with_name(f"said{number}") for number in range(processes)]
    begun = []
    for number, path in enumerate(said):
        own = home if homes == 1 else home.with_name(f"home{number}")
        begun.append(process(_report, number, {**variables, "TREND_HOME": str(own)}, path))
    for one in begun:
        one.start()
    for one in begun:
        one.join(300)
    assert [one.exitcode for one in begun] == [0] * processes
    return [path.read_text(encoding="utf-8") for path in said]
