"""Runs of the command line bear what the UI's timeline and the run's page show."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import pytest
from dagster import DagsterInstance, DagsterRun

from trend_assets.automation.jobs import HOURLY_JOB, WEEKLY_JOB
from trend_assets.definitions import defs
from trend_assets.launch import HourRange, RunFailed, materialize_hours, materialize_week

HOUR = datetime(2026, 2, 4, 8, tzinfo=UTC)
WEEK = datetime(2026, 2, 2, tzinfo=UTC)


def place(run: DagsterRun) -> tuple[str, str, str]:
    """Location, repository and job by which the timeline groups a run."""
    origin = run.remote_job_origin
    assert origin is not None
    return origin.location_name, origin.repository_origin.repository_name, origin.job_name


def test_a_run_names_its_job_in_the_workspace_and_the_command(
    instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/trend", "backfill", "--start", "2026-02-04 08:00"])
    run_id = materialize_hours(defs(), instance, HourRange(HOUR, HOUR + timedelta(hours=1)), ["raw_events"])
    run = instance.get_run_by_id(run_id)
    assert run is not None
    assert place(run) == ("trend_assets", "__repository__", HOURLY_JOB)
    assert run.tags["trend/command"] == "trend backfill --start '2026-02-04 08:00'"
    assert run.tags["dagster/max_retries"] == "0"
    # Of runs that others create in this process nothing is said.
    assert "create_run_for_job" not in vars(instance)


def test_a_failed_run_does_so_too(instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["trend", "train", "--week", "x" * 300])
    with pytest.raises(RunFailed, match="no events"):
        materialize_week(defs(), instance, WEEK)
    (run,) = instance.get_runs()
    assert place(run) == ("trend_assets", "__repository__", WEEKLY_JOB)
    assert len(run.tags["trend/command"]) == 200 and run.tags["trend/command"].endswith("…")
    assert "create_run_for_job" not in vars(instance)
