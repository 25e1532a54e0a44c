from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
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


def edges_of(*events: dict, columns: tuple[str, ...] = ()) -> set[tuple[str, str, str]]:
    """Edges as (source, type, target), nodes by kind and key."""
    edges, nodes = GraphBuilder(columns).build(EVENTS.frame(events))
    names = {node: f"{kind} {key}" for node, kind, key, _ in nodes.rows()}
    TEMPORAL_EDGES.conform(edges)
    return {(names[row["src"]], row["edge_type"], names[row["dst"]]) for row in edges.iter_rows(named=True)}


def test_user_to_content_to_topic_and_where_it_stands() -> None:
    post = event("1", ("#a", "$b"), weight=0.5)
    assert edges_of(post) == {
        ("user twitter:u", "original", "content twitter:1"),
        ("content twitter:1", "about", "topic #a"),
        ("content twitter:1", "about", "topic $b"),
        ("content twitter:1", "in", "community twitter"),
    }
    edges = BUILDER.build(EVENTS.frame([post])).edges
    assert edges["weight"].to_list() == [0.5] * 4
    assert edges["event_id"].unique().to_list() == ["twitter:original:1"]


@pytest.mark.parametrize(
    ("source", "event_type", "relation"),
    [
        ("twitter", "reply", "replies_to"),
        ("youtube", "comment", "replies_to"),
        ("mastodon", "retweet", "reposts"),
        ("youtube", "trending", "reposts"),
        ("bluesky", "quote", "quotes"),
        ("archive", "something else", "refers_to"),
    ],
)
def test_in_which_way_a_content_refers_to_another(source: str, event_type: str, relation: str) -> None:
    context = '{"original_content_id":"1","original_user_id":"w","x":0}'
    found = edges_of(event("2", user="v", source=source, event_type=event_type, context=context))
    assert found == {
        (f"user {source}:v", event_type, f"content {source}:2"),
        (f"content {source}:2", relation, f"content {source}:1"),
        (f"user {source}:w", "wrote", f"content {source}:1"),
        (f"content {source}:2", "in", f"community {source}"),
    }


def test_a_reply_may_quote_too_and_a_comment_answers_its_parent_and_the_video() -> None:
    both = edges_of(
        event("2", event_type="reply", context='{"original_content_id":"1","quoted_content_id":"0"}'),
        event("c", event_type="comment", source="youtube", context='{"original_content_id":"v","parent_id":"p"}'),
    )
    assert {edge for edge in both if edge[1] in ("replies_to", "quotes")} == {
        ("content twitter:2", "replies_to", "content twitter:1"),
        ("content twitter:2", "quotes", "content twitter:0"),
        ("content youtube:c", "replies_to", "content youtube:v"),
        ("content youtube:c", "replies_to", "content youtube:p"),
    }


def test_a_user_names_others_but_not_itself() -> None:
    context = '{"mentioned_user_ids":["w",7,"u",null],"in_reply_to_user_id":"x"}'
    found = {edge for edge in edges_of(event("1", context=context)) if edge[1] == "mentions"}
    assert found == {("user twitter:u", "mentions", f"user twitter:{other}") for other in ("w", "7", "x")}
    nobody = edges_of(event("1", user=None, context=context))
    assert not {edge for edge in nobody if edge[1] == "mentions"}


def test_a_community_is_named_by_the_parser_or_by_a_column() -> None:
    found = edges_of(
        event("1", source="youtube", context='{"channel_id":"UC1"}'),
        event("2", source="archive", context='{"subreddit":"python","list":17}'),
        event("3", source="archive", context='{"other":"python"}'),
        columns=("subreddit", "list"),
    )
    assert {edge for edge in found if edge[1] == "in"} == {
        ("content youtube:1", "in", "community youtube:UC1"),
        ("content archive:2", "in", "community archive:python"),
        ("content archive:2", "in", "community archive:17"),
        ("content archive:3", "in", "community archive"),
    }


def test_nothing_refers_to_itself_or_to_null() -> None:
    found = edges_of(
        event("1", context='{"original_content_id":"1"}'),
        event("2", context='{"original_content_id":null}'),
        event("3", context="[1]"),
        event("4", context="no JSON"),
    )
    assert {edge[1] for edge in found} == {"original", "in"}


def test_where_nobody_is_named_the_source_acts() -> None:
    assert edges_of(event("s", ("world cup",), None, source="google_trends", event_type="trend")) == {
        ("community google_trends", "trend", "content google_trends:s"),
        ("content google_trends:s", "about", "topic world cup"),
        ("content google_trends:s", "in", "community google_trends"),
    }


def test_ids_are_opaque() -> None:
    content = "chat/a\\/b+1:2 %"
    assert (f"user archive:{content}", "original", f"content archive:{content}") in edges_of(
        event(content, user=content, source="archive")
    )


def test_one_content_of_two_events_is_one_node() -> None:
    both = EVENTS.frame(
        [
            event("v", source="youtube", event_type="upload"),
            event("v", source="youtube", event_type="trending", minutes=5),
        ]
    )
    named = (("user", "youtube:u"), ("content", "youtube:v"), ("community", "youtube"))
    assert BUILDER.build(both).nodes.rows() == [
        (node, kind, key, NOON) for node, kind, key in sorted((node_id(kind, key), kind, key) for kind, key in named)
    ]


def test_nodes_name_every_end_of_every_edge_at_its_earliest_time() -> None:
    events = many()
    edges, nodes = BUILDER.build(events)
    NODES.conform(nodes)
    ends = pl.concat([edges.select("timestamp", node_id="src"), edges.select("timestamp", node_id="dst")])
    earliest = ends.group_by("node_id").agg(pl.col("timestamp").min().alias("first_seen")).sort("node_id")
    assert_frame_equal(nodes.select("node_id", "first_seen").sort("node_id"), earliest, check_column_order=False)
    assert nodes["node_id"].n_unique() == nodes.height
    assert [node_id(kind, key) for _, kind, key, _ in nodes.rows()] == nodes["node_id"].to_list()


def test_edges_are_in_order_of_time_whatever_the_order_of_events() -> None:
    events = many()
    edges = BUILDER.build(events).edges
    assert_frame_equal(edges, edges.sort("timestamp", "event_id", "src", "dst"))
    assert_frame_equal(BUILDER.build(events.sample(fraction=1.0, shuffle=True, seed=2)).edges, edges)
    assert not edges.select(TEMPORAL_EDGES.key).is_duplicated().any()


def test_a_range_equals_its_hours_one_by_one() -> None:
    events = many()
    parts = events.partition_by("hour")
    assert len(parts) > 5
    assert_frame_equal(
        BUILDER.build(events).edges,
        pl.concat([BUILDER.build(part).edges for part in parts]).sort("timestamp", "event_id", "src", "dst"),
    )


def test_no_events_give_empty_frames() -> None:
    edges, nodes = BUILDER.build(EVENTS.frame())
    assert_frame_equal(edges, TEMPORAL_EDGES.frame())
    assert_frame_equal(nodes, NODES.frame())


@given(st.sampled_from(["user", "content", "topic", "community"]), st.text(alphabet=st.characters(codec="utf-8")))
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
