"""A training's tags reach it: the snapshot to read, the hour at which it is trained early."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from dagster import DagsterInstance

from trend_assets.assets.declare import UNTIL_TAG
from trend_assets.automation.jobs import WEEKLY_JOB
from trend_assets.definitions import defs
from trend_assets.launch import RunFailed, materialize_week

WEEK = datetime(2026, 2, 2, tzinfo=UTC)


def test_a_snapshot_that_the_lake_lacks_is_told(instance: DagsterInstance) -> None:
    with pytest.raises(RunFailed, match="the lake has no snapshot 99"):
        materialize_week(defs(), instance, WEEK, snapshot=99)


def test_an_early_training_reads_until_its_hour(instance: DagsterInstance) -> None:
    result = (
        defs()
        .resolve_job_def(WEEKLY_JOB)
        .execute_in_process(
            instance=instance,
            partition_key="2026-02-02",
            tags={UNTIL_TAG: "2026-02-04T03:00:00+00:00"},
            raise_on_error=False,
        )
    )
    failures = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
    # The lake is empty: what it says that it looked for is the hour of the tag.
    assert "no events that name a topic before 2026-02-04T03:00" in str(failures[0].cause or failures[0])
