"""A platform is asked by one run at a time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from trend_assets.definitions import make_definitions
from trend_assets.launch import HourRange, materialize_hours
from trend_assets.settings import load_settings

HOUR = datetime(2026, 1, 5, 8, tzinfo=UTC)


def test_a_run_waits_until_another_one_has_asked_the_platform(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"ENABLED": "true", "START": "2026-01-05", "USERS": "20"}.items():
        monkeypatch.setenv(f"TREND_SIMULATOR__{name}", value)
    monkeypatch.setenv("TREND_SCHEDULE__HISTORY_START", "2026-01-05")
    definitions, hours = make_definitions(load_settings()), HourRange(HOUR, HOUR + timedelta(hours=1))
    storage, pool = instance.event_log_storage, "sources_twitter"
    storage.initialize_concurrency_limit_to_default(pool)
    assert storage.claim_concurrency_slot(pool, "another run", "its step").is_claimed
    materialize_hours(definitions, instance, hours, ["sources/youtube"])
    with ThreadPoolExecutor(1) as threads:
        run = threads.submit(materialize_hours, definitions, instance, hours, ["sources/twitter"])
        while not storage.get_concurrency_info(pool).pending_step_count:
            assert not run.done(), "it asked while another run did"
            time.sleep(0.05)
        storage.free_concurrency_slots_for_run("another run")
        run.result()
    assert instance.get_materialized_partitions(dg.AssetKey(["sources", "twitter"])) == {"2026-01-05-08:00"}
    assert not storage.get_concurrency_info(pool).active_slot_count
