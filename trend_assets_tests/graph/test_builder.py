from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from trend_assets.graph.builder import GraphBuilder
from trend_assets.graph.identity import node_id
from trend_assets.lake.tables import EVENTS, NODES, TEMPORAL_EDGES

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
BUILDER = GraphBuilder()


def event(
    content_id: str,
    topics: tuple[str, ...] = (),
    user: str | None = "u",
    minutes: int = 0,
    source: str = "twitter",
    event_type: str = "original",
    context: str = "{}",
    weight: float = 1.0,
) -> dict:
    when = NOON + timedelta(minutes=minutes)
    return {
        "id": f"{source}:{event_type}:{content_id}",
        "hour": when.replace(minute=0),
        "timestamp": when,
        "source": source,
        "event_type": event_type,
        "content_id": content_id,
        "user_id": user,
        "text": "",
        "language": None,
        "hashtags": [],
        "topics": list(topics),
        "context": context,
        "features": "{}",
        "spam_score": 1 - weight,
        "edge_weight": weight,
        "gen_z_score": 0.0,
    }


def many(count: int = 40) -> pl.DataFrame:
    return EVENTS.frame(
        event(
            f"{place}",
            (f"#{place % 3}", f"${place % 5}"),
            f"u{place % 4}" if place % 7 else None,
            place * 13,
            event_type="reply" if place % 2 else "original",
            context=f'{{"original_content_id":"{place - 1}"}}' if place % 2 else "{}",
        )
        for place in range(count)
    )


def ids(**named: str) -> list[int]:
    return [node_id(kind, key) for kind, key in named.items()]


def test_user_to_content_to_topic() -> None:
    edges = BUILDER.edges(EVENTS.frame([event("1", ("#a", "$b"), weight=0.5)]))
    user, content = ids(user="twitter:u", content="twitter:1")
    found = {(row["src"], row["dst"], row["edge_type"]) for row in edges.iter_rows(named=True)}
    assert found == {
        (user, content, "original"),
        (content, node_id("topic", "#a"), "about"),
        (content, node_id("topic", "$b"), "about"),
    }
    assert edges["weight"].to_list() == [0.5] * 3
    assert edges["event_id"].unique().to_list() == ["twitter:original:1"]
    TEMPORAL_EDGES.conform(edges)


def test_a_reply_refers_to_its_original() -> None:
    reply = event("2", user="v", event_type="reply", context='{"original_content_id":"1","x":0}')
    edges = BUILDER.edges(EVENTS.frame([reply]))
    own, original = node_id("content", "twitter:2"), node_id("content", "twitter:1")
    rows = {(row["src"], row["dst"]): row["edge_type"] for row in edges.iter_rows(named=True)}
    assert rows == {(node_id("user", "twitter:v"), own): "reply", (own, original): "refers_to"}


def test_nothing_refers_to_itself_or_to_null() -> None:
    odd = [
        event("1", context='{"original_content_id":"1"}', user=None),
        event("2", context='{"original_content_id":null}', user=None),
    ]
    assert BUILDER.edges(EVENTS.frame(odd)).is_empty()


def test_searches_make_edges_without_users() -> None:
    search = event("s", ("world cup",), None, source="google_trends", event_type="trend")
    edges = BUILDER.edges(EVENTS.frame([search]))
    assert edges["edge_type"].to_list() == ["about"]
    assert edges["src"].to_list() == [node_id("content", "google_trends:s")]


def test_one_content_of_two_events_is_one_node() -> None:
    both = EVENTS.frame(
        [
            event("v", source="youtube", event_type="upload"),
            event("v", source="youtube", event_type="trending", minutes=5),
        ]
    )
    nodes = BUILDER.nodes(both)
    assert nodes.rows() == [
        (node, kind, key, NOON)
        for node, kind, key in sorted(
            (node_id(kind, key), kind, key) for kind, key in (("user", "youtube:u"), ("content", "youtube:v"))
        )
    ]


