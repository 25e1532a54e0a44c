"""A home whose lake is filled through the assets, from the simulated world."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from dagster import DagsterInstance

from trend_assets.automation.instance import open_instance
from trend_assets.definitions import defs
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.table import Table
from trend_assets.launch import HourRange, materialize_hours
from trend_assets.settings import Settings, load_settings

START = datetime(2026, 1, 5, tzinfo=UTC)
ONE = timedelta(hours=1)
FLOW = ("raw_events", "events", "topic_phrases", "near_copies", "topic_activity", "temporal_edges", "nodes")


@dataclass(frozen=True)
class World:
    """One home: its settings, its Dagster records, its lake."""

    settings: Settings
    instance: DagsterInstance
    lake: Lake

    def materialize(self, start: datetime, hours: int, *assets: str) -> str:
        os.environ["TREND_HOME"] = str(self.settings.home)
        return materialize_hours(
            defs(), self.instance, HourRange(start, start + hours * ONE), assets or ("sources/*", *FLOW)
        )

    def rows(self, table: Table, hide: tuple[str, ...] = ("collected_at", "finished_at")) -> pl.DataFrame:
        """All rows of a table in a fixed order, without the times of the run itself."""
        frame = self.lake.read_table(table)
        return frame.drop([name for name in hide if name in frame.columns]).sort(list(table.key))


@pytest.fixture(scope="module")
def new_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], World]]:
    """Makes homes that collect from the simulated world; the environment is restored at the end."""
    before = dict(os.environ)

    def make() -> World:
        home = tmp_path_factory.mktemp("world")
        for name in list(os.environ):
            if name.startswith(("TREND_", "DAGSTER_")) and name != "TREND_SHARED_DATA":
                del os.environ[name]
        os.environ["TREND_HOME"] = str(home)
        os.environ["TREND_SIMULATOR__ENABLED"] = "true"
        os.environ["TREND_SCHEDULE__HISTORY_START"] = "2026-01-05"
        os.environ["TREND_ENRICHMENT__TOPICS__KINDS"] = '["hashtags", "cashtags", "named", "phrases"]'
        settings = load_settings()
        return World(settings, open_instance(settings), Lake(lake_location(settings)))

    yield make
    os.environ.clear()
    os.environ.update(before)


def digest(folder: Path) -> int:
    """Bytes that a folder holds."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
