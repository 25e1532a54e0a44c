"""What trees are asked of past topics."""

from __future__ import annotations

import numpy as np
import pytest

from trend_assets.forecasting.likelihood import likelihood
from trend_assets.tgn.questions import Questions, questions

TOPICS = 60_000


@pytest.fixture(scope="module")
def after() -> np.ndarray:
    """Mentions of topics, most of which get next to none; of the last thousand they are not known yet."""
    came = np.random.default_rng(0).negative_binomial(0.3, 0.1, TOPICS)
    came[-1000:] = -1
    return came


def asked(after: np.ndarray, most: int = 10**9, seed: int = 0) -> Questions:
    needed = np.full(TOPICS, 8), np.maximum(8, np.arange(TOPICS) % 20)
    return questions(after, needed, most, np.random.default_rng(seed))


def test_what_is_not_known_yet_asks_nothing_and_what_came_answers(after: np.ndarray) -> None:
    found = asked(after)
    assert found.rows.max() < TOPICS - 1000
    assert np.array_equal(found.likely, likelihood(after[found.rows], found.needed))
    assert found.needed.min() >= 2


def test_every_topic_that_came_near_is_asked_for_what_each_label_needs(after: np.ndarray) -> None:
    found = asked(after)
    close = np.flatnonzero(after >= 4)
    assert np.isin(close, found.rows[found.needed == 8]).all()


def test_those_left_out_are_weighed_for(after: np.ndarray) -> None:
    found = asked(after)
    known = int((after >= 0).sum())
    assert len(found) < known * 5 / 2
    # Two labels and three drawn numbers of mentions, each of every topic.
    assert found.weight.sum() == pytest.approx(5 * known, rel=1e-4)
    least = found.needed == 8
    mean = np.average(found.likely[least], weights=found.weight[least])
    assert mean == pytest.approx(likelihood(after[after >= 0], np.full(known, 8)).mean(), rel=0.1)


def test_of_very_many_some_are_drawn_and_the_same_chance_draws_the_same(after: np.ndarray) -> None:
    few, again, other = asked(after, 5000), asked(after, 5000), asked(after, 5000, seed=1)
    assert len(few) == 5000
    assert np.array_equal(few.rows, again.rows) and np.array_equal(few.needed, again.needed)
    assert not np.array_equal(few.rows, other.rows)
