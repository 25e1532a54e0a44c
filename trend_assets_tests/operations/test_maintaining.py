"""Retention by table, what a kept model protects, and users under hashes from the file to the lake and back."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS, NODES, TEMPORAL_EDGES, TOPIC_ACTIVITY
from trend_assets.operations.importing import import_file
from trend_assets.operations.maintaining import maintain_lake
from trend_assets.operations.privacy.admission import WITHHELD
from trend_assets.operations.privacy.forgetting import forget
from trend_assets.operations.privacy.traces import Subject
from trend_assets.settings import Settings, SettingsError, load_settings
from trend_assets_tests.operations.conftest import event

#: After every snapshot that a test makes.
NOW = datetime(2100, 3, 1, 3, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = "a key of at least sixteen"

Opened = tuple[Settings, Lake]


@pytest.fixture
def opened(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Opened]]:
    """Opens the home's lake under settings."""
    lakes = []

    def open_with(**variables: str) -> Opened:
        for name, value in variables.items():
            monkeypatch.setenv(f"TREND_{name}", value)
        settings = load_settings()
        lakes.append(Lake(lake_location(settings)))
        return settings, lakes[-1]

    yield open_with
    for lake in lakes:
        lake.close()


def fill(lake: Lake) -> None:
    """Each day of 20 before now an event, its activity, and its edge."""
    hours = [(NOW - timedelta(days=days)).replace(minute=0) for days in range(20)]
    span = hours[-1], hours[0] + HOUR
    lake.write(EVENTS, EVENTS.frame(event(days, at, ["#t"], "u") for days, at in enumerate(hours)), *span)
    counts = {"topic": "#t", "mentions": 1, "weighted_mentions": 1.0, "distinct_users": 1}
    lake.write(TOPIC_ACTIVITY, TOPIC_ACTIVITY.frame({**counts, "hour": at} for at in hours), *span)
    edges = [
        {"hour": at, "timestamp": at, "event_id": f"archive:original:{days}", "src": days, "dst": 1000,
         "edge_type": "about", "weight": 1.0}
        for days, at in enumerate(hours)
    ]  # fmt: skip
    lake.write(TEMPORAL_EDGES, TEMPORAL_EDGES.frame(edges), *span)
    nodes = [{"node_id": days, "kind": "content", "key": str(days), "first_seen": at} for days, at in enumerate(hours)]
    topic = {"node_id": 1000, "kind": "topic", "key": "#t", "first_seen": hours[-1]}
    lake.write(NODES, NODES.frame([*nodes, topic]))


def count(lake: Lake, table: str) -> int:
    return int(lake.read(f"SELECT count(*) AS n FROM {table}")["n"][0])


def test_by_default_nothing_is_ever_deleted(opened: Callable[..., Opened]) -> None:
    settings, lake = opened()
    fill(lake)
    report = maintain_lake(lake, settings, NOW + timedelta(days=3650))
    assert report.retired == {} and report.files == 0
    assert [count(lake, table) for table in ("events", "topic_activity", "temporal_edges", "nodes")] == [20, 20, 20, 21]


def test_each_table_keeps_its_own_days(opened: Callable[..., Opened], home: Path) -> None:
    settings, lake = opened(RETENTION__EVENTS_DAYS="5", RETENTION__TEMPORAL_EDGES_DAYS="10")
    fill(lake)
    before = lake.snapshot()
    report = maintain_lake(lake, settings, NOW)
    assert report.retired == {"events": 14, "temporal_edges": 9, "nodes": 9}
    assert lake.read("SELECT min(hour) AS h FROM events")["h"][0] == (NOW - timedelta(days=5)).replace(minute=0)
    assert [count(lake, table) for table in ("events", "topic_activity", "temporal_edges", "nodes")] == [6, 20, 11, 12]
    with pytest.raises(Exception, match=f"the lake has no snapshot {before}"):
        lake.at(EVENTS, before)


