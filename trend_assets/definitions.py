"""Entry point of Dagster: gathers the assets, jobs, schedules, sensors and resources.

Importing it reads neither settings nor files; `defs` does, when Dagster or a test calls it.
"""

from __future__ import annotations

import warnings

import dagster as dg

from trend_assets.assets.copies import copies_asset
from trend_assets.assets.enriched import enriched_assets
from trend_assets.assets.forecasts import forecast_assets
from trend_assets.assets.graph import graph_asset
from trend_assets.assets.labels import labels_asset
from trend_assets.assets.phrases import phrases_asset
from trend_assets.assets.raw import raw_events_asset
from trend_assets.assets.records import record_specs
from trend_assets.assets.sources import source_assets
from trend_assets.assets.training import training_asset
from trend_assets.automation.alerts import alerts_sensor
from trend_assets.automation.drift import drift_sensor
from trend_assets.automation.executors import executor
from trend_assets.automation.following import following_sensor, kept_current
from trend_assets.automation.jobs import asset_jobs
from trend_assets.automation.maintenance import nightly_maintenance, nightly_schedule
from trend_assets.automation.orphans import lost_commands_sensor
from trend_assets.automation.partitions import history_start, hourly, weekly
from trend_assets.automation.postponed import postponed_sensor
from trend_assets.automation.schedules import hourly_schedule, weekly_schedule
from trend_assets.automation.sensors import failure_sensor, import_inbox, inbox_sensor
from trend_assets.lake.io_manager import LakeIOManager, LakeResource
from trend_assets.operations.history import label_settings
from trend_assets.settings import Settings, enabled_sources, live_sources, load_settings


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions for the settings in force, which a process parses once."""
    return make_definitions(load_settings())


def make_definitions(settings: Settings) -> dg.Definitions:
    """The definitions for these settings; code gets the settings from the resources."""
    # Single-run backfills are what make 13,104 hours one run; Dagster still calls their policy beta.
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    lake = LakeResource(settings)
    sources, start = enabled_sources(settings), history_start(settings)
    hours, weeks = hourly(start), weekly(start)
    collecting = source_assets(settings, hours)
    made = [
        *collecting,
        raw_events_asset([asset.key for asset in collecting], hours),
        *enriched_assets(hours),
        phrases_asset(hours),
        copies_asset(hours),
        labels_asset(hours),
        graph_asset(hours),
        training_asset(weeks),
        *forecast_assets(hours, label_settings(settings.forecast).horizons),
    ]
    return dg.Definitions(
        executor=executor(settings.dagster),
        assets=[*kept_current(made, settings.schedule), *record_specs(sources)],
        jobs=[*asset_jobs(sources), import_inbox, nightly_maintenance],
        schedules=[
            hourly_schedule(settings.schedule, live_sources(settings)),
            weekly_schedule(settings.schedule, settings.training.min_events),
            nightly_schedule(settings),
        ],
        sensors=[
            *(inbox_sensor, failure_sensor, drift_sensor, alerts_sensor, postponed_sensor, lost_commands_sensor),
            following_sensor(),
        ],
        resources={"settings": settings, "lake": lake, "lake_io_manager": LakeIOManager(lake=lake)},
    )
