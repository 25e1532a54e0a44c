"""Stage 2: what topics are called, which mean the same, and what they are about."""

import dagster as dg
import polars as pl

from trend_assets.assets.checks import Rows, checked
from trend_assets.assets.declare import asset, counts, table_asset
from trend_assets.assets.text_model import text_model
from trend_assets.enrichment.labels.categories import CATEGORIES_FILE, Categories
from trend_assets.enrichment.labels.labeler import TopicLabeler
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.tables import EVENT_EMBEDDINGS, EVENTS, NEAR_COPIES, TOPIC_LABELS, TOPIC_PHRASES
from trend_assets.operations.labelling import label_topics
from trend_assets.settings import Settings


def labels_asset(hours: dg.HourlyPartitionsDefinition) -> dg.AssetsDefinition:
    """`topic_labels`."""

    # A label stands on the posts of 24 hours: they are read from the lake, and not taken as the hour's input.
    @asset(
        **table_asset(TOPIC_LABELS, "enrichment"),
        partitions_def=hours,
        backfill_policy=dg.BackfillPolicy.single_run(),
        deps=[EVENTS.name, EVENT_EMBEDDINGS.name, TOPIC_PHRASES.name, NEAR_COPIES.name],
    )
    def topic_labels(
        context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeResource], settings: dg.ResourceParam[Settings]
    ) -> Rows:
        window = context.partition_time_window
        model = text_model(settings.embeddings)
        categories = Categories.read(settings.enrichment.categories or CATEGORIES_FILE, model.embed)
        frame = label_topics(lake.lake, TopicLabeler(categories), model.model_name, window.start, window.end)
        told = {"topics": frame.height, "groups": frame["group_topic"].n_unique()}
        yield from checked(TOPIC_LABELS, frame, counts(context, told, **_kinds(frame)))

    return topic_labels


def _kinds(frame: pl.DataFrame) -> dict[str, int]:
    return {f"category_{name}": count for name, count in sorted(frame["category"].value_counts().rows())}
