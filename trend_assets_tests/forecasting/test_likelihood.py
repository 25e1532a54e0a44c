from __future__ import annotations

import numpy as np

from trend_assets.forecasting.likelihood import likelihood


def test_is_the_tail_of_the_negative_binomial_distribution() -> None:
    generator = np.random.default_rng(0)
    after = np.array([1, 4, 7, 8, 16, 40])
    drawn = generator.negative_binomial(4, 4 / (4 + after), (200_000, len(after)))
    found = likelihood(after, np.full(len(after), 8))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, (drawn >= 8).mean(0), atol=0.005)


def test_says_more_than_whether_it_came_true() -> None:
    after = np.array([0, 1, 7, 8, 9, 30, 300])
    found = likelihood(after, np.full(len(after), 8))
    assert (np.diff(found) > 0).all()
    assert found[0] < 0.001 and found[-1] > 0.999
    assert found[3] - found[2] < 0.1


def test_one_mention_needed_and_none_came() -> None:
    assert 0 < likelihood(np.array([0]), np.array([1]))[0] < 0.1
