"""Tables of the temporal graph."""

from __future__ import annotations

from trend_assets.lake.table import Column, Table
from trend_assets.lake.tables.columns import HOUR

TEMPORAL_EDGES = Table(
    name="temporal_edges",
    meaning="The temporal graph of users, contents, topics and communities, in order of time.",
    columns=(
        HOUR,
        Column("timestamp", "TIMESTAMPTZ", "UTC", "When the edge appeared."),
        Column("event_id", "VARCHAR", "", "The event that made it; its text's vector is in `event_embeddings`."),
        Column("src", "BIGINT", "", "Node id from which it goes."),
        Column("dst", "BIGINT", "", "Node id to which it goes."),
        Column(
            "edge_type",
            "VARCHAR",
            "",
            "The event's type from who did it (a user, else the source) to the content; from the content `about` to a "
            "topic, `replies_to`, `reposts`, `quotes`, `refers_to` to another one, `in` to a community; `wrote` from "
            "that other's author to it; `mentions` from user to user.",
        ),
        Column("weight", "DOUBLE", "0.2 to 1", "The event's edge weight."),
    ),
    key=("event_id", "src", "dst"),
    partition="hour",
)

NODES = Table(
    name="nodes",
    meaning="What a node id stands for; ids are hashes of kind and key, the same in every run.",
    columns=(
        Column("node_id", "BIGINT", "", "BLAKE2b-64 of `kind:key`, the sign bit cleared."),
        Column("kind", "VARCHAR", "", "`user`, `content`, `topic` or `community`."),
        Column(
            "key",
            "VARCHAR",
            "",
            "`source:user_id`, `source:content_id`, the topic, `source:community`, or the source alone.",
        ),
        Column("first_seen", "TIMESTAMPTZ", "UTC", "The earliest edge that touches it."),
    ),
    key=("node_id",),
    write="upsert",
)
