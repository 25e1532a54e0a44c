"""Stage 1: what the sources gave."""

from datetime import UTC, datetime

import dagster as dg
import polars as pl

from trend_assets.assets.checks import Rows, checked
from trend_assets.assets.collectors import enabled_collectors, live_sources
from trend_assets.assets.declare import counts, table_asset
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.tables import COLLECTION_ATTEMPTS, COLLECTION_STATUS, RAW_EVENTS, REJECTED_EVENTS
from trend_assets.operations.collecting import Ledger, Memory, memory
from trend_assets.settings import load_settings
from trend_assets.sources.collection import collect
from trend_assets.sources.collector import utc_now


def raw_events_asset(hours: dg.HourlyPartitionsDefinition) -> dg.AssetsDefinition:
    """`raw_events`: each hour asked from every enabled source; archives are imported into it too."""

    @dg.asset(
        **table_asset(RAW_EVENTS, "sources"),
        partitions_def=hours,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def raw_events(context: dg.AssetExecutionContext, lake: LakeResource) -> Rows:
        window, now = context.partition_time_window, datetime.now(UTC)
        settings = load_settings()
        before = memory(lake.lake, window.start, window.end, now) if live_sources(settings) else Memory(Ledger(now))
        collectors = enabled_collectors(settings, before.ledger)
        collected = collect(collectors, window.start, window.end, utc_now, before.earlier, before.held)
        incomplete = collected.status.filter(pl.col("status") != "complete")
        for source, status, message in incomplete.select("source", "status", "message").unique().rows():
            context.log.warning("%s is %s: %s", source, status, message)
        yield from checked(
            RAW_EVENTS,
            collected.raw,
            counts(
                context,
                {"collected": collected.raw.height, "rejected": collected.rejected.height},
                sources=", ".join(collector.source for collector in collectors) or "none enabled",
            ),
        )
        # After the rows themselves: a run that is killed in between must ask for them again.
        lake.lake.write(REJECTED_EVENTS, collected.rejected)
        lake.lake.write(COLLECTION_STATUS, collected.status)
        lake.lake.write(COLLECTION_ATTEMPTS, collected.attempts)

    return raw_events
