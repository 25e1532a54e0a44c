"""Stage 1: raw events, collected from the sources."""

from typing import cast

import dagster as dg
import polars as pl

from trend_assets.assets.checks import Rows, checked
from trend_assets.assets.collection_run import PURPOSE_TAG, SOURCE_TAG, collect_hours
from trend_assets.assets.declare import asset, counts, table_asset
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.tables import FORGOTTEN, RAW_EVENTS
from trend_assets.settings import Settings
from trend_assets.sources.collection import Collected, Purpose

_GOOD = ("complete", "empty")
_ANSWERED = dg.AssetCheckSpec(
    "sources_answered", asset=RAW_EVENTS.name, description="Every enabled source was read to the end of the hour."
)


def raw_events_asset(hours: dg.HourlyPartitionsDefinition) -> dg.AssetsDefinition:
    """`raw_events`: each hour asked from every enabled source; archives are imported into it too."""
    declared = table_asset(RAW_EVENTS, "sources")

    @asset(
        **{**declared, "check_specs": [*declared["check_specs"], _ANSWERED]},
        deps=[FORGOTTEN.name],
        partitions_def=hours,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def raw_events(
        context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeResource], settings: dg.ResourceParam[Settings]
    ) -> Rows:
        window, tags = context.partition_time_window, context.run.tags
        purpose = cast(Purpose, tags.get(PURPOSE_TAG, "asked"))
        run = collect_hours(lake.lake, settings, window.start, window.end, purpose, tags.get(SOURCE_TAG))
        collected = run.collected
        for source, status, message in _incomplete(collected).rows():
            context.log.warning("%s (%s): %s", source, status, message)
        yield from checked(
            RAW_EVENTS,
            collected.raw,
            counts(
                context,
                {"collected": collected.raw.height, "rejected": collected.rejected.height},
                sources=_table(collected),
            ),
        )
        run.finish()
        yield _answered(collected)

    return raw_events


def _incomplete(collected: Collected) -> pl.DataFrame:
    return (
        collected.status.filter(~pl.col("status").is_in(_GOOD))
        .select("source", "status", "message")
        .unique(maintain_order=True)
    )


def _table(collected: Collected) -> dg.MetadataValue | str:
    """What each source gave, or why it gave nothing, for the UI."""
    rows = [f"| {source} | {status} | {events:,} | {message.replace('|', '/')} |" for source, status, events, message in
            collected.status.select("source", "status", "events", "message").iter_rows()]  # fmt: skip
    if not rows:
        return "none enabled"
    return dg.MetadataValue.md("\n".join(["| source | state | events | why |", "| --- | --- | --- | --- |", *rows]))


def _answered(collected: Collected) -> dg.AssetCheckResult:
    incomplete = _incomplete(collected)
    return dg.AssetCheckResult(
        asset_key=RAW_EVENTS.name,
        check_name=_ANSWERED.name,
        passed=incomplete.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(f"{source} ({status}): {message}" for source, status, message in incomplete.rows()),
        metadata={source: f"{status}: {message}" for source, status, message in incomplete.rows()},
    )
