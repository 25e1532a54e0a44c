"""Stage 4: each week a TGN is trained on what was known when the week began."""

import json
import time
from datetime import UTC, datetime

import dagster as dg
import polars as pl

from trend_assets.assets.declare import IO_MANAGER, OWNERS, table_asset
from trend_assets.assets.plots import bars
from trend_assets.forecasting.history import to_epoch
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.tables import TRAINING_RUNS
from trend_assets.modelling import load_history, model_version, train
from trend_assets.settings import load_settings

_REPORT = "report"


def training_assets(
    hours: dg.HourlyPartitionsDefinition, weeks: dg.WeeklyPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """`tgn_checkpoint`, a folder of tensors, and `training_runs`, how it went."""
    week_before = dg.TimeWindowPartitionMapping(
        start_offset=-1, end_offset=-1, allow_nonexistent_upstream_partitions=True
    )

    @dg.asset(
        name="tgn_checkpoint",
        description="The TGN trained on everything before the week began: safetensors and a JSON side file.",
        group_name="training",
        owners=OWNERS,
        kinds={"pytorch", "pyg"},
        partitions_def=weeks,
        deps=[
            dg.AssetDep("temporal_edges", partition_mapping=week_before),
            dg.AssetDep("topic_activity", partition_mapping=week_before),
        ],
    )
    def tgn_checkpoint(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult:
        settings = load_settings()
        week = context.partition_time_window.start
        result = train(lake.lake, settings, week)
        return dg.MaterializeResult(
            metadata={
                "model_version": result.model_version,
                "checkpoint": dg.MetadataValue.path(str(result.folder)),
                "lake_snapshot": result.lake_snapshot,
                "mentions": result.mentions,
                "seconds": result.seconds,
                "metrics": dg.MetadataValue.json(result.metrics),
                **result_plots(result.metrics),
            }
        )

    @dg.asset(
        **{**table_asset(TRAINING_RUNS, "training")},
        partitions_def=weeks,
        deps=[tgn_checkpoint],
    )
    def training_runs(context: dg.AssetExecutionContext) -> dg.Output[pl.DataFrame]:
        ...

    return [tgn_checkpoint, training_runs]
