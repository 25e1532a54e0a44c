"""The jobs: the hourly pipeline and the weekly training, and the names of their assets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dagster as dg

from trend_assets.assets.declare import SOURCE_ASSETS, asset_keys

HOURLY_JOB = "hourly_pipeline"
WEEKLY_JOB = "weekly_training"
IMPORT_JOB = "import_inbox"

#: One step materializes both assets.
GRAPH_ASSET, GRAPH_ASSETS = "temporal_graph", ("temporal_edges", "nodes")
FLOW_ASSETS = (
    SOURCE_ASSETS,
    *("raw_events", "events", "event_embeddings", "topic_phrases", "near_copies", "topic_activity", "topic_labels"),
    *GRAPH_ASSETS,
)
FORECAST_ASSETS = ("predictions", "prediction_outcomes")
TRAINING_ASSETS = ("tgn_checkpoint", "training_runs")

#: Dagster's default writes every event to the console at DEBUG, which costs as much as storing it.
QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "WARNING"}}}}


def asset_jobs(sources: Sequence[str]) -> list[Any]:
    """The jobs that schedules start and that people see in the UI.

    Args:
        sources: names of those that are enabled.
    """
    hourly = asset_keys((*FLOW_ASSETS, *FORECAST_ASSETS), sources)
    return [
        dg.define_asset_job(
            HOURLY_JOB,
            selection=dg.AssetSelection.assets(*hourly),
            config=QUIET,
            description="Collect an hour, enrich it, extend the graph, forecast, and score what has come due.",
        ),
        dg.define_asset_job(
            WEEKLY_JOB,
            selection=dg.AssetSelection.assets(*TRAINING_ASSETS),
            config=QUIET,
            description="Train the TGN on everything before the week.",
        ),
    ]
