"""Which sources the settings enable."""

from __future__ import annotations

from trend_assets.names import LIVE_SOURCES, SIMULATED_SOURCES
from trend_assets.settings.errors import SettingsError
from trend_assets.settings.model import Settings


def live_sources(settings: Settings) -> tuple[str, ...]:
    """Names of the enabled sources that are outside this process, in a fixed order."""
    return tuple(name for name in LIVE_SOURCES if getattr(settings, name).enabled)


def enabled_sources(settings: Settings) -> tuple[str, ...]:
    """Names of all sources that are asked hour by hour, those of the simulated world included.

    Raises:
        SettingsError: the simulated world and a real source at once.
    """
    live = live_sources(settings)
    if not settings.simulator.enabled:
        return live
    if live:
        raise SettingsError(f"simulator.enabled and {live[0]}.enabled exclude each other: switch one of them off")
    return SIMULATED_SOURCES
