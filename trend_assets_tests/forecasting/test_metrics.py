from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from trend_assets.forecasting.labels import WEEK
from trend_assets.forecasting.metrics import (
    calibration_bins,
    expected_calibration_error,
    ndcg_at_k,
    paired_bootstrap,
    precision_at_k,
    ranked,
    score_lists,
    week_start,
    whole_blocks,
)

MONDAY = 1_704_067_200  # 2024-01-01


@pytest.mark.parametrize("seed", range(20))
def test_ndcg_equals_sklearn_where_nothing_ties(seed: int) -> None:
    chance = np.random.default_rng(seed)
    size = int(chance.integers(10, 60))
    scores = chance.permutation(size).astype(float)
    relevant = chance.random(size) < 0.3
    relevant[chance.integers(size)] = True
    assert ndcg_at_k(relevant, scores) == pytest.approx(ndcg_score([relevant], [scores], k=10))
    top = set(np.argsort(-scores)[:10])
    assert precision_at_k(relevant, scores) == sum(relevant[item] for item in top) / 10


def test_a_ranking_keeps_the_order_of_ties() -> None:
    scores = np.array([0.0, 1.0, 0.0, 1.0, 2.0] + [0.0] * 10)
    assert ranked(scores)[:5].tolist() == [4, 1, 3, 0, 2]


@pytest.mark.parametrize("seed", range(20))
def test_with_ties_ndcg_is_what_sklearn_expects_over_their_orders(seed: int) -> None:
    chance = np.random.default_rng(seed)
    size = int(chance.integers(10, 60))
    scores = chance.integers(0, 6, size).astype(float)
    relevant = chance.random(size) < 0.3
    relevant[chance.integers(size)] = True
    assert ndcg_at_k(relevant, scores) == pytest.approx(ndcg_score([relevant], [scores], k=10))


def test_ties_count_as_the_mean_over_all_their_orders() -> None:
    chance = np.random.default_rng(3)
    scores = np.array([5.0, 5, 4, 4, 4, 4, 4, 4, 4, 3, 3, 3, 2, 1])
    relevant = np.array([0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0], dtype=bool)
    # Noise smaller than any difference orders the ties at random.
    drawn = [scores + chance.uniform(0, 0.5, len(scores)) for _ in range(20_000)]
    assert precision_at_k(relevant, scores) == pytest.approx(
        np.mean([precision_at_k(relevant, draw) for draw in drawn]), abs=2e-3
    )
    assert ndcg_at_k(relevant, scores) == pytest.approx(
        np.mean([ndcg_at_k(relevant, draw) for draw in drawn]), abs=4e-3
    )


def test_the_order_in_which_ties_are_given_does_not_matter() -> None:
    relevant = np.zeros(20, dtype=bool)
    relevant[9] = True
    for order in (slice(None), slice(None, None, -1)):
        assert precision_at_k(relevant[order], np.zeros(20)) == pytest.approx(0.05)
        assert ndcg_at_k(relevant[order], np.zeros(20)) == pytest.approx(np.mean(1 / np.log2(np.arange(10) + 2)) / 2)


def test_many_lists_are_scored_as_each_by_itself() -> None:
    chance = np.random.default_rng(5)
    lists = chance.integers(0, 30, 900)
    relevant, scores = chance.random(900) < 0.05, chance.integers(0, 9, 900).astype(float)
    told = score_lists(lists, relevant, scores)
    counting = [item for item in range(30) if relevant[lists == item].any() and (lists == item).sum() >= 10]
    assert told.lists.tolist() == counting and 5 < len(counting) < 30
    for item, precision, ndcg in zip(counting, told.precision, told.ndcg, strict=True):
        here = lists == item
        assert precision == pytest.approx(precision_at_k(relevant[here], scores[here]))
        assert ndcg == pytest.approx(ndcg_at_k(relevant[here], scores[here]))
    assert score_lists(lists[:0], relevant[:0], scores[:0]).lists.tolist() == []


def test_perfect_and_worst() -> None:
    relevant = np.arange(30) < 12
    assert ndcg_at_k(relevant, -np.arange(30.0)) == 1.0
    assert ndcg_at_k(relevant, np.arange(30.0)) == 0.0


def test_metrics_refuse_what_they_cannot_measure() -> None:
    with pytest.raises(ValueError, match="nothing is relevant"):
        ndcg_at_k(np.zeros(10, dtype=bool), np.arange(10.0))
    with pytest.raises(ValueError, match="fewer than k"):
        precision_at_k(np.ones(9, dtype=bool), np.arange(9.0))
    with pytest.raises(ValueError, match="not a number"):
        precision_at_k(np.ones(10, dtype=bool), np.full(10, np.nan))


def test_calibration_error_by_hand() -> None:
    confidence = np.array([0.1, 0.1, 0.1, 0.1, 0.9, 0.9])
    came_true = np.array([True, False, False, False, True, False])
    # Two of each three bins state 0.1, where 0.5 and none came true; one states 0.9, where 0.5 did.
    assert expected_calibration_error(came_true, confidence, 3) == pytest.approx((0.4 + 0.1 + 0.4) / 3)
    assert [count for _, _, count in calibration_bins(came_true, confidence, 4)] == [2, 2, 1, 1]
    assert expected_calibration_error(np.array([True, False]), np.array([1.0, 0.0])) == 0.0
    with pytest.raises(ValueError, match="lie in"):
        expected_calibration_error(came_true[:1], np.array([1.1]))


def test_weeks_begin_on_monday() -> None:
    days = MONDAY + np.arange(-1, 8) * 86_400
    assert ((week_start(days) - MONDAY) // WEEK).tolist() == [-1, 0, 0, 0, 0, 0, 0, 0, 1]


def weekly_noise(chance: np.random.Generator, lead: float) -> tuple[np.ndarray, np.ndarray]:
    times = MONDAY + np.arange(26 * 28) * 6 * 3600
    differences = lead + np.repeat(chance.normal(0, 0.1, 26), 28) + chance.normal(0, 0.1, len(times))
    return differences, times


def test_bootstrap_covers_the_truth_about_as_often_as_it_says() -> None:
    chance = np.random.default_rng(7)
    covered = 0
    for _ in range(200):
        interval = paired_bootstrap(*weekly_noise(chance, 0.05), resamples=500)
        covered += interval.low <= 0.05 <= interval.high
    # 95 % asked for; the percentile interval of 26 weeks is slightly narrow.
    assert 0.86 <= covered / 200 <= 0.99


def test_bootstrap_draws_whole_weeks_and_is_seeded() -> None:
    differences, times = weekly_noise(np.random.default_rng(1), 0.0)
    interval = paired_bootstrap(differences, times, seed=4)
    assert interval == paired_bootstrap(differences, times, seed=4)
    assert interval != paired_bootstrap(differences, times, seed=5)
    apart = paired_bootstrap(differences, MONDAY + np.arange(len(times)) * WEEK)
    assert interval.high - interval.low > 2 * (apart.high - apart.low)
    assert interval.mean == pytest.approx(differences.mean())
    with pytest.raises(ValueError, match="0 differences"):
        paired_bootstrap(np.empty(0), np.empty(0, dtype=np.int64))


def test_days_are_resampled_where_there_are_too_few_weeks() -> None:
    day = 24 * 3600
    assert whole_blocks(MONDAY + np.arange(0, 28 * day, day)) == "weeks"
    assert whole_blocks(MONDAY + np.arange(0, 21 * day, day)) == "days"
