"""Stage 5: hourly predictions, and their outcomes once a horizon has passed."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

import dagster as dg
import polars as pl

from trend_assets.assets.checks import Rows, checked
from trend_assets.assets.declare import asset, counts, is_range, table_asset
from trend_assets.assets.plots import bars
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.tables import MODEL_PROMOTIONS, PREDICTION_OUTCOMES, PREDICTIONS
from trend_assets.operations.attention import alert_topics
from trend_assets.operations.predicting import forecast_hours, score_hours
from trend_assets.settings import Settings
from trend_assets.words import DEFAULT_LABEL, TITLES

#: The tables from which the history of mentions is read.
_HISTORY = ("temporal_edges", "nodes", "event_embeddings")


def forecast_assets(hours: dg.HourlyPartitionsDefinition, horizons: Collection[int]) -> list[dg.AssetsDefinition]:
    """`predictions` at the end of each hour, and `prediction_outcomes` once one of the horizons (hours) has passed."""
    shared = {"partitions_def": hours, "backfill_policy": dg.BackfillPolicy.single_run()}
    this_week = dg.TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)
    # Dagster knows ranges alone: with several horizons an hour's outcomes seem to need all hours in between.
    come_due = dg.TimeWindowPartitionMapping(
        start_offset=-max(horizons), end_offset=-min(horizons), allow_nonexistent_upstream_partitions=True
    )

    @asset(
        **table_asset(PREDICTIONS, "forecasting", "pytorch"),
        **shared,
        deps=[*_HISTORY, MODEL_PROMOTIONS.name, dg.AssetDep("tgn_checkpoint", partition_mapping=this_week)],
    )
    def predictions(
        context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeResource], settings: dg.ResourceParam[Settings]
    ) -> Rows:
        window = context.partition_time_window
        frame = forecast_hours(lake.lake, settings, window.start, window.end, context.run.run_id, tell=context.log.info)
        models = ", ".join(frame["model_version"].unique().sort().to_list()) or "none: no candidates"
        yield from checked(PREDICTIONS, frame, counts(context, {"models": models}, top=_likeliest(frame)))
        # The generator resumes once the IO manager has stored the rows, so no alert precedes its forecast. A run of
        # many hours is a backfill, which alerts nobody.
        if not is_range(context):
            told = alert_topics(lake.lake, settings, window.end, datetime.now(UTC))
            context.log.info(f"{told} topics alerted")

    @asset(
        **table_asset(PREDICTION_OUTCOMES, "forecasting"),
        **shared,
        deps=[*_HISTORY, dg.AssetDep(predictions, partition_mapping=come_due)],
    )
    def prediction_outcomes(
        context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeResource], settings: dg.ResourceParam[Settings]
    ) -> Iterator[dg.Output[pl.DataFrame]]:
        window = context.partition_time_window
        frame = score_hours(lake.lake, settings, window.start, window.end)
        yield dg.Output(
            frame,
            metadata=counts(context, {"came_true": int(frame["came_true"].sum()), "scored": frame.height}),
        )

    return [predictions, prediction_outcomes]


def _likeliest(frame: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """The ten topics likeliest to grow: how sure it is, or their score where it is not calibrated."""
    top = frame.filter(pl.col("label") == DEFAULT_LABEL).sort("rank").head(10)
    calibrated = top.height > 0 and top["confidence"].null_count() == 0
    column = "confidence" if calibrated else "score"
    return bars(top["topic"].to_list(), top[column].round(3).to_list(), f"{TITLES[DEFAULT_LABEL]}: {column}")
