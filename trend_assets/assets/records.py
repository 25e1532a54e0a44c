"""External assets: tables that runs, sensors and commands write besides the assets, so that the lineage shows them."""

from collections.abc import Sequence

import dagster as dg

from trend_assets.assets.declare import OWNERS, SOURCE_ASSETS, asset_keys, table_metadata
from trend_assets.lake.table import Table
from trend_assets.lake.tables import (
    ALERT_THRESHOLDS,
    ALERTS,
    COLLECTION_ATTEMPTS,
    COLLECTION_STATUS,
    DEFERRED_HOURS,
    DRIFT_CHECKS,
    FORGOTTEN,
    LOAD_CHECKS,
    MODEL_PROMOTIONS,
    OBSERVATIONS,
    PHRASE_STATES,
    REJECTED_EVENTS,
)

#: Each with its group, and its upstream assets: those whose runs write it, or those that the writing sensor reads.
_RECORDS: tuple[tuple[Table, str, tuple[str, ...]], ...] = (
    (OBSERVATIONS, "sources", (SOURCE_ASSETS,)),
    (COLLECTION_STATUS, "sources", (SOURCE_ASSETS,)),
    (COLLECTION_ATTEMPTS, "sources", (SOURCE_ASSETS,)),
    (REJECTED_EVENTS, "sources", (SOURCE_ASSETS, "events")),
    # Written by `trend forget`, so it has no upstream asset.
    (FORGOTTEN, "sources", ()),
    (PHRASE_STATES, "enrichment", ("topic_phrases",)),
    (LOAD_CHECKS, "enrichment", ("event_embeddings",)),
    (DEFERRED_HOURS, "enrichment", ("event_embeddings",)),
    (ALERTS, "forecasting", ("predictions",)),
    (ALERT_THRESHOLDS, "forecasting", ("predictions",)),
    # Written by `trend model`, too.
    (MODEL_PROMOTIONS, "training", ("tgn_checkpoint",)),
    (DRIFT_CHECKS, "training", ("topic_activity", "training_runs", "model_promotions", "prediction_outcomes")),
)


def record_specs(sources: Sequence[str]) -> list[dg.AssetSpec]:
    """External assets, one a table.

    Args:
        sources: names of the sources whose assets there are.
    """
    return [
        dg.AssetSpec(
            table.name,
            deps=asset_keys(before, sources),
            description=table.meaning,
            group_name=group,
            owners=OWNERS,
            kinds={"duckdb"},
            metadata=table_metadata(table),
        )
        for table, group, before in _RECORDS
    ]
