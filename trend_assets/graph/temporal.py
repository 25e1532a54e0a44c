"""The user-to-topic projection of the graph, in the tensors that a temporal graph network reads.

A path user → content → topic becomes one interaction of the user with the topic at the event's time.
Where nobody is named (searches, charts), the source itself takes the user's place, so that what the
public searched for is not lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import torch
from torch_geometric.data import TemporalData

from trend_assets.graph.identity import node_id
from trend_assets.names import COMMON_EVENT_TYPES

#: The fixed vocabulary of `msg`'s first columns; an archive's own words are all ``other``.
EVENT_TYPE_VOCABULARY = (*COMMON_EVENT_TYPES, "other")

_ORDER = ("timestamp", "event_id")


@dataclass(frozen=True, slots=True)
class TemporalGraph:
    """Interactions in order of time, and what their node indices stand for.

    Args:
        data: PyG ``TemporalData`` of E interactions: ``src`` (E,) int64 index of the user, ``dst`` (E,)
            int64 `topic_offset` plus the index of the topic, ``t`` (E,) int64 seconds since 1970 UTC,
            ``msg`` (E, M) float32: one-hot of `EVENT_TYPE_VOCABULARY`, weight, and the embedding.
        users: user of each index, ``source:user_id``, by first appearance.
        topics: topic of each index, by first appearance.
        topic_offset: index of the first topic in ``dst``; at least the number of users.
    """

    data: TemporalData
    users: list[str]
    topics: list[str]
    topic_offset: int

    @property
    def num_nodes(self) -> int:
        """Users, the room kept for more of them, and topics."""
        return self.topic_offset + len(self.topics)

    @property
    def node_ids(self) -> np.ndarray:
        """(num_nodes,) int64: the lake's id of each index; -1 where room is kept for later users."""
        ids = np.full(self.num_nodes, -1, dtype=np.int64)
        ids[: len(self.users)] = [node_id("user", user) for user in self.users]
        ids[self.topic_offset :] = [node_id("topic", topic) for topic in self.topics]
        return ids


def temporal_data(
    mentions: pl.DataFrame, known: TemporalGraph | None = None, topic_offset: int | None = None
) -> TemporalGraph:
    """Mentions as a temporal graph.

    Indices are given by first appearance in order of (timestamp, event_id) and, within an event, of the
    rows, so that a longer history gives every node that it shares with a shorter one the same index.
    Users and topics are numbered apart. Topics begin at ``topic_offset``: hand in room for future users
    to keep ``dst`` unchanged, too, while users are added.

    Args:
        mentions: timestamp (UTC), event_id, user_id (``source:user`` or null), event_type, topic,
            weight, and optionally source (read where user_id is null) and embedding (list or array of
            float32, null where there is none: zeros). Any order.
        known: a graph whose numbers are kept: its nodes come first, new ones follow.
        topic_offset: where topics begin; that of ``known``, or the number of users, where not given.

    Raises:
        ValueError: a time without zone, more users than ``topic_offset``, rows without a user and no
            source column, or embeddings of different lengths.
    """
    if not isinstance(mentions.schema["timestamp"], pl.Datetime) or not mentions.schema["timestamp"].time_zone:
        raise ValueError("mentions: timestamp has no time zone")
    order = [name for name in _ORDER if name in mentions.columns]
    mentions = _with_source_as_user(mentions).sort(order, maintain_order=True)
    users, src = _indexed(mentions["user_id"], known.users if known else [])
    topics, topic_index = _indexed(mentions["topic"], known.topics if known else [])
    if topic_offset is None:
        topic_offset = max(len(users), known.topic_offset) if known else len(users)
    if topic_offset < len(users):
        raise ValueError(f"topic_offset is {topic_offset}, but there are {len(users)} users")
    data = TemporalData(
        src=torch.from_numpy(src),
        dst=torch.from_numpy(topic_index + topic_offset),
        t=torch.from_numpy(mentions["timestamp"].dt.epoch("s").to_numpy().astype(np.int64)),
        msg=torch.from_numpy(_messages(mentions)),
    )
    return TemporalGraph(data, users, topics, topic_offset)


def _with_source_as_user(mentions: pl.DataFrame) -> pl.DataFrame:
    if not mentions["user_id"].null_count():
        return mentions
    if "source" not in mentions.columns:
        raise ValueError("mentions: rows without user_id need a source column")
    return mentions.with_columns(pl.coalesce("user_id", pl.concat_str("source", pl.lit(":"))).alias("user_id"))


def _indexed(values: pl.Series, known: list[str]) -> tuple[list[str], np.ndarray]:
    """All names by first appearance, known ones first, and the index of each value, (n,) int64."""
    names = pl.concat([pl.Series(known, dtype=pl.String), values.rename("")]).unique(maintain_order=True)
    places = pl.DataFrame({"name": names, "index": np.arange(len(names), dtype=np.int64)})
    joined = pl.DataFrame({"name": values}).join(places, on="name", how="left", maintain_order="left")
    return names.to_list(), joined["index"].to_numpy().copy()


def _messages(mentions: pl.DataFrame) -> np.ndarray:
    """(n, types + 1 + width of the embedding) float32."""
    kinds = len(EVENT_TYPE_VOCABULARY)
    place = {name: index for index, name in enumerate(EVENT_TYPE_VOCABULARY)}
    vectors = _embeddings(mentions)
    messages = np.zeros((mentions.height, kinds + 1 + vectors.shape[1]), dtype=np.float32)
    kind = mentions["event_type"].replace_strict(place, default=kinds - 1, return_dtype=pl.Int64)
    messages[np.arange(mentions.height), kind.to_numpy()] = 1.0
    messages[:, kinds] = mentions["weight"].to_numpy()
    messages[:, kinds + 1 :] = vectors
    return messages


def _embeddings(mentions: pl.DataFrame) -> np.ndarray:
    if "embedding" not in mentions.columns:
        return np.zeros((mentions.height, 0), dtype=np.float32)
    given = mentions["embedding"].cast(pl.List(pl.Float32))
    present = given.is_not_null().to_numpy()
    widths = given.drop_nulls().list.len().unique().to_list()
    if len(widths) > 1:
        raise ValueError(f"mentions: embeddings of different lengths {sorted(widths)}")
    width = widths[0] if widths else 0
    vectors = np.zeros((mentions.height, width), dtype=np.float32)
    if width:
        vectors[present] = given.drop_nulls().explode().to_numpy().reshape(-1, width)
    return vectors
