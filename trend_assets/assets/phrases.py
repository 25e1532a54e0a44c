"""Stage 2: trending phrases, found in the texts of events, as topics."""

import dagster as dg
import polars as pl

from trend_assets.assets.checks import Rows, checked
from trend_assets.assets.declare import asset, counts, table_asset
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.tables import TOPIC_PHRASES
from trend_assets.operations.phrasing import topic_choice, track
from trend_assets.settings import Settings


def phrases_asset(hours: dg.HourlyPartitionsDefinition) -> dg.AssetsDefinition:
    """`topic_phrases`, and `phrase_states`, from which it is taken up again."""

    @asset(
        **table_asset(TOPIC_PHRASES, "enrichment"),
        partitions_def=hours,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def topic_phrases(
        context: dg.AssetExecutionContext,
        lake: dg.ResourceParam[LakeResource],
        settings: dg.ResourceParam[Settings],
        events: pl.DataFrame,
    ) -> Rows:
        window = context.partition_time_window
        found = track(lake.lake, topic_choice(settings), window.start, window.end, events)
        frame = found.rows
        told = {"topics": frame["topic"].n_unique(), "events": frame["event_id"].n_unique()}
        yield from checked(TOPIC_PHRASES, frame, counts(context, {**told, "hours_read_again": found.replayed}))

    return topic_phrases
