"""Assets follow what they are made of, and are expected while the schedules run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster import AssetKey, DagsterInstance

from trend_assets.definitions import make_definitions
from trend_assets.launch import HourRange, materialize_hours
from trend_assets.periods import hour_key
from trend_assets.settings import Settings, load_settings

HOUR = timedelta(hours=1)
FLOW = {"raw_events", "events", "topic_phrases", "near_copies", "topic_activity", "temporal_edges", "nodes"}


def test_hours_follow_a_source_that_was_collected_again_alone_and_no_run_of_all(
    instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    day = now - timedelta(days=3)
    for name, value in {
        "SIMULATOR__ENABLED": "true",
        "SIMULATOR__START": f"{day:%Y-%m-%d}",
        "SIMULATOR__USERS": "20",
        "SCHEDULE__HISTORY_START": f"{day:%Y-%m-%d}",
    }.items():
        monkeypatch.setenv(f"TREND_{name}", value)
    definitions = make_definitions(load_settings())
    hours = HourRange(now - 3 * HOUR, now)
    cursor = None

    def requested() -> dict[str, set[str]]:
        nonlocal cursor
        found = dg.evaluate_automation_conditions(definitions, instance, cursor=cursor)
        cursor = found.cursor
        keys = {result.key for result in found.results}
        asked = {key.to_user_string(): found.get_requested_partitions(key) for key in keys}
        return {name: set(partitions) for name, partitions in asked.items() if partitions}

    assert requested() == {}
    materialize_hours(definitions, instance, hours, ["sources/*", *FLOW])
    assert requested().keys() <= {"event_embeddings", "topic_labels"}
    materialize_hours(definitions, instance, HourRange(now - 2 * HOUR, now - HOUR), ["sources/twitter"])
    again = requested()
    assert again.keys() >= FLOW and "predictions" not in again
    assert {key for name in FLOW for key in again[name]} == {hour_key(now - 2 * HOUR)}
    assert requested() == {}


def test_assets_are_expected_at_their_times_where_the_schedules_run(home: Path) -> None:
    for enabled in (False, True):
        made = make_definitions(Settings(schedule={"enabled": enabled}, bluesky={"enabled": True}))
        graph = made.get_repository_def().asset_graph
        policies = {
            key.to_user_string(): graph.get(key).freshness_policy is not None for key in graph.materializable_asset_keys
        }
        assert "sources/bluesky" in policies and set(policies.values()) == {enabled}
        assert graph.get(AssetKey("collection_status")).freshness_policy is None
