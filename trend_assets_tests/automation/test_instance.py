"""Dagster's home beside the lake."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trend_assets.automation.event_log import BATCH_SIZE, BatchedSqliteEventLogStorage
from trend_assets.automation.instance import dagster_environment, open_instance, prepare_home
from trend_assets.settings import load_settings


def test_the_home_is_made_with_its_folders(home: Path) -> None:
    settings = load_settings()
    prepare_home(settings)
    for folder in ("dagster", "inbox", "logs", "models"):
        assert (home / folder).is_dir()
    assert "BatchedSqliteEventLogStorage" in (home / "dagster" / "dagster.yaml").read_text(encoding="utf-8")


def test_what_the_user_wrote_stays(home: Path) -> None:
    settings = load_settings()
    prepare_home(settings)
    own = "# mine\ntelemetry:\n  enabled: false\n"
    (home / "dagster" / "dagster.yaml").write_text(own, encoding="utf-8")
    (home / "inbox" / "posts.jsonl").write_text("{}\n", encoding="utf-8")
    prepare_home(settings)
    assert (home / "dagster" / "dagster.yaml").read_text(encoding="utf-8") == own
    assert (home / "inbox" / "posts.jsonl").exists()


def test_the_instance_lives_in_the_home_with_our_event_log(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    # Set through monkeypatch first, so that what open_instance sets is undone.
    for name, value in dagster_environment(settings).items():
        monkeypatch.setenv(name, value)
    with open_instance(settings) as instance:
        assert Path(instance.root_directory) == home / "dagster"
        assert type(instance.event_log_storage) is BatchedSqliteEventLogStorage
        assert not instance.telemetry_enabled
    assert os.environ["DAGSTER_EVENT_BATCH_SIZE"] == str(BATCH_SIZE)
    assert os.environ["DAGSTER_HOME"] == str(home / "dagster")
