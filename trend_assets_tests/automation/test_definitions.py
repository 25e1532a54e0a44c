"""What Dagster loads: without a warning of ours, and with everything that the UI shows."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster import AssetKey, DagsterInstance

from trend_assets.assets.checks import RULES
from trend_assets.automation.jobs import HOURLY_JOB, IMPORT_JOB, WEEKLY_JOB
from trend_assets.definitions import defs, make_definitions
from trend_assets.errors import TrendError
from trend_assets.lake.tables import TABLES
from trend_assets.launch import HourRange, materialize_hours
from trend_assets.settings import SettingsError, load_settings

LOADER = """
import sys, warnings
caught = []
warnings.showwarning = lambda message, category, filename, *rest: caught.append((category.__name__, filename, message))
import trend_assets.definitions as definitions
definitions.defs().get_repository_def()
from dagster import Definitions
Definitions.validate_loadable(definitions.defs())
for name, filename, message in caught:
    # How Dagster calls Pydantic is no business of ours; what it says of our definitions is.
    if "site-packages" not in filename or not name.startswith(("Pydantic", "Deprecation")):
        print(name, filename, message)
# Every hourly run begins with this: what only a training needs would keep it waiting for seconds.
print(*sorted({"torch", "sklearn", "lightgbm", "sentence_transformers"} & sys.modules.keys()), end="")
"""
HOURLY = (
    "raw_events",
    "events",
    "event_embeddings",
    "topic_phrases",
    "near_copies",
    "topic_activity",
    "topic_labels",
    "temporal_edges",
    "nodes",
    "predictions",
    "prediction_outcomes",
)
WEEKLY = ("tgn_checkpoint", "training_runs")


def test_the_definitions_load_without_a_warning_or_what_only_a_training_needs(home: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "always::DeprecationWarning", "-c", LOADER],
        capture_output=True,
        text=True,
        env={**os.environ},
        cwd=Path(__file__).resolve().parents[2],
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == ""
    assert "arning" not in run.stderr


def test_importing_the_definitions_reads_no_settings(home: Path) -> None:
    """What is wrong with the settings is told when the definitions are made, not when a module is imported."""
    script = "from trend_assets.definitions import defs; print('imported', flush=True); defs()"
    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "TREND_CONFIG": str(home / "missing.yaml")},
        cwd=Path(__file__).resolve().parents[2],
    )
    assert run.returncode == 1 and run.stdout == "imported\n"
    assert "missing.yaml, which is not a file" in run.stderr
    assert not home.exists()


def test_code_gets_the_settings_that_the_definitions_were_made_with(
    instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process parses its settings once: what changes in the environment later is not seen."""
    made = make_definitions(load_settings())
    monkeypatch.setenv("TREND_ENRICHMENT__SPAM_MODEL", "missing")
    asked = {"instance": instance, "partition_key": "2026-02-04-08:00", "asset_selection": [AssetKey("events")]}
    assert made.resolve_job_def(HOURLY_JOB).execute_in_process(**asked).success
    anew = make_definitions(load_settings()).resolve_job_def(HOURLY_JOB)
    assert not anew.execute_in_process(**asked, raise_on_error=False).success


