"""One world for the tests that only look at it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from trend_assets.simulator.world import World


@pytest.fixture(scope="session")
def start() -> datetime:
    """A Monday."""
    return datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(scope="session")
def world(start: datetime) -> World:
    return World(seed=7, start=start)
