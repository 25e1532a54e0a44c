"""Stage 1: one asset a source, each of which adds what its platform gave to the table `raw_events`."""

# No postponed annotations here: Dagster needs the evaluated types.
from collections.abc import Iterator
from typing import cast

import dagster as dg
import polars as pl

from trend_assets.assets.checks import TIMES_IN_PARTITION
from trend_assets.assets.collection_run import PURPOSE_TAG, CollectionRun, collect_hours
from trend_assets.assets.declare import OWNERS, asset, counts, source_key, table_metadata
from trend_assets.assets.source_checks import GOOD, incomplete, source_check_specs, source_checks
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.tables import FORGOTTEN, RAW_EVENTS
from trend_assets.names import SOURCES, Source
from trend_assets.periods import hour_key
from trend_assets.settings import Settings, enabled_sources
from trend_assets.sources.collection import Purpose

Events = Iterator[dg.MaterializeResult[None] | dg.AssetMaterialization | dg.AssetCheckResult]


def source_assets(settings: Settings, hours: dg.HourlyPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """An asset for each source that the settings enable; one that is switched off is no part of the graph."""
    return [_source_asset(SOURCES[name], hours) for name in enabled_sources(settings)]


def _source_asset(source: Source, hours: dg.HourlyPartitionsDefinition) -> dg.AssetsDefinition:
    key = source_key(source.name)

    @asset(
        key=key,
        description=f"{source.title}: each hour as it was asked for, added to the table `{RAW_EVENTS.name}`. "
        "Materialize an hour to ask for it again.",
        group_name="sources",
        owners=OWNERS,
        kinds={"api", "duckdb"},
        tags={"trend/source": source.name},
        metadata={**table_metadata(RAW_EVENTS), "dagster/table_name": f"lake.main.{RAW_EVENTS.name}"},
        deps=[FORGOTTEN.name],
        partitions_def=hours,
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=source_check_specs(key),
        # An hour that was not read to its end is not materialized, and the flow goes on with what others brought.
        output_required=False,
        pool=f"sources_{source.name}",
    )
    def collected(
        context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeResource], settings: dg.ResourceParam[Settings]
    ) -> Events:
        window = context.partition_time_window
        purpose = cast(Purpose, context.run.tags.get(PURPOSE_TAG, "asked"))
        run = collect_hours(lake.lake, settings, window.start, window.end, purpose, source.name)
        times = TIMES_IN_PARTITION.result(key, run.collected.raw)
        yield times
        if not times.passed:
            run = run.refused(f"the check {times.check_name} failed: nothing was stored")
        lake.lake.write(RAW_EVENTS, run.collected.raw)
        run.finish()
        for state, message in incomplete(run.collected.status):
            context.log.warning("%s (%s): %s", source.name, state, message)
        yield from _materialized(context, key, run)
        yield from source_checks(key, lake.lake, settings, source.name, run.collected, window.start)

    return collected


def _materialized(context: dg.AssetExecutionContext, key: dg.AssetKey, run: CollectionRun) -> Events:
    """The hours that were read to their end, so that all others stay gaps in Dagster's partitions."""
    status = run.collected.status
    read = status.filter(pl.col("status").is_in(GOOD))
    told = {
        "dagster/row_count": run.collected.raw.height,
        "rejected": run.collected.rejected.height,
        "requests": int(status["requests"].sum()),
    }
    if read.height == len(context.partition_keys):
        yield dg.MaterializeResult(asset_key=key, metadata=counts(context, told))
        return
    for hour, events in read.select("hour", "events").iter_rows():
        yield dg.AssetMaterialization(key, partition=hour_key(hour), metadata={"dagster/row_count": events})