def test_a_snapshot_that_a_stored_model_was_trained_on_stays(opened: Callable[..., Opened]) -> None:
    settings, lake = opened()
    fill(lake)
    trained = lake.snapshot()
    (settings.models_folder / f"tgn-2100-03-01-s{trained}").mkdir(parents=True)
    at = NOW.replace(minute=0)
    lake.write(EVENTS, EVENTS.frame(), at, at + HOUR)
    lake.write(EVENTS, EVENTS.frame([event(99, at, ["#t"], "u")]), at, at + HOUR)
    report = maintain_lake(lake, settings, datetime.now(UTC) + timedelta(days=30))
    assert report.lake.snapshots > 0
    kept = lake.read("SELECT snapshot_id AS id FROM lake.snapshots()")["id"].to_list()
    assert kept == [trained, lake.snapshot()]
    assert count(lake, lake.at(EVENTS, trained)) == 20


def test_imported_files_go_after_their_days(opened: Callable[..., Opened]) -> None:
    settings, lake = opened(RETENTION__IMPORTED_FILES_DAYS="2")
    done = settings.inbox / "done"
    done.mkdir(parents=True)
    (done / "old.jsonl").write_text("{}", "utf-8")
    os.utime(done / "old.jsonl", (0, 0))
    assert maintain_lake(lake, settings, datetime.now(UTC) + timedelta(days=1)).files == 0
    assert maintain_lake(lake, settings, datetime.now(UTC) + timedelta(days=3)).files == 1
    assert list(done.iterdir()) == []


def test_hashing_without_a_key_says_what_to_do(opened: Callable[..., Opened]) -> None:
    with pytest.raises(SettingsError, match="hash_user_ids needs hash_key: set TREND_PRIVACY__HASH_KEY") as told:
        opened(PRIVACY__HASH_USER_IDS="true")
    with pytest.raises(SettingsError, match="at least 16 characters") as told:
        opened(PRIVACY__HASH_USER_IDS="true", PRIVACY__HASH_KEY="short-secret")
    assert "short-secret" not in str(told.value)


def test_users_are_in_the_lake_under_hashes_alone_and_are_forgotten_by_their_own_id(
    opened: Callable[..., Opened], tmp_path: Path
) -> None:
    settings, lake = opened(PRIVACY__HASH_USER_IDS="true", PRIVACY__HASH_KEY=KEY)
    tweets = [
        {"id_str": str(9000000 + number), "created_at": "Mon Jan 05 06:00:00 +0000 2026",
         "text": f"@bobby look {number}",
         "user": {"id_str": "7123456", "screen_name": "alicehandle", "name": "Alice Name"},
         "entities": {"user_mentions": [{"id_str": "7654321", "screen_name": "bobby"}]}}
        for number in range(2)
    ]  # fmt: skip
    path = tmp_path / "posts.jsonl"
    broken = json.dumps({"id_str": "1", "user": {"id_str": "7123456"}})
    path.write_text("\n".join([*map(json.dumps, tweets), broken]), "utf-8")
    assert import_file(lake, path, load_settings()).added == 2
    assert lake.read("SELECT count(DISTINCT user_id) AS n FROM raw_events")["n"][0] == 1
    held = lake.read(
        "SELECT user_id || raw_data AS text FROM raw_events UNION ALL SELECT raw_data FROM rejected_events"
    )
    text = " ".join(held["text"])
    assert not [name for name in ("7123456", "alicehandle", "Alice Name", "7654321", "bobby") if name in text]
    assert WITHHELD in text and "look 1" in text
    assert import_file(lake, path, load_settings()).added == 0
    assert forget(lake, settings, Subject("user", "7123456", "twitter")).removed == {"raw_events": 2}
    assert import_file(lake, path, load_settings()).forgotten == 3
    assert count(lake, "raw_events") == 0
    assert KEY not in repr(settings)
