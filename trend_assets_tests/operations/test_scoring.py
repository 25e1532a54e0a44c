"""The score of stored forecasts against one computed by hand."""

from __future__ import annotations

from datetime import timedelta
from math import log2

import orjson
import pytest

from trend_assets.forecasting.accuracy import COUNTING
from trend_assets.forecasting.baselines import counting_rankings
from trend_assets.lake.tables import PREDICTION_OUTCOMES, PREDICTIONS
from trend_assets.operations.scoring import made_of, stored_scores
from trend_assets_tests.operations.conftest import START, Home

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
        "horizon_hours": 24,
        "topic": topic,
        "rank": rank,
        # As where a count is the same of all: what was shown was in the order of ranks.
        "score": 0.5,
        "confidence": None,
        "model_version": "tgn-x",
        "came_true": true,
        "mentions_before": 1,
        "mentions_after": 9 if true else 0,
        "growth": 0.0,
        "revision": 0,
        "made": "live",
    }


def prediction(row: dict[str, object], counts: dict[str, float]) -> dict[str, object]:
    kept = {name: row[name] for name in PREDICTIONS.column_names if name in row}
    return {
        **kept,
        "hour": row["cut"] - timedelta(hours=1),
        "growth": None,
        "source_events_count": 1,
        "metadata": orjson.dumps(counts).decode(),
        "forecast_at": row["cut"] + timedelta(minutes=10),
        "run_id": "run",
    }


@pytest.fixture
def scored(empty: Home) -> Home:
    """Every topic was mentioned as often as its number plus one in a day, none in the last 3 hours."""
    outcomes = [outcome(CUT, topic + 1, name, topic in BURST) for topic, name in enumerate(TOPICS)]
    # A cut at which nothing came true, and one with fewer than ten topics, do not count.
    late = CUT + timedelta(hours=1)
    outcomes += [outcome(late, topic + 1, name, False) for topic, name in enumerate(TOPICS)]
    few = CUT + timedelta(hours=2)
    outcomes += [outcome(few, topic + 1, name, topic == 3) for topic, name in enumerate(TOPICS[:9])]
    frame = PREDICTION_OUTCOMES.frame(outcomes)
    empty.lake.write(PREDICTION_OUTCOMES, frame, CUT, CUT + timedelta(days=2))
    counts = [{"mentions_3h": 0, "mentions_24h": row["rank"], "mentions_48h": 2 * row["rank"]} for row in outcomes]
    rows = [prediction(row, known) for row, known in zip(outcomes, counts, strict=True)]
    empty.lake.write(PREDICTIONS, PREDICTIONS.frame(rows), CUT - timedelta(hours=1), CUT + timedelta(days=2))
    return empty


def test_the_forecast_and_counting_are_scored_on_the_same_topics(scored: Home) -> None:
    scores = stored_scores(scored.lake, START, CUT + timedelta(hours=2))
    found = {score.ranking: score for score in scores}
    assert {score.label for score in scores} == {"bursts"}
    assert {score.cuts for score in scores} == {1}
    forecast = found["forecast"]
    assert forecast.is_model and not any(score.is_model for name, score in found.items() if name != "forecast")
    assert forecast.precision_at_10 == pytest.approx(0.2)
    assert forecast.ndcg_at_10 == pytest.approx(NDCG)
    # Mentions rise with the number: 7 is the fifth from the top, 3 the ninth.
    assert found["mentions_24h"].ndcg_at_10 == pytest.approx((1 / log2(6) + 1 / log2(10)) / (1 + 1 / log2(3)))
    # All have the same of it: any two of twelve are as likely at each place.
    for name in ("mentions_3h", "momentum"):
        assert found[name].precision_at_10 == pytest.approx(2 / 12)
    # Of the other counts none was stored.
    assert set(found) == {"forecast", "mentions_3h", "mentions_24h", "momentum"}


def test_the_range_is_open_at_its_start_and_closed_at_its_end(scored: Home) -> None:
    assert stored_scores(scored.lake, CUT, CUT + timedelta(days=1)) == []
    assert stored_scores(scored.lake, CUT - timedelta(hours=1), CUT) != []


def test_kinds_of_forecasts_are_scored_apart(scored: Home) -> None:
    old = CUT - timedelta(days=1)
    rows = [{**outcome(old, number + 1, name, number == 0), "made": "backfill"} for number, name in enumerate(TOPICS)]
    scored.lake.write(PREDICTION_OUTCOMES, PREDICTION_OUTCOMES.frame(rows), old, CUT)
    frame = PREDICTIONS.frame(prediction(row, {}) for row in rows)
    scored.lake.write(PREDICTIONS, frame, old - timedelta(hours=1), old)
    assert made_of(scored.lake, START, CUT) == ["live", "backfill"]
    live, backfill = (stored_scores(scored.lake, START, CUT, made) for made in ("live", "backfill"))
    assert next(score.ndcg_at_10 for score in live if score.is_model) == pytest.approx(NDCG)
    assert [(score.ranking, score.ndcg_at_10, score.cuts) for score in backfill] == [("forecast", 1.0, 1)]


def test_without_outcomes_there_is_no_score(busy: Home) -> None:
    assert stored_scores(busy.lake, START, START + timedelta(days=30)) == []


def test_what_counts_is_called_as_the_rankings_that_count() -> None:
    assert set(COUNTING) == {ranking.name for ranking in counting_rankings()}
