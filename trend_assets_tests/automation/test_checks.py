"""The checks let good rows pass and find each planted bad one."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from trend_assets.assets.checks import RULES, check_specs, checked, ends_known, sound
from trend_assets.lake.tables import NODES, TABLES, TEMPORAL_EDGES

HOUR = datetime(2026, 2, 4, 8, tzinfo=UTC)
EVENT = {
    "hour": HOUR,
    "timestamp": HOUR + timedelta(minutes=59, seconds=59),
    "source": "twitter",
    "event_type": "original",
    "content_id": "1",
}
GOOD: dict[str, dict[str, Any]] = {
    "raw_events": {**EVENT, "id": "a", "format": "x", "raw_data": "{}", "origin": "o", "collected_at": HOUR},
    "events": {
        **EVENT,
        "id": "a",
        "text": "",
        "hashtags": [],
        "topics": [],
        "context": "{}",
        "features": "{}",
        "spam_score": 1.0,
        "edge_weight": 0.2,
        "gen_z_score": 0.0,
    },
    "event_embeddings": {"id": "a", "hour": HOUR, "text_hash": "h", "model": "m", "embedding": [0.6, 0.8]},
    "topic_activity": {"hour": HOUR, "topic": "#a", "mentions": 2, "weighted_mentions": 1.1, "distinct_users": 2},
    "topic_phrases": {"hour": HOUR, "timestamp": HOUR, "event_id": "a", "topic": "tea time", "phrase": "tea time"},
    "near_copies": {
        "hour": HOUR,
        "timestamp": HOUR,
        "event_id": "a",
        "group_id": "g",
        "copies": 2,
        "users": 1,
        "repeated": ["#a"],
    },
    "topic_labels": {
        "hour": HOUR,
        "topic": "#a",
        "name": "A",
        "post_id": "a",
        "group_topic": "#a",
        "category": "other",
        "confidence": 0.5,
        "posts": 3,
    },
    "temporal_edges": {
        "hour": HOUR,
        "timestamp": HOUR,
        "event_id": "a",
        "src": 1,
        "dst": 2,
        "edge_type": "about",
        "weight": 1.0,
    },
    "predictions": {
        "hour": HOUR,
        "cut": HOUR + timedelta(hours=1),
        "label": "bursts",
        "horizon_hours": 24,
        "topic": "#a",
        "rank": 1,
        "score": 0.5,
        "confidence": None,
        "source_events_count": 2,
        "model_version": "baseline:mentions_24h",
        "metadata": "{}",
        "revision": 0,
        "made": "live",
    },
}
#: Table, the check that must find it, and what is wrong with the row; no change plants the same row twice.
BAD = [
    ("raw_events", "key_unique", {}),
    ("raw_events", "times_in_partition", {"timestamp": HOUR - timedelta(microseconds=1)}),
    ("events", "key_unique", {}),
    ("events", "times_in_partition", {"timestamp": HOUR + timedelta(hours=1)}),
    ("events", "scores_in_range", {"spam_score": -0.01}),
    ("events", "scores_in_range", {"gen_z_score": 1.01}),
    ("events", "scores_in_range", {"edge_weight": 0.19}),
    ("events", "scores_in_range", {"spam_score": float("nan")}),
    ("event_embeddings", "key_unique", {}),
    ("event_embeddings", "unit_length", {"embedding": [0.6, 0.9]}),
    ("event_embeddings", "unit_length", {"embedding": []}),
    ("event_embeddings", "unit_length", {"embedding": [float("nan"), 0.0]}),
    ("topic_activity", "key_unique", {}),
    ("topic_activity", "counts_consistent", {"mentions": 0, "distinct_users": 0}),
    ("topic_activity", "counts_consistent", {"distinct_users": 3}),
    ("topic_phrases", "key_unique", {}),
    ("topic_phrases", "times_in_partition", {"timestamp": HOUR + timedelta(hours=1)}),
    ("near_copies", "key_unique", {}),
    ("near_copies", "times_in_partition", {"timestamp": HOUR + timedelta(hours=1)}),
    ("near_copies", "counts_consistent", {"copies": 1}),
    ("near_copies", "counts_consistent", {"users": 3}),
    ("topic_labels", "key_unique", {}),
    ("topic_labels", "confidence_in_range", {"confidence": 1.1}),
    ("topic_labels", "leaders_lead", {"group_topic": "#none"}),
    ("temporal_edges", "key_unique", {}),
    ("temporal_edges", "times_in_partition", {"timestamp": HOUR + timedelta(days=1)}),
    ("temporal_edges", "weights_in_range", {"weight": 0.1}),
    ("temporal_edges", "weights_in_range", {"weight": float("nan")}),
    ("predictions", "key_unique", {}),
    ("predictions", "confidence_in_range", {"confidence": 1.2}),
    ("predictions", "confidence_in_range", {"confidence": float("nan")}),
    ("predictions", "cut_after_hour", {"cut": HOUR}),
]


def results(name: str, rows: list[dict[str, Any]]) -> dict[str, dg.AssetCheckResult]:
    table = TABLES[name]
    found: dict[str, dg.AssetCheckResult] = {}
    written = 0
    with suppress(dg.Failure):
        for told in checked(table, table.frame(rows), {}):
            if isinstance(told, dg.AssetCheckResult):
                assert not written, "the checks come before the write"
                found[str(told.check_name)] = told
            else:
                written = told.value.height
    # What does not hold is not written.
    assert written == (len(rows) if all(result.passed for result in found.values()) else 0)
    return found


def key_of(name: str) -> str:
    return next(column for column in reversed(TABLES[name].key) if column not in ("dst", "revision"))


@pytest.mark.parametrize("name", GOOD)
def test_good_rows_pass_every_check_that_the_asset_declares(name: str) -> None:
    other = {**GOOD[name], key_of(name): 9 if name == "temporal_edges" else "other"}
    for rows in ([], [GOOD[name], other]):
        found = results(name, rows)
        assert set(found) == {spec.name for spec in check_specs(TABLES[name])}
        assert all(result.passed for result in found.values())


@pytest.mark.parametrize(("name", "check", "wrong"), BAD)
def test_a_planted_bad_row_fails_its_check(name: str, check: str, wrong: dict[str, Any]) -> None:
    bad = {**GOOD[name], **wrong}
    if wrong:
        bad[key_of(name)] = 9 if name == "temporal_edges" else "other"
    found = results(name, [GOOD[name], bad])
    assert {result for result in found if not found[result].passed} == {check}
    assert found[check].metadata["rows_that_break_it"].value == (1 if wrong else 2)


def test_an_edge_to_a_node_that_is_not_written_is_found() -> None:
    edges = TEMPORAL_EDGES.frame([GOOD["temporal_edges"], {**GOOD["temporal_edges"], "dst": 3}])
    nodes = [{"node_id": number, "kind": "user", "key": "k", "first_seen": HOUR} for number in (1, 2)]
    rule = ends_known(NODES.frame(nodes))
    assert rule.broken(edges)["dst"].to_list() == [3]
    assert rule.broken(edges.head(1)).is_empty()
    with pytest.raises(dg.Failure, match="temporal_edges: ends_known failed") as failure:
        list(sound(TEMPORAL_EDGES, edges, rule))
    assert not failure.value.allow_retries


def test_every_rule_has_a_planted_row() -> None:
    assert {(name, check) for name, check, _ in BAD} == {(name, rule.name) for name in RULES for rule in RULES[name]}
