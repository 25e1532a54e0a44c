"""Stage 2: near copies of texts, so that a campaign counts once."""

import dagster as dg
import polars as pl

from trend_assets.assets.checks import Rows, checked
from trend_assets.assets.declare import asset, counts, table_asset
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.tables import NEAR_COPIES
from trend_assets.operations.copying import find_copies
from trend_assets.settings import Settings


def copies_asset(hours: dg.HourlyPartitionsDefinition) -> dg.AssetsDefinition:
    """`near_copies`."""

    @asset(
        **table_asset(NEAR_COPIES, "enrichment"),
        partitions_def=hours,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def near_copies(
        context: dg.AssetExecutionContext,
        lake: dg.ResourceParam[LakeResource],
        settings: dg.ResourceParam[Settings],
        events: pl.DataFrame,
        topic_phrases: pl.DataFrame,
    ) -> Rows:
        start = context.partition_time_window.start
        frame = find_copies(lake.lake, start, events, topic_phrases, settings.enrichment.copies_count_once)
        told = {"copies": frame.height, "groups": frame["group_id"].n_unique()}
        yield from checked(NEAR_COPIES, frame, counts(context, told))

    return near_copies
