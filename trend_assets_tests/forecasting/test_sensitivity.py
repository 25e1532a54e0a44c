"""The threshold keeps to its rate, calmly; under load one thing gives way after another, and comes back."""

from __future__ import annotations

import numpy as np
import pytest

from trend_assets.forecasting.history import HOUR
from trend_assets.forecasting.sensitivity import (
    Load,
    LoadState,
    SensitivityController,
    SensitivityRule,
    SensitivityState,
    sampled,
)

RULE = SensitivityRule()


def run(controller: SensitivityController, days: int, shift: float, seed: int = 0, begin: int = 0) -> list[int]:
    """Alerts of each day, from hourly cuts whose 50 topics are new each hour; `shift` raises all confidences."""
    chance = np.random.default_rng(seed)
    alerts = []
    for day in range(days):
        count = 0
        for hour in range(24):
            cut = begin + (day * 24 + hour) * HOUR
            confidence = 1 / (1 + np.exp(-(chance.normal(-3 + shift, 1.2, 50))))
            count += len(controller.step(cut, {f"{cut} {number}": float(v) for number, v in enumerate(confidence)}))
        alerts.append(count)
    return alerts


@pytest.mark.parametrize("shift", [-1.0, 0.0, 1.5])
def test_the_rate_comes_to_its_target(shift: float) -> None:
    controller = SensitivityController(RULE)
    alerts = run(controller, 30, shift)
    assert 0.6 * RULE.alerts_a_day <= np.mean(alerts[10:]) <= 1.4 * RULE.alerts_a_day


def test_after_a_change_of_the_world_it_comes_back() -> None:
    controller = SensitivityController(RULE)
    run(controller, 15, 0.0)
    before = controller.state.threshold
    alerts = run(controller, 25, 1.0, seed=1, begin=15 * 24 * HOUR)
    assert alerts[0] > 2 * RULE.alerts_a_day
    assert np.mean(alerts[8:]) <= 1.4 * RULE.alerts_a_day
    assert controller.state.threshold > before


def test_within_the_band_the_threshold_stands_still() -> None:
    controller = SensitivityController(RULE, SensitivityState(0.6, 11.0, 0))
    controller.step(HOUR, {})
    assert controller.state.threshold == 0.6
    above = SensitivityController(RULE, SensitivityState(0.6, 14.0, 0))
    above.step(HOUR, {})
    assert above.state.threshold > 0.6


def test_a_topic_is_told_once_until_it_has_fallen_well_below() -> None:
    still = SensitivityRule(step=1e-9)
    controller = SensitivityController(still)
    values = [0.6, 0.49, 0.55, 0.45, 0.6, 0.3, 0.6]
    told = [controller.step(number * HOUR, {"#a": value}) for number, value in enumerate(values, start=1)]
    assert [bool(topics) for topics in told] == [True, False, False, False, False, False, True]


def test_the_surest_come_first_and_a_cut_counts_once() -> None:
    controller = SensitivityController(RULE)
    assert controller.step(HOUR, {"#a": 0.6, "#b": 0.9, "#c": 0.1}) == ["#b", "#a"]
    state = controller.state
    assert controller.step(HOUR, {"#d": 0.99}) == []
    assert controller.state == state


def test_the_threshold_keeps_to_its_bounds() -> None:
    controller = SensitivityController(SensitivityRule(step=5.0), SensitivityState(0.5, 0.0))
    for hour in range(1, 60):
        controller.step(hour * HOUR, {})
    assert controller.state.threshold == RULE.lowest


def test_under_load_one_thing_gives_way_after_another_and_comes_back() -> None:
    state, seen = LoadState(1_000), []
    for backlog in (500, 1_500, 1_500, 5_000, 17_000, 50_000, 9_000, 7_000, 3_000, 1_900, 600, 400, 0):
        state = state.after(backlog)
        seen.append(state.load)
    # Each step ends at half of where it began, and none is skipped.
    assert [int(load) for load in seen] == [0, 1, 1, 2, 3, 3, 3, 2, 2, 1, 1, 0, 0]


def test_what_gives_way_at_each_step() -> None:
    states = [LoadState(100, load) for load in Load]
    assert [state.grown(64) for state in states] == [64, 512, 512, 512]
    assert [state.embeds for state in states] == [True, True, False, False]
    assert [state.samples for state in states] == [False, False, False, True]


def test_an_event_is_sampled_by_its_weight_and_the_same_way_in_any_company() -> None:
    ids = [f"twitter:original:{number}" for number in range(2_000)]
    weights = np.array([1.0] * 1_000 + [0.2] * 1_000)
    kept = sampled(ids, weights)
    assert kept[:1_000].all()
    assert 150 < kept[1_000:].sum() < 250
    assert sampled(ids[::-1][:700], weights[::-1][:700]).tolist() == kept[::-1][:700].tolist()
