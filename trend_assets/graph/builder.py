"""Events to a temporal graph of users, contents, topics and communities.

Edges of one event:

- user → its content, of the event's type; where the source names no user, as for searches, the source's own
  community takes the user's place, so that every event has this edge,
- its content → each of its topics, of its own or of a phrase, ``about``; of near copies only once a group in 24 hours,
  so that a campaign is one mention,
- its content → another one, ``replies_to``, ``reposts``, ``quotes`` or, where the source does not say which,
  ``refers_to``,
- the author of that other content → it, ``wrote``, where the source names the author,
- user → each user whom it names, ``mentions``,
- its content → the community in which it stands (channel, list, instance, subreddit; else the source), ``in``.

A content that two events speak of is one node. The vector of an event's text is found by `event_id`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from trend_assets.graph.identity import node_id
from trend_assets.graph.references import MENTIONS, references
from trend_assets.lake.tables import NEAR_COPIES, NODES, TEMPORAL_EDGES, TOPIC_PHRASES

ABOUT = "about"

_COMMON = ("hour", "timestamp", "event_id", "weight")
_REFERENCES = {"event_id": pl.String, "edge_type": pl.String, "src": pl.String, "dst": pl.String}


class Graph(NamedTuple):
    """Frames as `TEMPORAL_EDGES` and `NODES`.

    Attributes:
        edges: sorted by time, event, source and target node.
        nodes: those that the edges touch, sorted by first appearance and id.
    """

    edges: pl.DataFrame
    nodes: pl.DataFrame


class GraphBuilder:
    """Builds edges and nodes from rows of `EVENTS`; the same event always gives the same edges.

    Args:
        community_columns: keys of an event's context that name its community, besides those of the parsers.
    """

    def __init__(self, community_columns: Sequence[str] = ()) -> None:
        self._columns = tuple(community_columns)

    def build(
        self, events: pl.DataFrame, phrases: pl.DataFrame | None = None, copies: pl.DataFrame | None = None
    ) -> Graph:
        """The events' edges, and the nodes that they touch.

        Args:
            events: rows of `EVENTS`.
            phrases: rows of `TOPIC_PHRASES`: topics that events have beside their own.
            copies: rows of `NEAR_COPIES`: what they repeat is no edge.
        """
        keyed = self._keyed_edges(
            events,
            TOPIC_PHRASES.frame() if phrases is None else phrases,
            NEAR_COPIES.frame() if copies is None else copies,
        )
        ids = _node_ids(keyed)
        edges = (
            keyed.join(ids.select("src", src_id="node_id"), on="src")
            .join(ids.select(dst="src", dst_id="node_id"), on="dst")
            .drop("src", "dst")
            .rename({"src_id": "src", "dst_id": "dst"})
            .sort("timestamp", "event_id", "src", "dst", "edge_type")
            .unique(["event_id", "src", "dst"], keep="first", maintain_order=True)
        )
        return Graph(TEMPORAL_EDGES.conform(edges.select(TEMPORAL_EDGES.column_names)), _nodes(keyed, ids))

    def _keyed_edges(self, events: pl.DataFrame, phrases: pl.DataFrame, copies: pl.DataFrame) -> pl.DataFrame:
        """Edges with `kind:key` at both ends, before any hash is computed."""
        base = events.select(
            "hour",
            "timestamp",
            pl.col("id").alias("event_id"),
            "event_type",
            pl.col("edge_weight").alias("weight"),
            "topics",
            pl.col("user_id").is_not_null().alias("named"),
            pl.when(pl.col("user_id").is_not_null())
            .then(pl.concat_str(pl.lit("user:"), "source", pl.lit(":"), "user_id"))
            .otherwise(pl.concat_str(pl.lit("community:"), "source"))
            .alias("user"),
            pl.concat_str(pl.lit("content:"), "source", pl.lit(":"), "content_id").alias("content"),
        )
        acts = base.select(*_COMMON, edge_type="event_type", src="user", dst="content")
        told = base.select("event_id", topic="topics").explode("topic").drop_nulls("topic")
        repeated = copies.select("event_id", topic="repeated").explode("topic")
        about = (
            pl.concat([told, phrases.select("event_id", "topic")])
            .unique()
            .join(repeated, on=["event_id", "topic"], how="anti")
            .join(base, on="event_id")
            .select(*_COMMON, pl.lit(ABOUT).alias("edge_type"), src="content", dst="topic")
            .with_columns(pl.concat_str(pl.lit("topic:"), "dst").alias("dst"))
        )
        return pl.concat([acts, about, self._references(events, base)])

    def _references(self, events: pl.DataFrame, base: pl.DataFrame) -> pl.DataFrame:
        told = [
            (event, *reference)
            for event, source, event_type, context in events.select("id", "source", "event_type", "context").iter_rows()
            for reference in references(source, event_type, context, self._columns)
        ]
        own = pl.when(pl.col("edge_type") == MENTIONS).then("user").otherwise("content")
        return (
            pl.DataFrame(told, schema=_REFERENCES, orient="row")
            .join(base, on="event_id")
            .filter(pl.col("named") | (pl.col("edge_type") != MENTIONS))
            .with_columns(pl.coalesce("src", own).alias("src"))
            .filter(pl.col("src") != pl.col("dst"))
            .select(*_COMMON, "edge_type", "src", "dst")
        )


def _nodes(keyed: pl.DataFrame, ids: pl.DataFrame) -> pl.DataFrame:
    touched = pl.concat([keyed.select("timestamp", "src"), keyed.select("timestamp", src="dst")])
    nodes = (
        touched.group_by("src")
        .agg(pl.col("timestamp").min().alias("first_seen"))
        .join(ids, on="src")
        .with_columns(pl.col("src").str.splitn(":", 2).struct.rename_fields(["kind", "key"]))
        .unnest("src")
        .select(NODES.column_names)
        .sort("first_seen", "node_id")
    )
    return NODES.conform(nodes)


def _node_ids(keyed: pl.DataFrame) -> pl.DataFrame:
    """Each `kind:key` once, as `src`, beside its id."""
    nodes = pl.concat([keyed["src"], keyed["dst"].alias("src")]).unique()
    ids = [node_id(*node.split(":", 1)) for node in nodes.to_list()]
    return pl.DataFrame({"src": nodes, "node_id": pl.Series(ids, dtype=pl.Int64)})
