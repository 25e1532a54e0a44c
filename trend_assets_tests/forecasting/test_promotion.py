"""The gate: better than counting and not clearly worse than the rest, or refused with the reason."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from trend_assets.forecasting.first_weeks import Lead
from trend_assets.forecasting.held_out import HeldOut
from trend_assets.forecasting.history import HOUR
from trend_assets.forecasting.labels import WEEK
from trend_assets.forecasting.promotion import PromotionRule, decide

MONDAY = 1_767_571_200
RULE = PromotionRule()


def held_out(mean: float, weeks: int = 8, seed: int = 0, noise: float = 0.1, first: int = MONDAY) -> HeldOut:
    times = first + np.arange(0, weeks * WEEK, 6 * HOUR)
    chance = np.random.default_rng(seed)
    return HeldOut.of(
        {label: (times, np.clip(mean + chance.normal(0, noise, len(times)), 0, 1)) for label in ("bursts", "emerges")}
    )


def test_better_than_the_best_counting_is_promoted() -> None:
    decision = decide(held_out(0.5), {"weak": held_out(0.1, seed=1), "strong": held_out(0.4, seed=2)}, {}, None, RULE)
    assert decision.promoted
    assert decision.reason.startswith("better than strong (+0.1")


@pytest.mark.parametrize("weeks", [1, 8])
def test_within_the_noise_of_counting_is_not_promoted(weeks: int) -> None:
    decision = decide(held_out(0.4, weeks), {"strong": held_out(0.4, weeks, seed=1)}, {}, None, RULE)
    assert not decision.promoted
    assert decision.reason.startswith("neither clearly better nor clearly worse than strong")


@pytest.mark.parametrize("weeks", [1, 8])
def test_within_the_noise_of_what_learns_is_promoted(weeks: int) -> None:
    counting = {"strong": held_out(0.3, weeks, seed=1)}
    decision = decide(held_out(0.4, weeks), counting, {"trees": held_out(0.4, weeks, seed=2)}, None, RULE)
    assert decision.promoted
    assert "neither clearly better nor clearly worse than trees" in decision.reason


@pytest.mark.parametrize("weeks", [1, 8])
def test_clearly_worse_than_what_learns_is_not_promoted(weeks: int) -> None:
    counting = {"strong": held_out(0.2, weeks, seed=1)}
    decision = decide(held_out(0.3, weeks), counting, {"trees": held_out(0.4, weeks, seed=2)}, None, RULE)
    assert not decision.promoted
    assert "clearly worse than trees (-0." in decision.reason


@pytest.mark.parametrize("weeks", [1, 8])
def test_chance_is_not_promoted(weeks: int) -> None:
    """What a damaged model, or one trained on shuffled labels, scores."""
    decision = decide(held_out(0.05, weeks), {"strong": held_out(0.4, weeks, seed=1)}, {}, None, RULE)
    assert not decision.promoted
    assert decision.reason.startswith("clearly worse than strong (-0.3")


def test_the_model_in_use_must_not_be_clearly_better() -> None:
    baselines = {"strong": held_out(0.4, seed=1)}
    refused = decide(held_out(0.45), baselines, {}, ("tgn-1", held_out(0.6, seed=2)), RULE)
    assert not refused.promoted
    assert "clearly worse than tgn-1, in use" in refused.reason
    assert decide(held_out(0.45), baselines, {}, ("tgn-1", held_out(0.45, seed=2)), RULE).promoted


def test_only_shared_cuts_are_compared() -> None:
    """The former was held out on the weeks before: on those that both saw held out it is no better."""
    former = held_out(0.9, weeks=8, seed=2, first=MONDAY - 8 * WEEK)
    decision = decide(held_out(0.45), {"strong": held_out(0.4, seed=1)}, {}, ("tgn-1", former), RULE)
    assert decision.promoted
    assert "too few cuts shared with tgn-1" in decision.reason


def test_nothing_measured_is_not_promoted() -> None:
    nothing = HeldOut({"bursts": {}})
    decision = decide(nothing, {"strong": held_out(0.4)}, {}, None, RULE)
    assert not decision.promoted
    assert "fewer than 10 forecasts" in decision.reason


def test_what_could_not_be_scored_is_left_out_and_json_keeps_the_rest() -> None:
    figures = HeldOut.of({"bursts": ([1, 2], [0.5, np.nan])})
    assert figures.labels == {"bursts": {1: 0.5}}
    assert HeldOut.from_json(json.loads(json.dumps(figures.to_json()))) == figures
    assert figures.mean == 0.5
    assert HeldOut({}).mean is None


def test_a_short_history_that_does_not_decide_is_looked_at_further_back() -> None:
    asked: list[bool] = []

    def longer(mean: float) -> Callable[[], Lead | None]:
        def told() -> Lead | None:
            asked.append(True)
            return Lead(mean, 0.02, 90, 14)

        return told

    level, rivals = {"strong": held_out(0.4, 1, seed=1)}, {"trees": held_out(0.4, 1, seed=2)}
    better = decide(held_out(0.4, 1), level, rivals, None, RULE, longer(0.03))
    assert better.promoted and "sure to be better than counting (+0.030 NDCG@10 at 90 cuts of 14 days" in better.reason
    assert "clearly better nor clearly worse than trees" in better.reason
    assert not decide(held_out(0.4, 1), level, rivals, None, RULE, longer(-0.01)).promoted
    worse = {"trees": held_out(0.7, 1, seed=2)}
    assert not decide(held_out(0.4, 1), level, worse, None, RULE, longer(0.03)).promoted
    few = decide(HeldOut({"bursts": {}}), level, {}, None, RULE, longer(0.03))
    assert few.promoted and len(asked) == 4


@pytest.mark.parametrize(("mean", "weeks"), [(0.7, 1), (0.1, 1), (0.4, 8)])
def test_what_decides_by_itself_costs_no_further_fit(mean: float, weeks: int) -> None:
    def longer() -> Lead | None:
        raise AssertionError("asked")

    decide(held_out(mean, weeks), {"strong": held_out(0.4, weeks, seed=1)}, {}, None, RULE, longer)
