"""A command after one that was ended by force, where no daemon runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import dagster as dg

from trend_assets.automation.orphans import PROCESS_TAG, this_process
from trend_assets.names import SIMULATED_SOURCES
from trend_assets_tests.assets.conftest import START, World


@dg.job
def work() -> None:
    pass


def test_it_does_not_wait_for_the_pools_that_the_other_held(new_world: Callable[[], World]) -> None:
    world = new_world()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    tags = {PROCESS_TAG: f"{this_process().partition(':')[0]}:{ended.pid}:1"}
    lost = world.instance.create_run_for_job(work, tags=tags, status=dg.DagsterRunStatus.STARTED)
    for source in SIMULATED_SOURCES:
        world.instance.event_log_storage.initialize_concurrency_limit_to_default(f"sources_{source}")
        assert world.instance.event_log_storage.claim_concurrency_slot(f"sources_{source}", lost.run_id, "s").is_claimed
    world.materialize(START, 1, "sources/*")
    assert world.instance.get_run_by_id(lost.run_id).status is dg.DagsterRunStatus.FAILURE
    assert world.lake.read("SELECT count(*) FROM raw_events").item() > 0
