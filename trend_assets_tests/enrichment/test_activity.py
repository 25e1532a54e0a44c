from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
from polars.testing import assert_frame_equal

from trend_assets.enrichment.activity import topic_activity
from trend_assets.lake.tables import EVENTS, TOPIC_ACTIVITY

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def event(
    name: str, topics: list[str], user: str | None, hours: int = 0, weight: float = 1.0, source="twitter"
) -> dict:
    when = NOON + timedelta(hours=hours)
    return {
        "id": name,
        "hour": when,
        "timestamp": when,
        "source": source,
        "event_type": "original",
        "content_id": name,
        "user_id": user,
        "text": "",
        "language": None,
        "hashtags": [],
        "topics": topics,
        "context": "{}",
        "features": "{}",
        "spam_score": 1 - weight,
        "edge_weight": weight,
        "gen_z_score": 0.0,
    }


def test_mentions_users_and_weights_by_hour_and_topic() -> None:
    events = EVENTS.frame(
        [
            event("1", ["#a", "#b", "#a"], "u", weight=0.5),
            event("2", ["#a"], "u", weight=0.25),
            event("3", ["#a"], "u", source="youtube"),
            event("4", ["#a"], None, source="google_trends"),
            event("5", ["#a"], "v", hours=1),
            event("6", [], "v"),
        ]
    )
    assert topic_activity(events).rows() == [
        (NOON, "#a", 4, 2.75, 2),
        (NOON, "#b", 1, 0.5, 1),
        (NOON + timedelta(hours=1), "#a", 1, 1.0, 1),
    ]


def test_a_range_equals_its_hours_one_by_one_in_any_order() -> None:
    events = EVENTS.frame(
        [
            event(f"{place}", [f"#{place % 3}", f"#{place % 5}"], f"u{place % 4}", place % 6, 0.2 + place / 100)
            for place in range(60)
        ]
    )
    whole = topic_activity(events)
    parts = [topic_activity(part) for part in events.partition_by("hour")]
    assert_frame_equal(whole, pl.concat(parts).sort("hour", "topic"))
    assert_frame_equal(topic_activity(events.sample(fraction=1.0, shuffle=True, seed=1)), whole)


def test_no_events_give_no_activity() -> None:
    assert_frame_equal(topic_activity(EVENTS.frame()), TOPIC_ACTIVITY.frame())
