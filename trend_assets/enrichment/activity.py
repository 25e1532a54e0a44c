"""Mentions of each topic in each hour."""

from __future__ import annotations

import polars as pl

from trend_assets.lake.tables import NEAR_COPIES, TOPIC_ACTIVITY


def topic_activity(
    events: pl.DataFrame, phrases: pl.DataFrame | None = None, copies: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Mentions of each topic in each hour, as `TOPIC_ACTIVITY`, sorted by hour and topic.

    An event counts once a topic, however often it names it. Users are told apart within their source;
    events without a user count as mentions, not as users.

    Args:
        events: rows of `EVENTS`, of any number of hours.
        phrases: rows of `TOPIC_PHRASES`: topics that events have beside their own.
        copies: rows of `NEAR_COPIES`: what they repeat weighs nothing.
    """
    user = pl.when(pl.col("user_id").is_not_null()).then(pl.concat_str("source", pl.lit(":"), "user_id"))
    acts = events.lazy().select("id", "hour", "edge_weight", user.alias("user"))
    told = events.lazy().select("id", pl.col("topics").alias("topic")).explode("topic").drop_nulls("topic")
    if phrases is not None:
        told = pl.concat([told, phrases.lazy().select("topic", id="event_id").select("id", "topic")])
    repeated = NEAR_COPIES.frame() if copies is None else copies
    again = repeated.lazy().select("repeated", id="event_id").explode("repeated").rename({"repeated": "topic"})
    mentions = (
        acts.join(told, on="id")
        .unique(["id", "topic"])
        .join(again.with_columns(again=True), on=["id", "topic"], how="left")
        .with_columns(pl.when("again").then(0.0).otherwise("edge_weight").alias("edge_weight"))
        .group_by("hour", "topic")
        .agg(
            pl.len().cast(pl.Int64).alias("mentions"),
            # Sorted, because the sum of floats depends on their order.
            pl.col("edge_weight").sort().sum().alias("weighted_mentions"),
            pl.col("user").drop_nulls().n_unique().cast(pl.Int64).alias("distinct_users"),
        )
        .sort("hour", "topic")
    )
    return TOPIC_ACTIVITY.conform(mentions.collect())
