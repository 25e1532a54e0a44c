"""Drift: of accuracy, of inputs, and when there is too little to say."""

from __future__ import annotations

import numpy as np
import pytest

from trend_assets.forecasting.drift import DriftRule, PerformanceDriftMonitor, population_stability_index
from trend_assets.forecasting.history import HOUR

MONDAY = 1_767_571_200
COUNTS = np.random.default_rng(0).poisson(3, 2_000) + 1
HELD_OUT = {"bursts": 0.5, "emerges": 0.4, "breaks_out": None}


def live(value: float, cuts: int = 40) -> dict[str, dict[int, float]]:
    at = {MONDAY + 6 * HOUR * number: value for number in range(cuts)}
    return {"bursts": at, "emerges": {}, "breaks_out": {MONDAY: 0.0}}


def test_as_it_was_has_not_drifted() -> None:
    report = PerformanceDriftMonitor().check(HELD_OUT, live(0.45), COUNTS, COUNTS[:500])
    assert report.reasons == ()
    assert (report.live_mean, report.held_out_mean, report.cuts) == (pytest.approx(0.45), pytest.approx(0.5), 40)
    assert report.live["bursts"] == {"2026-01-05": pytest.approx(0.45), "2026-01-12": pytest.approx(0.45)}


def test_a_drop_of_accuracy_is_told() -> None:
    report = PerformanceDriftMonitor().check(HELD_OUT, live(0.35), COUNTS, COUNTS)
    assert report.reasons == ("live NDCG@10 is 0.350, it was 0.500 on the weeks held out",)
    assert PerformanceDriftMonitor(DriftRule(drop=0.2)).check(HELD_OUT, live(0.35), COUNTS, COUNTS).reasons == ()


def test_too_few_cuts_say_nothing() -> None:
    report = PerformanceDriftMonitor().check(HELD_OUT, live(0.0, cuts=19), COUNTS, COUNTS)
    assert report.reasons == ()
    assert report.live_mean is None and report.cuts == 19


def test_other_inputs_are_told() -> None:
    report = PerformanceDriftMonitor().check(HELD_OUT, live(0.5), COUNTS, COUNTS * 5)
    assert len(report.reasons) == 1 and "no longer what was learnt from (PSI" in report.reasons[0]
    assert PerformanceDriftMonitor().check(HELD_OUT, live(0.5), [], COUNTS).psi is None


def test_psi_is_zero_for_the_same_and_small_for_another_draw() -> None:
    chance = np.random.default_rng(1)
    one, two = chance.normal(0, 1, 5_000), chance.normal(0, 1, 5_000)
    assert population_stability_index(one, one) == 0
    assert 0 < population_stability_index(one, two) < 0.02
    # A shift by half a deviation: the integral of (q - p) log(q / p) is 0.25.
    assert population_stability_index(one, two + 0.5) == pytest.approx(0.25, abs=0.05)
    assert population_stability_index(np.ones(10), np.zeros(10)) >= 0
    with pytest.raises(ValueError, match="both are needed"):
        population_stability_index(one, np.empty(0))
