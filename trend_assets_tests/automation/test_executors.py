"""The setting `dagster.executor`."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Literal

import dagster as dg
import pytest
from dagster._core.definitions.reconstruct import ReconstructableRepository

from trend_assets.automation.executors import executor
from trend_assets.automation.instance import BROKER
from trend_assets.automation.jobs import HOURLY_JOB
from trend_assets.definitions import make_definitions
from trend_assets.settings import DagsterSettings, Settings, SettingsError


@pytest.mark.parametrize("name", ["in_process", "multiprocess"])
def test_all_jobs_take_the_executor_of_the_settings(home: Path, name: Literal["in_process", "multiprocess"]) -> None:
    made = make_definitions(Settings(dagster=DagsterSettings(executor=name)))
    jobs = made.get_repository_def().get_all_jobs()
    assert len(jobs) >= 4 and {job.executor_def.name for job in jobs} == {name}


def test_steps_in_processes_of_their_own_write_the_same_lake(
    home: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "SIMULATOR__ENABLED": "true",
        "SIMULATOR__START": "2026-01-05",
        "SIMULATOR__USERS": "20",
        "SCHEDULE__HISTORY_START": "2026-01-05",
        "DAGSTER__EXECUTOR": "multiprocess",
        "DAGSTER__EXECUTOR_CONFIG": '{"max_concurrent": 1}',
    }.items():
        monkeypatch.setenv(f"TREND_{name}", value)
    repository = ReconstructableRepository.for_module("trend_assets.definitions", "defs", str(home))
    keys = [dg.AssetKey(["sources", "twitter"]), dg.AssetKey("raw_events")]
    job = repository.get_reconstructable_job(HOURLY_JOB)
    tags = {"dagster/partition": "2026-01-05-12:00"}
    with dg.execute_job(job, instance, tags=tags, asset_selection=keys) as result:
        assert result.success
    rows = instance.get_latest_materialization_event(dg.AssetKey("raw_events"))
    assert rows.asset_materialization.metadata["rows_twitter"].value > 0


def test_celery_takes_the_broker_of_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dagster_celery", reason="pip install 'trend-assets[celery]'")
    monkeypatch.setenv(BROKER, "redis://broker:6379/0")
    found = executor(DagsterSettings(executor="celery"))
    assert found.name == "celery"
    chosen = found.apply_config_mapping({"config": {}}).value["config"]
    assert (chosen["broker"], chosen["backend"]) == ("redis://broker:6379/0", "redis://broker:6379/0")


def test_a_worker_takes_runs_and_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dagster_celery", reason="pip install 'trend-assets[celery]'")
    monkeypatch.setenv(BROKER, "redis://broker:6379/0")
    found = importlib.import_module("trend_assets.automation.celery_app").app
    assert {"execute_job", "resume_job", "execute_plan"} <= found.tasks.keys()


@pytest.mark.parametrize(("name", "package"), [("k8s", "dagster-k8s"), ("docker", "dagster-docker")])
def test_an_executor_that_is_not_installed_is_named_with_what_to_install(name: str, package: str) -> None:
    if importlib.util.find_spec(package.replace("-", "_")):
        pytest.skip(f"{package} is installed")
    with pytest.raises(SettingsError, match=f"dagster.executor is {name}, .*: pip install '{package}'"):
        executor(DagsterSettings(executor=name))


def test_a_configuration_that_does_not_fit_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"dagster\.executor_config does not fit multiprocess: .*max_parallel"):
        executor(DagsterSettings(executor="multiprocess", executor_config={"max_parallel": 2}))
