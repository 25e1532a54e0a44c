"""The linear model, and how much it counts beside trees and heads."""

from __future__ import annotations

import numpy as np
import pytest

from trend_assets.forecasting.examples import Examples
from trend_assets.tgn.linear import Linear
from trend_assets.tgn.shares import Shares


@pytest.mark.parametrize("cuts", [0, 1, 90, 1460, 10**6])
def test_shares_add_up_and_move_from_the_linear_model_to_the_trees(cuts: int) -> None:
    found, more = Shares.of(cuts), Shares.of(cuts + 100)
    assert sum(found) == pytest.approx(1) and min(found) > 0
    assert more.linear < found.linear and more.trees > found.trees


def test_a_linear_model_finds_what_is_linear_and_survives_a_checkpoint() -> None:
    generator = np.random.default_rng(3)
    features = generator.normal(5, 3, (4000, 3)).astype(np.float32)
    features[:, 2] = 1
    odds = features[:, 0] - 2 * features[:, 1] + 4
    true = {"a": generator.random(4000) < 1 / (1 + np.exp(-odds)), "b": features[:, 0] > 5}
    asked = {"a": np.arange(4000) % 2 == 0, "b": np.ones(4000, np.bool_)}
    none = np.empty(0)
    examples = Examples(features, asked, true, {}, {}, none)
    found = Linear.from_tensors(Linear.fit(features, examples, ("a", "b")).tensors())
    assert np.corrcoef(found.log_odds(features, 0), odds)[0, 1] > 0.99
    assert ((found.log_odds(np.c_[features, features], 1) > 0) == true["b"]).mean() > 0.98
