"""What Dagster loads; it only gathers."""

from __future__ import annotations

import dagster as dg

from trend_assets.assets.enriched import enriched_assets
from trend_assets.assets.graph import graph_asset
from trend_assets.assets.raw import raw_events_asset
from trend_assets.automation.jobs import asset_jobs
from trend_assets.automation.partitions import hourly, weekly
from trend_assets.lake.io_manager import LakeIOManager, LakeResource
from trend_assets.settings import load_settings

_settings = load_settings()
_hours = hourly(_settings)
_weeks = weekly(_settings)

defs = dg.Definitions(
    assets=[raw_events_asset(_hours), *enriched_assets(_hours), graph_asset(_hours)],
    jobs=asset_jobs(),
    resources={"lake_io_manager": LakeIOManager(), "lake": LakeResource()},
)
