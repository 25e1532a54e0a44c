"""The score of stored forecasts against one computed by hand."""

from __future__ import annotations

from datetime import timedelta
from math import log2

import polars as pl
import pytest

from trend_assets.lake.tables import EVENTS, PREDICTION_OUTCOMES
from trend_assets.operations.scoring import live_scores
from trend_assets_tests.operations.conftest import START, Home, event, write_posts

CUT = START + timedelta(days=2)
TOPICS = [f"#t{number:02d}" for number in range(12)]
#: The two topics that burst after the cut, by their number.
BURST = (3, 7)
#: The stored forecast ranks by number, so that they are at ranks 4 and 8.
NDCG = (1 / log2(5) + 1 / log2(9)) / (1 + 1 / log2(3))


def outcome(cut, rank: int, topic: str, true: bool) -> dict[str, object]:
    return {
        "hour": cut + timedelta(hours=23),
        "cut": cut,
        "label": "bursts",
        "topic": topic,
        "rank": rank,
        "score": 1.0 / rank,
        "confidence": None,
        "model_version": "tgn-x",
        "came_true": true,
        "mentions_before": 1,
        "mentions_after": 9 if true else 0,
        "growth": 0.0,
    }


@pytest.fixture
def scored(empty: Home) -> Home:
    """Every topic is mentioned as often as its number plus one before the cut, two burst after it."""
    rows, number = [], 0
    for topic, name in enumerate(TOPICS):
        for minute in range(topic + 1):
            rows.append(event(number := number + 1, CUT - timedelta(hours=5, minutes=-minute), [name], f"u{minute}"))
    for topic in BURST:
        for minute in range(9):
            rows.append(event(number := number + 1, CUT + timedelta(hours=1, minutes=minute), [TOPICS[topic]], "u"))
    rows.append(event(number + 1, START, ["#first"], "u"))
    write_posts(empty.lake, EVENTS.frame(rows), START, CUT + timedelta(days=1))
    outcomes = [outcome(CUT, topic + 1, name, topic in BURST) for topic, name in enumerate(TOPICS)]
    # A cut at which nothing came true, and one with fewer than ten topics, do not count.
    late = CUT + timedelta(hours=1)
    outcomes += [outcome(late, topic + 1, name, False) for topic, name in enumerate(TOPICS)]
    few = CUT + timedelta(hours=2)
    outcomes += [outcome(few, topic + 1, name, topic == 3) for topic, name in enumerate(TOPICS[:9])]
    frame = PREDICTION_OUTCOMES.frame(outcomes)
    empty.lake.write(PREDICTION_OUTCOMES, frame, CUT, CUT + timedelta(days=2))
    return empty


def test_the_forecast_and_counting_are_scored_on_the_same_topics(scored: Home) -> None:
    scores = live_scores(scored.lake, scored.settings, START, CUT + timedelta(hours=2))
    found = {score.ranking: score for score in scores}
    assert {score.label for score in scores} == {"bursts"}
    assert {score.cuts for score in scores} == {1}
    forecast = found["forecast"]
    assert forecast.is_model and not any(score.is_model for name, score in found.items() if name != "forecast")
    assert forecast.precision_at_10 == pytest.approx(0.2)
    assert forecast.ndcg_at_10 == pytest.approx(NDCG)
    # Mentions rise with the number: 7 is the fifth from the top, 3 the ninth.
    assert found["mentions_24h"].ndcg_at_10 == pytest.approx((1 / log2(6) + 1 / log2(10)) / (1 + 1 / log2(3)))
    # None is mentioned in the last 3 hours: a tie, which keeps the cut's own order.
    assert found["mentions_3h"].precision_at_10 == pytest.approx(0.2)


def test_the_range_is_open_at_its_start_and_closed_at_its_end(scored: Home) -> None:
    assert live_scores(scored.lake, scored.settings, CUT, CUT + timedelta(days=1)) == []
    assert live_scores(scored.lake, scored.settings, CUT - timedelta(hours=1), CUT) != []


def test_without_outcomes_there_is_no_score(busy: Home) -> None:
    assert live_scores(busy.lake, busy.settings, START, START + timedelta(days=30)) == []


def test_the_same_topics_whatever_their_order_in_the_history(scored: Home) -> None:
    """A topic that was there before the window must not shift the truth of the others."""
    frame = scored.lake.read_table(EVENTS)
    early = EVENTS.frame([event(9_000, START + timedelta(hours=1), [TOPICS[11]], "u")])
    write_posts(scored.lake, pl.concat([frame, early]), START, CUT + timedelta(days=1))
    scores = live_scores(scored.lake, scored.settings, START, CUT)
    found = {score.ranking: score.ndcg_at_10 for score in scores}
    assert found["mentions_24h"] == pytest.approx((1 / log2(6) + 1 / log2(10)) / (1 + 1 / log2(3)))
