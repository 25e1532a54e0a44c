"""Near copies: what is one, and how a campaign counts once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from trend_assets.enrichment.activity import topic_activity
from trend_assets.enrichment.copies.finder import users_of_copies
from trend_assets.enrichment.copies.table import CopyTable
from trend_assets.enrichment.copies.texts import EVENT_COLUMNS, band_keys, copy_key, signatures
from trend_assets.graph.builder import GraphBuilder
from trend_assets.lake.tables import EVENTS, NEAR_COPIES, TOPIC_PHRASES

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
TEXT = "Congratulations! You have been selected for a $50 gift card, claim it here today"


def post(number: int, minutes: float, text: str = TEXT, user: str = "", **given) -> dict:
    when = NOON + timedelta(minutes=minutes)
    row = {
        "id": f"twitter:original:{number}", "hour": when.replace(minute=0, second=0, microsecond=0), "timestamp": when,
        "source": "twitter", "event_type": "original", "content_id": str(number), "user_id": user or f"u{number}",
        "text": text, "language": None, "hashtags": [], "topics": ["#gift"], "context": "{}", "features": "{}",
        "spam_score": 0.0, "edge_weight": 0.5, "gen_z_score": 0.0,
    }  # fmt: skip
    return row | given


def placed(*rows: dict, count_once: bool = True) -> pl.DataFrame:
    return CopyTable(count_once).place(EVENTS.frame(list(rows)).select(EVENT_COLUMNS), TOPIC_PHRASES.frame())


@pytest.mark.parametrize(
    ("text", "is_copy"),
    [
        (TEXT, True),
        (TEXT.upper() + " https://t.co/x @somebody", True),
        (TEXT.replace("$50", "$900"), True),
        (TEXT + " #deal", True),
        ("Congratulations to the whole team, what a selected and gifted bunch of players", False),
        ("Gift cards are what everybody in my family gets from me this year again", False),
    ],
)
def test_what_is_nearly_the_same(text: str, is_copy: bool) -> None:
    assert (placed(post(1, 0), post(2, 1, text)).height == 1) == is_copy


def test_what_is_no_copy() -> None:
    assert copy_key("good morning", "original", ()) is None
    assert copy_key(TEXT, "retweet", ()) is None
    assert copy_key(f"RT @somebody: {TEXT}", "original", ()) is None
    assert copy_key(TEXT, "original", (TEXT,)) is None
    assert copy_key("@a @b https://t.co/averylonglink", "original", ()) is None


def test_a_group_is_named_and_counted() -> None:
    found = placed(
        post(1, 0, user="a"), post(2, 1, user="b"), post(3, 2, "Something else that was written"), post(4, 3)
    )
    assert found["event_id"].to_list() == ["twitter:original:2", "twitter:original:4"]
    assert found["group_id"].n_unique() == 1
    assert found.select("copies", "users").rows() == [(2, 2), (3, 3)]
    assert found["repeated"].to_list() == [["#gift"], ["#gift"]]


def test_a_topic_counts_once_a_group_and_day() -> None:
    found = placed(
        post(1, 0), post(2, 60, topics=["#gift", "#news"]), post(3, 120, topics=["#news"]), post(4, 24 * 60 + 1)
    )
    assert dict(found.select("event_id", "repeated").rows()) == {
        "twitter:original:2": ["#gift"],
        "twitter:original:3": ["#news"],
        "twitter:original:4": [],
    }
    assert found["group_id"].n_unique() == 1 and found["copies"].to_list() == [2, 3, 3]


def test_after_a_day_of_silence_it_is_a_new_text() -> None:
    assert placed(post(1, 0), post(2, 24 * 60 + 1)).is_empty()


def test_without_the_rule_all_mentions_count() -> None:
    assert placed(post(1, 0), post(2, 1), count_once=False)["repeated"].to_list() == [[]]


def test_a_range_equals_its_hours_one_by_one() -> None:
    rows = [
        post(number, number * 37.5, TEXT.replace("50", str(number % 3)) if number % 4 else f"{TEXT} x{number}",
             topics=["#gift"] if number % 5 else ["#other"])
        for number in range(90)
    ]  # fmt: skip
    events = EVENTS.frame(rows).select(EVENT_COLUMNS)
    whole = CopyTable().place(events, TOPIC_PHRASES.frame())
    assert 20 < whole.height < 90
    for hours in (1, 7, 30):
        start = NOON + timedelta(hours=hours)
        day = pl.col("hour").is_between(start - timedelta(hours=24), start, closed="left")
        table = CopyTable()
        table.remind(events.filter(day), TOPIC_PHRASES.frame(), whole.filter(day))
        hour = table.place(events.filter(pl.col("hour") == start), TOPIC_PHRASES.frame())
        assert_frame_equal(hour, whole.filter(pl.col("hour") == start))


def test_phrases_are_topics_too() -> None:
    rows = EVENTS.frame([post(1, 0, topics=[]), post(2, 1, topics=[])])
    said = [
        {"event_id": f"twitter:original:{n}", "hour": NOON, "timestamp": NOON, "topic": "gift card", "phrase": "gift"}
        for n in (1, 2)
    ]
    found = CopyTable().place(rows.select(EVENT_COLUMNS), TOPIC_PHRASES.frame(said))
    assert found["repeated"].to_list() == [["gift card"]]


def test_a_campaign_is_one_mention_in_the_graph_and_in_the_activity() -> None:
    events = EVENTS.frame([post(number, number) for number in range(9)])
    copies = CopyTable().place(events.select(EVENT_COLUMNS), TOPIC_PHRASES.frame())
    activity = topic_activity(events, None, copies).row(0, named=True)
    assert (activity["mentions"], activity["weighted_mentions"], activity["distinct_users"]) == (9, 0.5, 9)
    kinds = dict(GraphBuilder().build(events, None, copies).edges["edge_type"].value_counts().rows())
    assert kinds == {"original": 9, "about": 1, "in": 9} or kinds == {"original": 9, "about": 1}
    assert topic_activity(events).row(0, named=True)["weighted_mentions"] == 4.5


def test_users_of_near_copies_within_an_hour() -> None:
    keys = [copy_key(text, "original", ()) for text in (TEXT, TEXT.replace("50", "70"), TEXT, "hello", "x" * 30)]
    assert users_of_copies(keys, ["a", "b", "b", "c", None]) == [2, 2, 2, 0, 0]


def test_signatures_estimate_similarity() -> None:
    keys = [
        "the quick brown fox jumps over the lazy dog",
        "the quick brown fox jumps over the lazy cat",
        "nothing alike",
    ]
    found = signatures(keys)
    runs = [{key[at : at + 5] for at in range(len(key) - 4)} for key in keys]
    for other in (1, 2):
        exact = len(runs[0] & runs[other]) / len(runs[0] | runs[other])
        assert (found[0] == found[other]).mean() == pytest.approx(exact, abs=0.15)
    assert len(band_keys(found)) == 3 and len(band_keys(found)[0]) == 16


def test_no_events_give_no_copies() -> None:
    assert_frame_equal(placed(), NEAR_COPIES.frame())