def test_the_simulated_world_and_a_real_source_exclude_each_other(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREND_SIMULATOR__ENABLED", "true")
    monkeypatch.setenv("TREND_BLUESKY__ENABLED", "true")
    with pytest.raises(SettingsError, match=r"simulator\.enabled and bluesky\.enabled exclude each other"):
        defs()


def test_there_is_an_asset_for_each_source_that_is_enabled(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREND_BLUESKY__ENABLED", "true")
    # Its key is missing: that is told at each hour, and no reason to hide it.
    monkeypatch.setenv("TREND_TWITTER__ENABLED", "true")
    graph = defs().get_repository_def().asset_graph
    keys = {key.to_user_string(): key for key in graph.materializable_asset_keys if len(key.path) > 1}
    assert keys.keys() == {"sources/bluesky", "sources/twitter"}
    assert graph.get(AssetKey("raw_events")).parent_keys == set(keys.values())
    for name, key in keys.items():
        node = graph.get(key)
        assert node.pools == {name.replace("/", "_")} and node.tags["trend/source"] == key.path[-1]
        assert {check.name for check in graph.get_check_keys_for_assets({key})} == {
            "answered",
            "no_gaps",
            "as_usual",
            "times_in_partition",
        }
        op = graph.assets_def_for_key(key).op
        assert op.retry_policy is not None and op.retry_policy.max_retries == 3
        assert node.backfill_policy == dg.BackfillPolicy.single_run()
        assert node.parent_keys == {AssetKey("forgotten")}


@pytest.fixture
def repository(home: Path) -> dg.RepositoryDefinition:
    return defs().get_repository_def()


def test_every_asset_says_what_it_is(repository: dg.RepositoryDefinition) -> None:
    graph = repository.asset_graph
    assert {key.to_user_string() for key in graph.materializable_asset_keys} == {*HOURLY, *WEEKLY}
    for key in graph.materializable_asset_keys:
        node = graph.get(key)
        name = key.to_user_string()
        assert node.description and len(node.description) > 20, name
        assert node.owners, name
        assert node.kinds, name
        assert node.group_name != "default", name
        if name == "tgn_checkpoint":
            continue
        schema = node.metadata["dagster/column_schema"]
        declared = TABLES[name]
        assert [column.name for column in schema.columns] == declared.column_names
        assert all(column.description and column.type for column in schema.columns), name


def test_hourly_assets_are_hourly_and_filled_in_single_runs(repository: dg.RepositoryDefinition) -> None:
    graph = repository.asset_graph
    for name in HOURLY:
        node = graph.get(AssetKey(name))
        assert isinstance(node.partitions_def, dg.HourlyPartitionsDefinition)
        assert node.backfill_policy == dg.BackfillPolicy.single_run()
    for name in WEEKLY:
        assert isinstance(graph.get(AssetKey(name)).partitions_def, dg.WeeklyPartitionsDefinition)


def test_the_lineage_is_the_flow_of_the_design(repository: dg.RepositoryDefinition) -> None:
    graph = repository.asset_graph
    parents = {
        name: {key.to_user_string() for key in graph.get(AssetKey(name)).parent_keys} for name in (*HOURLY, *WEEKLY)
    }
    assert parents["raw_events"] == set()
    assert parents["events"] == {"raw_events"}
    assert parents["topic_phrases"] == {"events"}
    assert parents["near_copies"] == {"events", "topic_phrases"}
    assert parents["topic_labels"] == {"events", "event_embeddings", "topic_phrases", "near_copies"}
    for name in ("topic_activity", "temporal_edges", "nodes"):
        assert parents[name] == {"events", "topic_phrases", "near_copies"}
    assert parents["event_embeddings"] == {"events", "raw_events", "collection_status"}
    history = {"temporal_edges", "nodes", "event_embeddings"}
    assert parents["tgn_checkpoint"] == history
    assert parents["predictions"] == history | {"tgn_checkpoint", "model_promotions"}
    assert parents["prediction_outcomes"] == history | {"predictions"}


def test_jobs_schedules_and_sensors_are_there(repository: dg.RepositoryDefinition) -> None:
    jobs = {name for name in repository.job_names if not name.startswith("__")}
    assert jobs == {HOURLY_JOB, WEEKLY_JOB, IMPORT_JOB, "nightly_maintenance"}
    assert {schedule.name for schedule in repository.schedule_defs} == {
        "hourly_collection",
        "nightly_maintenance",
        "weekly_training",
    }
    assert {sensor.name for sensor in repository.sensor_defs} >= {"inbox", "record_failures"}


def test_a_run_leaves_passed_checks_and_metadata(instance: DagsterInstance) -> None:
    """Of an hour without a post: what must hold of rows holds of none."""
    hour = datetime(2026, 2, 4, 8, tzinfo=UTC)
    names = ["raw_events", "events", "topic_activity", "temporal_edges", "nodes"]
    run_id = materialize_hours(defs(), instance, HourRange(hour, hour + timedelta(hours=1)), names)
    found = set()
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
        evaluation = entry.dagster_event.asset_check_evaluation_data
        assert evaluation.passed
        found.add((evaluation.asset_key.to_user_string(), evaluation.check_name))
    ruled = {(name, rule.name) for name in names for rule in RULES.get(name, ())}
    assert found == {*ruled, ("temporal_edges", "ends_known")}
    for name in names:
        event = instance.get_latest_materialization_event(AssetKey(name))
        assert event is not None and event.asset_materialization is not None
        assert event.asset_materialization.metadata["dagster/row_count"].value == 0


@pytest.mark.parametrize("start", [datetime(2013, 12, 31, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)])
def test_hours_without_a_partition_are_refused(instance: DagsterInstance, start: datetime) -> None:
    with pytest.raises(TrendError, match="has no partition"):
        materialize_hours(defs(), instance, HourRange(start, start + timedelta(hours=2)), ["raw_events"])
    assert instance.get_runs_count() == 0
