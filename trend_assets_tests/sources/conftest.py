"""A mock server for the collectors' tests: one small world, on a clock that the tests set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from trend_assets.simulator.faults import Faults
from trend_assets.simulator.server import MockServer
from trend_assets.simulator.serving import Limits
from trend_assets.simulator.world import World

START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="session")
def busy_world() -> World:
    """Enough posts in an hour for several pages; computed, so that no answer waits for it."""
    world = World(seed=11, start=START, events_per_day=5000)
    world.hour(START + 20 * HOUR)
    return world


@pytest.fixture
def serve(busy_world: World) -> Iterator[Callable[..., MockServer]]:
    """Starts mock servers of the world at a moment; they stop with the test."""
    with ExitStack() as stack:

        def start(now: datetime, limits: Limits | None = None, faults: Faults | None = None) -> MockServer:
            server = MockServer(busy_world, lambda: now, limits or Limits(), faults or Faults())
            return stack.enter_context(server)

        yield start
