"""Which sources the settings enable."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import cache

from trend_assets.settings import Settings, SimulatorSettings
from trend_assets.simulator.collector import SimulatedCollector
from trend_assets.simulator.world import World
from trend_assets.sources.registry import Collector


def enabled_collectors(settings: Settings) -> list[Collector]:
    """The sources to ask, in a fixed order; none where nothing is enabled."""
    return list(simulated_collectors(settings.simulator)) if settings.simulator.enabled else []


def simulated_collectors(simulator: SimulatorSettings) -> list[SimulatedCollector]:
    """The three platforms of one simulated world."""
    world = _world(simulator)
    return [SimulatedCollector(source, world) for source in ("twitter", "youtube", "google_trends")]


@cache
def _world(simulator: SimulatorSettings) -> World:
    start = datetime.combine(date.fromisoformat(simulator.start), time(), UTC)
    return World(seed=simulator.seed, start=start, users=simulator.users)
