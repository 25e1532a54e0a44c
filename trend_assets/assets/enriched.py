"""Stage 2: events from raw payloads, their text embeddings, and hourly topic activity."""

import dagster as dg
import polars as pl

from trend_assets.assets.checks import Rows, checked
from trend_assets.assets.collection_run import PURPOSE_TAG
from trend_assets.assets.declare import asset, counts, table_asset
from trend_assets.assets.plots import bars
from trend_assets.assets.text_model import text_model
from trend_assets.enrichment.activity import topic_activity as activity_of
from trend_assets.enrichment.embedding_table import embedding_frame, missing_texts, text_hashes
from trend_assets.enrichment.event_handler import EventHandler
from trend_assets.enrichment.gen_z import LEXICON_FILE, GenZScorer, Lexicon
from trend_assets.enrichment.spam.scorer import SpamScorer
from trend_assets.enrichment.spam.text_model import SHIPPED, load
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.tables import (
    COLLECTION_STATUS,
    EVENT_EMBEDDINGS,
    EVENTS,
    RAW_EVENTS,
    REJECTED_EVENTS,
    TOPIC_ACTIVITY,
)
from trend_assets.operations.load_shedding import Hours, plan_embeddings
from trend_assets.operations.phrasing import topic_choice
from trend_assets.settings import Settings

_KNOWN_TEXTS = """
    SELECT text_hash, any_value(embedding) AS embedding FROM event_embeddings
    WHERE model = ? AND text_hash IN (SELECT unnest(?)) GROUP BY text_hash
"""


def _handler(settings: Settings) -> EventHandler:
    told = settings.enrichment
    return EventHandler(
        spam=SpamScorer(load(told.spam_model or SHIPPED)),
        topics=topic_choice(settings),
        gen_z=GenZScorer(Lexicon.read(told.gen_z_lexicon or LEXICON_FILE)),
    )


def enriched_assets(hours: dg.HourlyPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """`events`, `event_embeddings` and `topic_activity`."""
    shared = {"partitions_def": hours, "backfill_policy": dg.BackfillPolicy.single_run()}

    @asset(**table_asset(EVENTS, "enrichment"), **shared)
    def events(
        context: dg.AssetExecutionContext,
        lake: dg.ResourceParam[LakeResource],
        settings: dg.ResourceParam[Settings],
        raw_events: pl.DataFrame,
    ) -> Rows:
        handler = _handler(settings)
        frame, rejected = handler.handle(raw_events)
        lake.lake.write(REJECTED_EVENTS, rejected)
        types = frame.group_by("source", "event_type").len().sort("len", descending=True)
        yield from checked(
            EVENTS,
            frame,
            counts(
                context,
                {
                    "rejected": rejected.height,
                    "gen_z_lexicon": handler.gen_z_lexicon,
                    "spam_share": float(frame.select((pl.col("spam_score") >= 0.5).mean()).item() or 0.0),
                },
                by_type=bars([f"{row[0]} {row[1]}" for row in types.rows()], types["len"].to_list(), "Events by type"),
            ),
        )

    # The backlog is computed from `raw_events` and `collection_status`.
    @asset(
        **table_asset(EVENT_EMBEDDINGS, "enrichment", "huggingface"),
        **shared,
        deps=[RAW_EVENTS.name, COLLECTION_STATUS.name],
    )
    def event_embeddings(
        context: dg.AssetExecutionContext,
        lake: dg.ResourceParam[LakeResource],
        settings: dg.ResourceParam[Settings],
        events: pl.DataFrame,
    ) -> Rows:
        window = context.partition_time_window
        embedder = text_model(settings.embeddings)
        texts = text_hashes(events)
        known = lake.lake.read(_KNOWN_TEXTS, [embedder.model_name, texts["text_hash"].unique().to_list()])
        hours = Hours(window.start, window.end, context.run.tags.get(PURPOSE_TAG, "asked"))
        plan = plan_embeddings(lake.lake, settings, hours, missing_texts(texts, known))
        frame, embedded, cached = embedding_frame(texts, known, embedder, plan.texts, plan.batch_size)
        found = {"texts_embedded": embedded, "texts_from_cache": cached, "model": embedder.model_name}
        yield from checked(EVENT_EMBEDDINGS, frame, {**found, **plan.metadata})
        plan.finish(lake.lake)

    @asset(**table_asset(TOPIC_ACTIVITY, "enrichment"), **shared)
    def topic_activity(
        context: dg.AssetExecutionContext, events: pl.DataFrame, topic_phrases: pl.DataFrame, near_copies: pl.DataFrame
    ) -> Rows:
        frame = activity_of(events, topic_phrases, near_copies)
        top = frame.sort("mentions", "topic", descending=[True, False]).head(12)
        yield from checked(
            TOPIC_ACTIVITY,
            frame,
            counts(
                context,
                {"topics": frame["topic"].n_unique(), "mentions": int(frame["mentions"].sum())},
                top_topics=bars(top["topic"].to_list(), top["mentions"].to_list(), "Mentions in this hour"),
            ),
        )

    return [events, event_embeddings, topic_activity]
