"""Events to a temporal graph: user to content to topic, and the user-to-topic projection for learning.

Edges of one event:

- user → its content, of the event's type (left out where the source names no user, as for searches),
- its content → the original content, ``refers_to``, where the context holds ``original_content_id``
  (retweets, replies, quotes, comments),
- its content → each of its topics, ``about``.

A content that two events speak of (a video that is uploaded, then trending) is one node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from trend_assets.graph.identity import node_id
from trend_assets.lake.tables import NODES, TEMPORAL_EDGES

if TYPE_CHECKING:
    from trend_assets.graph.temporal import TemporalGraph

ABOUT = "about"
REFERS_TO = "refers_to"


class GraphBuilder:
    """Builds edges and nodes from rows of `EVENTS`; the same event always gives the same edges."""

    def edges(self, events: pl.DataFrame) -> pl.DataFrame:
        """The edges of the events, as `TEMPORAL_EDGES`, sorted by time, event, source and target node."""
        keyed = _keyed_edges(events)
        ids = _node_ids(keyed)
        edges = (
            keyed.join(ids.select(src_node="node", src="node_id"), on="src_node")
            .join(ids.select(dst_node="node", dst="node_id"), on="dst_node")
            .select(TEMPORAL_EDGES.column_names)
            .unique(["event_id", "src", "dst"])
            .sort("timestamp", "event_id", "src", "dst")
        )
        return TEMPORAL_EDGES.conform(edges)

    def nodes(self, events: pl.DataFrame) -> pl.DataFrame:
        """The nodes that the events' edges touch, as `NODES`, sorted by first appearance and id."""
        keyed = _keyed_edges(events)
        touched = pl.concat(
            [
                keyed.select("timestamp", node="src_node"),
                keyed.select("timestamp", node="dst_node"),
            ]
        )
        nodes = (
            touched.group_by("node")
            .agg(pl.col("timestamp").min().alias("first_seen"))
            .join(_node_ids(keyed), on="node")
            .with_columns(pl.col("node").str.splitn(":", 2).struct.rename_fields(["kind", "key"]))
            .unnest("node")
            .select(NODES.column_names)
            .sort("first_seen", "node_id")
        )
        return NODES.conform(nodes)

    def mentions(self, events: pl.DataFrame) -> pl.DataFrame:
        """One row an event and topic, sorted by timestamp, event and the topic's place in the event.

        Returns:
            timestamp, hour (UTC), event_id, topic, user_id (``source:user``, null where nobody is
            named), event_type, weight (0.2 to 1), content_id, source.
        """
        return (
            events.select(
                "timestamp",
                "hour",
                pl.col("id").alias("event_id"),
                pl.col("topics").list.unique(maintain_order=True).alias("topic"),
                _qualified("user_id").alias("user_id"),
                "event_type",
                pl.col("edge_weight").alias("weight"),
                "content_id",
                "source",
            )
            .sort("timestamp", "event_id")
            .explode("topic")
            .drop_nulls("topic")
        )

    def temporal_data(
        self, mentions: pl.DataFrame, known: TemporalGraph | None = None, topic_offset: int | None = None
    ) -> TemporalGraph:
        """The user-to-topic projection for learning: see `trend_assets.graph.temporal.temporal_data`."""
        # Edges are made every hour, and need no torch, which takes seconds to import.
        from trend_assets.graph.temporal import temporal_data

        return temporal_data(mentions, known=known, topic_offset=topic_offset)


def _qualified(column: str) -> pl.Expr:
    return pl.when(pl.col(column).is_not_null()).then(pl.concat_str("source", pl.lit(":"), column))


def _keyed_edges(events: pl.DataFrame) -> pl.DataFrame:
    """Edges with `kind:key` at both ends, before any hash is computed."""
    original = pl.col("context").str.json_path_match("$.original_content_id")
    base = events.select(
        "hour",
        "timestamp",
        pl.col("id").alias("event_id"),
        "event_type",
        pl.col("edge_weight").alias("weight"),
        "topics",
        pl.concat_str(pl.lit("user:"), _qualified("user_id")).alias("user"),
        pl.concat_str(pl.lit("content:"), _qualified("content_id")).alias("content"),
        pl.concat_str(pl.lit("content:"), "source", pl.lit(":"), original).alias("original"),
    )
    common = ("hour", "timestamp", "event_id", "weight")
    acts = base.drop_nulls("user").select(*common, "event_type", src="user", dst="content")
    refers = (
        base.drop_nulls("original")
        .filter(pl.col("original") != pl.col("content"))
        .select(*common, pl.lit(REFERS_TO).alias("event_type"), src="content", dst="original")
    )
    about = (
        base.select(*common, "content", topic="topics")
        .explode("topic")
        .drop_nulls("topic")
        .select(
            *common,
            pl.lit(ABOUT).alias("event_type"),
            pl.col("content").alias("src"),
            pl.concat_str(pl.lit("topic:"), "topic").alias("dst"),
        )
    )
    return pl.concat([acts, refers, about]).rename({"event_type": "edge_type", "src": "src_node", "dst": "dst_node"})


def _node_ids(keyed: pl.DataFrame) -> pl.DataFrame:
    """Each `kind:key` once, beside its id."""
    nodes = pl.concat([keyed["src_node"], keyed["dst_node"].alias("src_node")]).unique()
    ids = [node_id(*node.split(":", 1)) for node in nodes.to_list()]
    return pl.DataFrame({"node": nodes, "node_id": pl.Series(ids, dtype=pl.Int64)})
