"""A lake with some weeks of mentions, written straight to `events` and the temporal graph."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trend_assets.graph.builder import GraphBuilder
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS, NODES, TEMPORAL_EDGES
from trend_assets.operations.training import TrainedModel, train
from trend_assets.settings import Settings, load_settings
from trend_assets_tests.operations.once import TrainedOnce, trained_once

#: A Monday.
START = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = 35
WEEK = START + timedelta(weeks=4)


@dataclass(frozen=True)
class Home:
    """Settings and the lake that they name."""

    settings: Settings
    lake: Lake


def event(number: int, moment: datetime, topics: list[str], user: str | None) -> dict[str, object]:
    return {
        "id": f"archive:original:{number}",
        "hour": moment.replace(minute=0, second=0, microsecond=0),
        "timestamp": moment,
        "source": "archive",
        "event_type": "original",
        "content_id": str(number),
        "user_id": user,
        "text": "",
        "language": None,
        "hashtags": [],
        "topics": topics,
        "context": "{}",
        "features": "{}",
        "spam_score": 0.0,
        "edge_weight": 1.0,
        "gen_z_score": 0.0,
    }


def write_posts(lake: Lake, events: pl.DataFrame, start: datetime, end: datetime) -> None:
    """Replaces the events of ``[start, end)`` and their edges."""
    graph = GraphBuilder().build(events)
    lake.write(EVENTS, events, start, end)
    lake.write(TEMPORAL_EDGES, graph.edges, start, end)
    lake.write(NODES, graph.nodes)


def bursty_events(seed: int = 0) -> pl.DataFrame:
    """Topics begun by users of whom one half draws a crowd within the day and the other does not."""
    chance = np.random.default_rng(seed)
    rows = []
    for number in range(DAYS * 12):
        born = number * 2.0 + chance.uniform(0, 2)
        starter = int(chance.integers(20))
        hours = [born, *(born + np.sort(chance.exponential(20, chance.poisson(22 if starter < 10 else 3))))]
        users = [starter, *chance.integers(0, 120, len(hours) - 1)]
        rows += [(hour, f"#topic{number}", f"user{user}") for hour, user in zip(hours, users, strict=True)]
    rows = sorted(row for row in rows if row[0] < DAYS * 24)
    return EVENTS.frame(
        event(number, START + timedelta(seconds=int(hour * 3600)), [topic], user)
        for number, (hour, topic, user) in enumerate(rows)
    )


def home_in(folder: Path) -> Home:
    os.environ["TREND_HOME"] = str(folder)
    settings = load_settings()
    return Home(settings, Lake(lake_location(settings)))


@pytest.fixture
def empty(home: Path) -> Iterator[Home]:
    """A home whose lake holds nothing."""
    made = home_in(home)
    yield made
    made.lake.close()


@contextmanager
def quick_training() -> Iterator[None]:
    """No setting from the environment, but that training makes one pass over the interactions."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("TREND_") and name != "TREND_SHARED_DATA":
                patch.delenv(name)
        patch.setenv("TREND_HOME", "set below")
        patch.setenv("TREND_TRAINING__EPOCHS", "1")
        yield


def busy_home(folder: Path) -> Home:
    """A home with five weeks of bursty mentions."""
    made = home_in(folder)
    write_posts(made.lake, bursty_events(), START, START + timedelta(days=DAYS))
    return made


@pytest.fixture(scope="package")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with five weeks of bursty mentions; settings that train fast."""
    with quick_training():
        made = busy_home(tmp_path_factory.mktemp("busy"))
        yield made
        made.lake.close()


def train_the_week(folder: Path) -> TrainedModel:
    """Makes a home with five weeks of bursty mentions and trains the model of its fifth."""
    with quick_training():
        made = busy_home(folder)
        try:
            return train(made.lake, made.settings, WEEK)
        finally:
            made.lake.close()


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> TrainedOnce:
    """The model of the fifth of five bursty weeks, trained once for all tests."""
    return trained_once(tmp_path_factory, train_the_week)
