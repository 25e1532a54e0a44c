"""Runs whose process is gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.tags import GRPC_INFO_TAG

from trend_assets.automation.orphans import PROCESS_TAG, fail_lost_commands, fail_orphans, this_process

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


def test_a_command_ended_by_force_gives_its_pool_back(instance: dg.DagsterInstance) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    host = this_process().partition(":")[0]
    processes = (f"{host}:{ended.pid}:1", this_process(), f"elsewhere:{ended.pid}:1", "")
    status = dg.DagsterRunStatus.STARTED
    lost, *others = [instance.create_run_for_job(work, tags={PROCESS_TAG: one}, status=status) for one in processes]
    storage = instance.event_log_storage
    # As a run does that needs the pool; its size is that of dagster.yaml.
    storage.initialize_concurrency_limit_to_default("sources_twitter")
    assert storage.claim_concurrency_slot("sources_twitter", lost.run_id, "step").is_claimed
    assert not storage.claim_concurrency_slot("sources_twitter", others[0].run_id, "step").is_claimed
    assert fail_lost_commands(instance) == 1
    assert instance.get_run_by_id(lost.run_id).status is dg.DagsterRunStatus.FAILURE
    assert [instance.get_run_by_id(run.run_id).status for run in others] == [status] * 3
    assert storage.claim_concurrency_slot("sources_twitter", others[0].run_id, "step").is_claimed


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not tell when a process began")
def test_a_process_with_the_number_of_one_that_is_gone_is_not_taken_for_it(instance: dg.DagsterInstance) -> None:
    status = dg.DagsterRunStatus.STARTED
    host, number, _ = this_process().split(":")
    tags = [this_process(), f"{host}:{number}", f"{host}:{number}:1"]
    alive, unknown, lost = [instance.create_run_for_job(work, tags={PROCESS_TAG: one}, status=status) for one in tags]
    assert fail_lost_commands(instance) == 1
    assert [instance.get_run_by_id(run.run_id).status for run in (alive, unknown)] == [status] * 2
    assert instance.get_run_by_id(lost.run_id).status is dg.DagsterRunStatus.FAILURE
