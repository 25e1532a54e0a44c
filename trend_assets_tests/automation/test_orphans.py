"""Runs whose process is gone."""

from __future__ import annotations

import dagster as dg
import pytest
from dagster._core.storage.tags import GRPC_INFO_TAG

from trend_assets.automation.orphans import fail_orphans

LAUNCHED = {GRPC_INFO_TAG: "{}"}


@dg.job
def work() -> None:
    pass


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED])
def test_only_what_a_daemon_had_launched_and_not_ended_is_failed(status: dg.DagsterRunStatus) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        orphan = instance.create_run_for_job(work, tags=LAUNCHED, status=status)
        others = [
            instance.create_run_for_job(work, tags={}, status=status),
            instance.create_run_for_job(work, tags=LAUNCHED, status=dg.DagsterRunStatus.SUCCESS),
        ]
        before = [run.status for run in others]
        assert fail_orphans(instance) == 1
        assert instance.get_run_by_id(orphan.run_id).status is dg.DagsterRunStatus.FAILURE
        assert [instance.get_run_by_id(run.run_id).status for run in others] == before
        assert fail_orphans(instance) == 0
