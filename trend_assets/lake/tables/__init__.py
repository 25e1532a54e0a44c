"""Every table of the lake, declared once.

The same declarations create the tables, type the Polars frames that the assets return, and are
shown as column schemas in the Dagster UI. Nothing here opens the lake.
"""

from __future__ import annotations

from collections.abc import Mapping

from trend_assets.lake.table import Table
from trend_assets.lake.tables.collected import (
    COLLECTION_ATTEMPTS,
    COLLECTION_STATUS,
    FORGOTTEN,
    OBSERVATIONS,
    RAW_EVENTS,
    REJECTED_EVENTS,
)
from trend_assets.lake.tables.enriched import (
    EVENT_EMBEDDINGS,
    EVENTS,
    NEAR_COPIES,
    PHRASE_STATES,
    TOPIC_ACTIVITY,
    TOPIC_LABELS,
    TOPIC_PHRASES,
)
from trend_assets.lake.tables.forecast import MODEL_PROMOTIONS, PREDICTION_OUTCOMES, PREDICTIONS, TRAINING_RUNS
from trend_assets.lake.tables.graph import NODES, TEMPORAL_EDGES
from trend_assets.lake.tables.operated import ALERT_THRESHOLDS, ALERTS, DEFERRED_HOURS, DRIFT_CHECKS, LOAD_CHECKS

__all__ = [
    "ALERTS",
    "ALERT_THRESHOLDS",
    "COLLECTION_ATTEMPTS",
    "COLLECTION_STATUS",
    "DEFERRED_HOURS",
    "DRIFT_CHECKS",
    "EVENTS",
    "EVENT_EMBEDDINGS",
    "FORGOTTEN",
    "LOAD_CHECKS",
    "MODEL_PROMOTIONS",
    "NEAR_COPIES",
    "NODES",
    "OBSERVATIONS",
    "PHRASE_STATES",
    "PREDICTIONS",
    "PREDICTION_OUTCOMES",
    "RAW_EVENTS",
    "REJECTED_EVENTS",
    "TABLES",
    "TEMPORAL_EDGES",
    "TOPIC_ACTIVITY",
    "TOPIC_LABELS",
    "TOPIC_PHRASES",
    "TRAINING_RUNS",
]

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        RAW_EVENTS,
        EVENTS,
        OBSERVATIONS,
        REJECTED_EVENTS,
        EVENT_EMBEDDINGS,
        TOPIC_ACTIVITY,
        TOPIC_PHRASES,
        PHRASE_STATES,
        NEAR_COPIES,
        TOPIC_LABELS,
        TEMPORAL_EDGES,
        NODES,
        TRAINING_RUNS,
        MODEL_PROMOTIONS,
        PREDICTIONS,
        PREDICTION_OUTCOMES,
        COLLECTION_STATUS,
        COLLECTION_ATTEMPTS,
        ALERTS,
        FORGOTTEN,
        DRIFT_CHECKS,
        LOAD_CHECKS,
        DEFERRED_HOURS,
        ALERT_THRESHOLDS,
    )
}
