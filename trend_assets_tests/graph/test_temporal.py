from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
import torch
from torch_geometric.data import TemporalData

from trend_assets.graph.identity import node_id
from trend_assets.graph.temporal import EVENT_TYPE_VOCABULARY, temporal_data

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
KINDS = len(EVENT_TYPE_VOCABULARY)


def mentions(rows: list[tuple], **more) -> pl.DataFrame:
    """Rows of (minute, user, topic, event type, weight)."""
    return pl.DataFrame(
        {
            "timestamp": [NOON + timedelta(minutes=row[0]) for row in rows],
            "event_id": [f"e{place:03d}" for place in range(len(rows))],
            "user_id": [row[1] for row in rows],
            "topic": [row[2] for row in rows],
            "event_type": [row[3] for row in rows],
            "weight": [row[4] for row in rows],
            **more,
        },
        schema_overrides={"timestamp": pl.Datetime("us", "UTC"), "user_id": pl.String},
    )


ROWS = [
    (5, "twitter:b", "#y", "reply", 0.5),
    (0, "twitter:a", "#x", "original", 1.0),
    (9, "twitter:a", "#y", "speech", 0.2),
]


def test_interactions_are_in_order_of_time() -> None:
    graph = temporal_data(mentions(ROWS))
    assert isinstance(graph.data, TemporalData)
    assert graph.users == ["twitter:a", "twitter:b"]
    assert graph.topics == ["#x", "#y"]
    assert graph.data.src.tolist() == [0, 1, 0]
    assert graph.data.dst.tolist() == [2, 3, 3]
    start = int(NOON.timestamp())
    assert graph.data.t.tolist() == [start, start + 300, start + 540]
    assert graph.data.src.dtype == graph.data.dst.dtype == graph.data.t.dtype == torch.int64


def test_messages_hold_type_and_weight() -> None:
    msg = temporal_data(mentions(ROWS)).data.msg
    assert msg.shape == (3, KINDS + 1)
    assert msg.dtype == torch.float32
    assert [EVENT_TYPE_VOCABULARY[place] for place in msg[:, :KINDS].argmax(dim=1)] == [
        "original",
        "reply",
        "other",
    ]
    assert msg[:, :KINDS].sum(dim=1).tolist() == [1.0] * 3
    assert msg[:, KINDS].tolist() == pytest.approx([1.0, 0.5, 0.2])


@pytest.mark.parametrize("dtype", [pl.List(pl.Float32), pl.Array(pl.Float32, 3)])
def test_messages_hold_embeddings_where_there_are_any(dtype: pl.DataType) -> None:
    vectors = pl.Series([[1.0, 2.0, 3.0], None, [4.0, 5.0, 6.0]], dtype=dtype)
    msg = temporal_data(mentions(ROWS, embedding=vectors)).data.msg
    assert msg[:, KINDS + 1 :].tolist() == [[0.0, 0.0, 0.0], [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]


def test_embeddings_of_two_models_do_not_mix() -> None:
    vectors = pl.Series([[1.0], [1.0, 2.0], None], dtype=pl.List(pl.Float32))
    with pytest.raises(ValueError, match="different lengths"):
        temporal_data(mentions(ROWS, embedding=vectors))


def test_node_ids_are_the_lakes() -> None:
    graph = temporal_data(mentions(ROWS), topic_offset=4)
    expected = [node_id("user", "twitter:a"), node_id("user", "twitter:b"), -1, -1]
    expected += [node_id("topic", "#x"), node_id("topic", "#y")]
    assert graph.node_ids.tolist() == expected
    assert graph.num_nodes == 6


def random_rows(count: int, seed: int) -> list[tuple]:
    chance = np.random.default_rng(seed)
    return [
        (place, f"twitter:{chance.integers(30)}", f"#{chance.integers(40)}", "original", 1.0) for place in range(count)
    ]


def test_a_longer_history_keeps_the_numbers() -> None:
    rows = random_rows(300, 1)
    short, long = (
        temporal_data(mentions(rows[:60]), topic_offset=100),
        temporal_data(mentions(rows), topic_offset=100),
    )
    assert long.users[: len(short.users)] == short.users
    assert long.topics[: len(short.topics)] == short.topics
    assert torch.equal(long.data.src[:60], short.data.src)
    assert torch.equal(long.data.dst[:60], short.data.dst)


def test_extending_a_graph_equals_building_it_whole() -> None:
    rows = random_rows(300, 2)
    whole = temporal_data(mentions(rows), topic_offset=100)
    first = temporal_data(mentions(rows[:100]), topic_offset=100)
    second = temporal_data(mentions(rows[100:]), known=first)
    assert (second.users, second.topics, second.topic_offset) == (whole.users, whole.topics, 100)
    assert torch.equal(torch.cat([first.data.src, second.data.src]), whole.data.src)
    assert torch.equal(torch.cat([first.data.dst, second.data.dst]), whole.data.dst)


def test_too_little_room_for_users_is_an_error() -> None:
    with pytest.raises(ValueError, match="topic_offset is 1, but there are 2 users"):
        temporal_data(mentions(ROWS), topic_offset=1)


def test_the_source_stands_in_for_a_missing_user() -> None:
    rows = [(0, None, "world cup", "trend", 1.0), (1, "twitter:a", "#x", "original", 1.0)]
    graph = temporal_data(mentions(rows, source=["google_trends", "twitter"]))
    assert graph.users == ["google_trends:", "twitter:a"]
    with pytest.raises(ValueError, match="source"):
        temporal_data(mentions(rows))


def test_a_naive_time_is_an_error() -> None:
    naive = mentions(ROWS).with_columns(pl.col("timestamp").dt.replace_time_zone(None))
    with pytest.raises(ValueError, match="time zone"):
        temporal_data(naive)


def test_no_mentions_give_an_empty_graph() -> None:
    graph = temporal_data(mentions(ROWS).clear())
    assert graph.num_nodes == 0
    assert graph.data.msg.shape == (0, KINDS + 1)
    assert graph.node_ids.shape == (0,)
