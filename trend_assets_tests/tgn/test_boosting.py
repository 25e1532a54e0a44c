from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trend_assets.tgn.boosting import BoostingSettings, fit_trees, from_tensor, mean_logit, to_tensor

ROWS, WIDTH = 60_000, 8


@pytest.fixture(scope="module")
def rare() -> tuple[np.ndarray, np.ndarray]:
    """Features of which the first raises the odds of an outcome that one row in sixty has."""
    chance = np.random.default_rng(0)
    features = chance.normal(size=(ROWS, WIDTH)).astype(np.float32)
    probability = 1 / (1 + np.exp(-(1.5 * features[:, 0] - 5)))
    return features, chance.random(ROWS) < probability


def probability(boosters: list, features: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-mean_logit(boosters, features)))


def test_negatives_that_are_left_out_are_weighed_for(rare: tuple[np.ndarray, np.ndarray]) -> None:
    features, outcomes = rare
    plain = BoostingSettings(trees=40, leaves=4, learning_rate=0.2, min_leaf=500, columns=1.0)
    drawn, all_of_them = (
        probability(
            fit_trees(
                features, outcomes, outcomes.astype(np.float32), [WIDTH], replace(plain, negatives=negatives), 0, 1
            ),
            features,
        )
        for negatives in (15, 1000)
    )
    high = features[:, 0] > 1
    for rows in (high, ~high):
        assert drawn[rows].mean() == pytest.approx(all_of_them[rows].mean(), rel=0.1)
    assert all_of_them.mean() == pytest.approx(outcomes.mean(), rel=0.1)


def test_the_same_seed_gives_the_same_bits_and_each_view_its_width(rare: tuple[np.ndarray, np.ndarray]) -> None:
    features, outcomes = rare
    settings = BoostingSettings(trees=5, seeds=2)
    one, other = (
        fit_trees(features, outcomes, outcomes.astype(np.float32), [2, WIDTH], settings, 3, 1) for _ in range(2)
    )
    assert [each.num_feature() for each in one] == [2, 2, WIDTH, WIDTH]
    assert [to_tensor(each).tolist() for each in one] == [to_tensor(each).tolist() for each in other]
    assert len({each.model_to_string() for each in one}) == 4
    again = [from_tensor(to_tensor(each)) for each in one]
    assert np.array_equal(mean_logit(again, features), mean_logit(one, features))


def test_few_rows_are_all_learnt_from() -> None:
    features = np.repeat([[0.0], [1.0]], 200, axis=0).astype(np.float32)
    outcomes = np.repeat([False, True], 200)
    boosters = fit_trees(
        features, outcomes, outcomes.astype(np.float32), [1], BoostingSettings(trees=40, columns=1.0), 0, 1
    )
    low, high = probability(boosters, np.array([[0.0], [1.0]], np.float32))
    assert low < 0.2 and high > 0.8