def test_nodes_name_every_end_of_every_edge_at_its_earliest_time() -> None:
    events = many()
    edges, nodes = BUILDER.edges(events), BUILDER.nodes(events)
    NODES.conform(nodes)
    ends = pl.concat([edges.select("timestamp", node_id="src"), edges.select("timestamp", node_id="dst")])
    earliest = ends.group_by("node_id").agg(pl.col("timestamp").min().alias("first_seen")).sort("node_id")
    assert_frame_equal(nodes.select("node_id", "first_seen").sort("node_id"), earliest, check_column_order=False)
    assert nodes["node_id"].n_unique() == nodes.height
    assert [node_id(kind, key) for _, kind, key, _ in nodes.rows()] == nodes["node_id"].to_list()


def test_edges_are_in_order_of_time_whatever_the_order_of_events() -> None:
    events = many()
    edges = BUILDER.edges(events)
    assert_frame_equal(edges, edges.sort("timestamp", "event_id", "src", "dst"))
    assert_frame_equal(BUILDER.edges(events.sample(fraction=1.0, shuffle=True, seed=2)), edges)
    assert not edges.select(TEMPORAL_EDGES.key).is_duplicated().any()


def test_a_range_equals_its_hours_one_by_one() -> None:
    events = many()
    parts = events.partition_by("hour")
    assert len(parts) > 5
    assert_frame_equal(
        BUILDER.edges(events),
        pl.concat([BUILDER.edges(part) for part in parts]).sort("timestamp", "event_id", "src", "dst"),
    )


def test_mentions_are_one_row_an_event_and_topic() -> None:
    events = EVENTS.frame(
        [
            event("2", ("#b", "#a"), minutes=61, weight=0.5),
            event("1", ("#a", "#a"), None, source="google_trends", event_type="trend"),
            event("3"),
        ]
    )
    mentions = BUILDER.mentions(events)
    later = NOON + timedelta(minutes=61)
    hour = NOON + timedelta(hours=1)
    assert mentions.rows() == [
        (NOON, NOON, "google_trends:trend:1", "#a", None, "trend", 1.0, "1", "google_trends"),
        (later, hour, "twitter:original:2", "#b", "twitter:u", "original", 0.5, "2", "twitter"),
        (later, hour, "twitter:original:2", "#a", "twitter:u", "original", 0.5, "2", "twitter"),
    ]


def test_the_projection_is_the_path_from_user_over_content_to_topic() -> None:
    events = many()
    graph = BUILDER.temporal_data(BUILDER.mentions(events))
    edges = BUILDER.edges(events)
    acts = edges.filter(~pl.col("edge_type").is_in(["about", "refers_to"]))
    paths = acts.join(edges.filter(pl.col("edge_type") == "about"), left_on="dst", right_on="src")
    expected = sorted(paths.select("src", "dst_right").rows())
    named = [place for place, user in enumerate(graph.users) if user != "twitter:"]
    node_ids = graph.node_ids
    found = sorted(
        (node_ids[src], node_ids[dst])
        for src, dst in zip(graph.data.src.tolist(), graph.data.dst.tolist(), strict=True)
        if src in named
    )
    assert len(expected) > 50
    assert found == expected


def test_no_events_give_empty_frames() -> None:
    nothing = EVENTS.frame()
    assert_frame_equal(BUILDER.edges(nothing), TEMPORAL_EDGES.frame())
    assert_frame_equal(BUILDER.nodes(nothing), NODES.frame())
    assert BUILDER.mentions(nothing).is_empty()


@given(st.sampled_from(["user", "content", "topic"]), st.text(alphabet=st.characters(codec="utf-8")))
def test_node_ids_fit_a_bigint(kind: str, key: str) -> None:
    assert 0 <= node_id(kind, key) < 2**63
    assert node_id(kind, key) == node_id(kind, key)


def test_node_ids_are_the_same_in_another_process() -> None:
    code = "from trend_assets.graph.identity import node_id; print(node_id('topic', '#caf\\u00e9'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == node_id("topic", "#caf\u00e9")


def test_edges_need_no_deep_learning_library() -> None:
    code = "import sys, trend_assets.graph.builder; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
