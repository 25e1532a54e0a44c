"""Stage 1: what the sources gave."""

from datetime import UTC, datetime

import dagster as dg
import polars as pl

from trend_assets.assets.checks import Rows, checked
from trend_assets.assets.collectors import enabled_collectors
from trend_assets.assets.declare import counts, table_asset
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.tables import COLLECTION_STATUS, RAW_EVENTS, REJECTED_EVENTS
from trend_assets.settings import load_settings
from trend_assets.sources.collection import collect


def raw_events_asset(hours: dg.HourlyPartitionsDefinition) -> dg.AssetsDefinition:
    """`raw_events`: each hour asked from every enabled source; archives are imported into it too."""

    @dg.asset(
        **table_asset(RAW_EVENTS, "sources"),
        partitions_def=hours,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def raw_events(context: dg.AssetExecutionContext, lake: LakeResource) -> Rows:
        window = context.partition_time_window
        collectors = enabled_collectors(load_settings())
        collected = collect(collectors, window.start, window.end, now=lambda: datetime.now(UTC))
        lake.lake.write(REJECTED_EVENTS, collected.rejected)
        lake.lake.write(COLLECTION_STATUS, collected.status)
        failed = collected.status.filter(pl.col("status") == "failed")
        if failed.height:
            context.log.warning("some sources failed: %s", failed["message"].unique().to_list())
        yield from checked(
            RAW_EVENTS,
            collected.raw,
            counts(
                context,
                {"collected": collected.raw.height, "rejected": collected.rejected.height},
                sources=", ".join(collector.source for collector in collectors) or "none enabled",
            ),
        )

    return raw_events
