"""A home with Dagster's records in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import DagsterInstance

from trend_assets.automation.instance import dagster_environment, open_instance
from trend_assets.settings import load_settings


@pytest.fixture
def instance(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    """The records of the test's home; no source is enabled and the lake is empty."""
    settings = load_settings()
    # Through monkeypatch, so that what open_instance sets is undone.
    for name, value in dagster_environment(settings).items():
        monkeypatch.setenv(name, value)
    with open_instance(settings) as opened:
        yield opened
