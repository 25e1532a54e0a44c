"""What must hold of the tables: checked after each materialization, shown in the UI."""

import dagster as dg

from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.tables import (
    EVENT_EMBEDDINGS,
    EVENTS,
    PREDICTIONS,
    RAW_EVENTS,
    TEMPORAL_EDGES,
    TOPIC_ACTIVITY,
    Table,
)

#: Table, name, what it says, and a query that counts the rows that break it.
_RULES: tuple[tuple[Table, str, str, str], ...] = (
    (
        RAW_EVENTS,
        "ids_unique",
        "Every event is there once.",
        "SELECT count(*) - count(DISTINCT id) AS broken FROM raw_events",
    ),
    (
        EVENTS,
        "ids_unique",
        "Every event is there once.",
        "SELECT count(*) - count(DISTINCT id) AS broken FROM events",
    ),
    (
        EVENTS,
        "times_in_partition",
        "Every event lies in the hour of its partition.",
        "SELECT count(*) AS broken FROM events WHERE date_trunc('hour', timestamp) <> hour",
    ),
    (
        EVENTS,
        "scores_in_range",
        "Spam and Gen Z scores are in [0, 1], edge weights in [0.2, 1].",
        "SELECT count(*) AS broken FROM events WHERE NOT (spam_score BETWEEN 0 AND 1 "
        "AND gen_z_score BETWEEN 0 AND 1 AND edge_weight BETWEEN 0.2 AND 1)",
    ),
    (
        EVENT_EMBEDDINGS,
        "unit_length",
        "Every vector of the newest week has length one.",
        "SELECT count(*) AS broken FROM event_embeddings "
        "WHERE hour > (SELECT max(hour) FROM event_embeddings) - INTERVAL 7 DAYS "
        "AND abs(list_sum(list_transform(embedding, x -> x * x)) - 1) > 0.001",
    ),
    (
        TOPIC_ACTIVITY,
        "counts_consistent",
        "A topic has at least one mention, and no more users than mentions.",
        "SELECT count(*) AS broken FROM topic_activity WHERE mentions < 1 OR distinct_users > mentions",
    ),
    (
        TEMPORAL_EDGES,
        "times_in_partition",
        "Every edge lies in the hour of its partition.",
        "SELECT count(*) AS broken FROM temporal_edges WHERE date_trunc('hour', timestamp) <> hour",
    ),
    (
        PREDICTIONS,
        "confidence_in_range",
        "Confidence is a probability, or absent.",
        "SELECT count(*) AS broken FROM predictions WHERE confidence NOT BETWEEN 0 AND 1",
    ),
    (
        PREDICTIONS,
        "cut_after_hour",
        "A forecast is made at the end of the last hour that it saw.",
        "SELECT count(*) AS broken FROM predictions WHERE cut <> hour + INTERVAL 1 HOUR",
    ),
)


def asset_checks() -> list[dg.AssetChecksDefinition]:
    """A check for every rule."""
    return [_check(*rule) for rule in _RULES]


def _check(table: Table, name: str, meaning: str, query: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=table.name, name=name, description=meaning)
    def check(lake: LakeResource) -> dg.AssetCheckResult:
        broken = int(lake.lake.read(query)["broken"][0])
        return dg.AssetCheckResult(passed=broken == 0, metadata={"rows_that_break_it": broken})

    return check
