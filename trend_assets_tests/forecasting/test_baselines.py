from __future__ import annotations

import numpy as np
import pytest

from trend_assets.forecasting.baselines import baseline_rankings, counting_rankings
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import LABELS, FurtherHorizon, LabelSettings, make_cut
from trend_assets.forecasting.learned import GradientBoosting, LogisticBaseline
from trend_assets.forecasting.ranking import Ranking

SETTINGS = LabelSettings()
DAY = 24 * HOUR


def test_every_ranking_of_the_design_is_there() -> None:
    rankings = baseline_rankings(SETTINGS)
    assert [ranking.name for ranking in rankings] == [
        "mentions_3h",
        "mentions_24h",
        "mentions_7d",
        "mentions_30d",
        "momentum",
        "same_day_last_week",
        "ewma_3d",
        "logistic_regression",
        "gradient_boosting",
    ]
    assert all(isinstance(ranking, Ranking) for ranking in rankings)


def test_counting_rankings_count(history: History) -> None:
    cut = make_cut(history, history.start + 40 * DAY, SETTINGS)
    past = history.until(cut.time)
    scores = {ranking.name: ranking.score(past, cut)["bursts"] for ranking in counting_rankings()}

    def counted(start_hours: int, end_hours: int) -> np.ndarray:
        return past.counts(cut.topics, cut.time - start_hours * HOUR, cut.time - end_hours * HOUR)

    assert np.array_equal(scores["mentions_3h"], counted(3, 0))
    assert np.array_equal(scores["mentions_24h"], counted(24, 0))
    assert np.array_equal(scores["mentions_7d"], counted(168, 0))
    assert np.array_equal(scores["mentions_30d"], counted(720, 0))
    assert np.array_equal(scores["momentum"], counted(24, 0) - counted(48, 24))
    assert np.array_equal(scores["same_day_last_week"], counted(168, 144))
    weights = 0.5 ** (np.arange(30) / 3)
    daily = np.stack([counted(24 * day + 24, 24 * day) for day in range(30)], axis=1)
    np.testing.assert_allclose(scores["ewma_3d"], daily @ weights / weights.sum())


def test_examples_end_with_their_horizon_and_leave_a_quarter_of_a_short_history_before(history: History) -> None:
    memory = CutMemory(SETTINGS)
    until = history.start + 60 * DAY + 3 * HOUR
    examples = memory.examples(history, until)
    assert history.start + 15 * DAY <= examples.times.min() < history.start + 16 * DAY
    assert until - DAY - 6 * HOUR < examples.times.max() <= until - DAY
    assert np.all(examples.times % (6 * HOUR) == 0)
    assert len(examples.features) == len(examples) == len(examples.labels["bursts"])
    assert len(memory.examples(history, history.start + DAY)) == 0


def test_a_year_is_the_most_that_is_learnt_from(history: History) -> None:
    until = history.start + 60 * DAY
    recent = CutMemory(SETTINGS, days=10).cut_times(history, until)
    assert recent.min() == until - 10 * DAY
    assert len(recent) == 9 * 4 + 1


def test_remembered_examples_equal_fresh_ones(history: History) -> None:
    memory = CutMemory(SETTINGS)
    memory.examples(history, history.start + 50 * DAY)
    remembered = memory.examples(history, history.start + 60 * DAY)
    fresh = CutMemory(SETTINGS).examples(history.until(history.start + 60 * DAY), history.start + 60 * DAY)
    assert np.array_equal(remembered.features, fresh.features)
    assert np.array_equal(remembered.growth[24], fresh.growth[24])
    for label in LABELS:
        assert np.array_equal(remembered.labels[label], fresh.labels[label])
        assert np.array_equal(remembered.asked[label], fresh.asked[label])


def test_a_long_horizon_hides_its_last_examples_and_no_other_label_loses_any(history: History) -> None:
    """Also where the memory has seen them end: at an earlier moment they had not."""
    further = CutMemory(LabelSettings(further=(FurtherHorizon(168, 20, 10),)))
    until = history.start + 60 * DAY
    further.examples(history, until + 20 * DAY)
    plain, examples = CutMemory(SETTINGS).examples(history, until), further.examples(history, until)
    for label in LABELS:
        assert np.array_equal(examples.asked[label], plain.asked[label])
        assert np.array_equal(examples.labels[label], plain.labels[label])
        assert np.array_equal(examples.likely[label], plain.likely[label])
    open_yet = examples.times + 7 * DAY > until
    assert np.array_equal(examples.features, plain.features) and open_yet.any()
    assert np.array_equal(examples.asked["emerges_7d"], ~open_yet)
    assert np.array_equal(np.isnan(examples.growth[168]), open_yet)
    assert not examples.labels["emerges_7d"][open_yet].any() and examples.labels["emerges_7d"].any()
    later = further.examples(history, until + 7 * DAY)
    assert later.asked["emerges_7d"][later.times + 7 * DAY <= until + 7 * DAY].all()


@pytest.mark.parametrize("kind", [LogisticBaseline, GradientBoosting])
def test_a_label_that_cannot_be_learnt_is_left_out(history: History, kind: type) -> None:
    never = LabelSettings(threshold=100_000)
    ranking = kind(CutMemory(never))
    ranking.fit(history, history.start + 60 * DAY)
    cut = make_cut(history, history.start + 60 * DAY, never)
    assert ranking.score(history.until(cut.time), cut) == {}
    ranking.fit(history, history.start + 5 * DAY)
    assert ranking.score(history.until(cut.time), cut) == {}


@pytest.mark.parametrize("kind", [LogisticBaseline, GradientBoosting])
def test_learning_again_gives_the_same_bits(history: History, kind: type) -> None:
    until = history.start + 60 * DAY
    cut = make_cut(history, until, SETTINGS)
    first, second = (kind(CutMemory(SETTINGS)) for _ in range(2))
    for ranking in (first, second):
        ranking.fit(history, until)
    ours, theirs = (ranking.score(history.until(until), cut) for ranking in (first, second))
    assert set(ours) >= {"bursts", "emerges"}
    assert all(np.array_equal(ours[label], theirs[label]) for label in ours)
    assert all(np.all((values >= 0) & (values <= 1)) for values in ours.values())


def test_seeds_change_the_model_and_are_averaged(history: History) -> None:
    until = history.start + 60 * DAY
    memory = CutMemory(SETTINGS)
    cut = make_cut(history, until, SETTINGS)
    one, two = GradientBoosting(memory, seeds=1, trees=30), GradientBoosting(memory, seeds=2, trees=30)
    for ranking in (one, two):
        ranking.fit(history, until)
    scores = [ranking.score(history.until(until), cut)["bursts"] for ranking in (one, two)]
    assert not np.array_equal(*scores)
    with pytest.raises(ValueError, match="seeds"):
        GradientBoosting(memory, seeds=0)
