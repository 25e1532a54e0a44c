"""The real code location on the shared clock, without the text model and forecasts: collecting is what is tried."""

from __future__ import annotations

from trend_assets.automation import jobs
from trend_assets.sources import collector
from trend_assets_tests.benchmarks.live_clock import clock

# Before anything else takes them by name.
collector.utc_now = clock
jobs.FLOW_ASSETS = tuple(name for name in jobs.FLOW_ASSETS if name != "event_embeddings")
jobs.FORECAST_ASSETS = ("prediction_outcomes",)

from trend_assets.definitions import defs  # noqa: E402

__all__ = ["defs"]
