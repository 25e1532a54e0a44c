"""What Dagster loads; it only gathers."""

from __future__ import annotations

import warnings

import dagster as dg

# Single-run backfills are what make 13,104 hours one run; Dagster still calls their policy beta.
warnings.filterwarnings("ignore", category=dg.BetaWarning)

from trend_assets.assets.enriched import enriched_assets  # noqa: E402
from trend_assets.assets.forecasts import forecast_assets  # noqa: E402
from trend_assets.assets.graph import graph_asset  # noqa: E402
from trend_assets.assets.phrases import phrases_asset  # noqa: E402
from trend_assets.assets.raw import raw_events_asset  # noqa: E402
from trend_assets.assets.records import record_specs  # noqa: E402
from trend_assets.assets.training import training_asset  # noqa: E402
from trend_assets.automation.alerts import alerts_sensor  # noqa: E402
from trend_assets.automation.drift import drift_sensor  # noqa: E402
from trend_assets.automation.jobs import asset_jobs  # noqa: E402
from trend_assets.automation.maintenance import nightly_maintenance, nightly_schedule  # noqa: E402
from trend_assets.automation.partitions import history_start, hourly, weekly  # noqa: E402
from trend_assets.automation.postponed import postponed_sensor  # noqa: E402
from trend_assets.automation.schedules import hourly_schedule, weekly_schedule  # noqa: E402
from trend_assets.automation.sensors import failure_sensor, import_inbox, inbox_sensor  # noqa: E402
from trend_assets.lake.io_manager import LakeIOManager, LakeResource  # noqa: E402
from trend_assets.settings import load_settings  # noqa: E402

_settings = load_settings()
_start = history_start(_settings)
_hours = hourly(_start)
_weeks = weekly(_start)

defs = dg.Definitions(
    assets=[
        raw_events_asset(_hours),
        *enriched_assets(_hours),
        phrases_asset(_hours),
        graph_asset(_hours),
        training_asset(_weeks),
        *forecast_assets(_hours),
        *record_specs(),
    ],
    jobs=[*asset_jobs(), import_inbox, nightly_maintenance],
    schedules=[hourly_schedule(_settings.schedule), weekly_schedule(_settings.schedule), nightly_schedule(_settings)],
    sensors=[inbox_sensor, failure_sensor, drift_sensor, alerts_sensor, postponed_sensor],
    resources={"lake_io_manager": LakeIOManager(), "lake": LakeResource()},
)
