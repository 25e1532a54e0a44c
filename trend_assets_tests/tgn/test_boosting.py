"""Boosted trees."""

from __future__ import annotations

import numpy as np
import pytest

from trend_assets.tgn.boosting import BoostingSettings, fit_trees, from_tensor, log_odds, to_tensor, with_needed

ROWS, WIDTH = 20_000, 8
SETTINGS = BoostingSettings(trees=60, leaves=4, learning_rate=0.2, further_rate=0.2, columns=1.0)


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    """Inputs of which the first raises how likely something is, and how likely it is."""
    inputs = np.random.default_rng(0).normal(size=(ROWS, WIDTH)).astype(np.float32)
    return inputs, (1 / (1 + np.exp(-(1.5 * inputs[:, 0] - 2)))).astype(np.float32)


def test_the_same_seed_gives_the_same_bits_and_a_kept_one_says_the_same(rows: tuple[np.ndarray, np.ndarray]) -> None:
    one, same, other = (fit_trees(*rows, np.ones(ROWS), SETTINGS, seed=seed) for seed in (3, 3, 4))
    assert one.model_to_string() == same.model_to_string() != other.model_to_string()
    assert np.array_equal(log_odds(from_tensor(to_tensor(one)), rows[0]), log_odds(one, rows[0]))


def test_likelihoods_are_learnt_by_their_weight(rows: tuple[np.ndarray, np.ndarray]) -> None:
    inputs, likely = rows
    doubled = np.concatenate([inputs, inputs]), np.concatenate([likely, np.ones_like(likely)])
    weight = np.concatenate([np.ones(ROWS), np.full(ROWS, 1e-6)])
    found = log_odds(fit_trees(*doubled, weight, SETTINGS), inputs)
    assert np.corrcoef(found, inputs[:, 0])[0, 1] > 0.98
    assert (1 / (1 + np.exp(-found))).mean() == pytest.approx(likely.mean(), rel=0.05)


def test_what_is_known_already_is_only_added_to(rows: tuple[np.ndarray, np.ndarray]) -> None:
    inputs, likely = rows
    known = 1.5 * inputs[:, 0].astype(np.float64) - 2
    added = log_odds(fit_trees(inputs, likely, np.ones(ROWS), SETTINGS, begin=known), inputs)
    assert np.abs(added).max() < 0.3
    wrong = log_odds(fit_trees(inputs, likely, np.ones(ROWS), SETTINGS, begin=known + 1), inputs)
    assert wrong.mean() == pytest.approx(-1, abs=0.1)


def test_the_mentions_asked_are_the_last_column() -> None:
    found = with_needed(np.zeros((2, 3), np.float32), np.array([1, 8]))
    assert found.dtype == np.float32
    assert found[:, 3] == pytest.approx([0, np.log(8)])
