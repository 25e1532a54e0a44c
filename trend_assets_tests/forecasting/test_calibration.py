from __future__ import annotations

import json

import numpy as np
import pytest

from trend_assets.forecasting.baselines import counting_rankings
from trend_assets.forecasting.calibration import Calibrator, fit_calibrated, fit_calibrator
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import WEEK, LabelSettings, make_cut, outcomes
from trend_assets.forecasting.learned import LogisticBaseline
from trend_assets.forecasting.metrics import expected_calibration_error

SETTINGS = LabelSettings()


def overconfident(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores that look like probabilities but whose squares are the true ones."""
    chance = np.random.default_rng(seed)
    scores = chance.random(size)
    return scores, chance.random(size) < scores**2


@pytest.mark.parametrize(("size", "method", "worst"), [(5_000, "isotonic", 0.03), (150, "platt", 0.08)])
def test_calibration_mends_overconfidence(size: int, method: str, worst: float) -> None:
    calibration = fit_calibrator(*overconfident(size, seed=1))
    assert calibration.calibrator.method == method
    scores, came_true = overconfident(20_000, seed=2)
    before = expected_calibration_error(came_true, scores)
    after = expected_calibration_error(came_true, calibration.calibrator.confidence(scores))
    assert after < worst < before
    order = np.argsort(scores)
    assert np.all(np.diff(calibration.calibrator.confidence(scores)[order]) >= 0)


def test_that_all_of_a_few_came_true_makes_nothing_certain() -> None:
    chance = np.random.default_rng(7)
    scores = chance.random(5_000)
    came_true = chance.random(5_000) < 0.1 + scores / 2
    scores, came_true = np.append(scores, [2.0] * 9 + [-1.0] * 9), np.append(came_true, [True] * 9 + [False] * 9)
    lowest, highest = fit_calibrator(scores, came_true).calibrator.confidence(np.array([-1.0, 2.0]))
    assert (lowest, highest) == (pytest.approx(0.1), pytest.approx(0.9))


def test_counts_are_calibrated_too() -> None:
    chance = np.random.default_rng(3)
    counts = chance.integers(0, 50, size=300).astype(float)
    came_true = chance.random(300) < counts / 60
    calibrator = fit_calibrator(counts, came_true).calibrator
    assert calibrator.method == "platt" and not calibrator.logit
    low, high = calibrator.confidence(np.array([0.0, 50.0]))
    assert low < 0.2 < 0.6 < high


def test_too_few_positives_are_refused_with_a_reason() -> None:
    calibration = fit_calibrator(np.linspace(0, 1, 1_000), np.arange(1_000) >= 990)
    assert calibration.calibrator is None
    assert "10 of 1000" in calibration.reason
    assert fit_calibrator(np.empty(0), np.empty(0, dtype=bool)).calibrator is None


@pytest.mark.parametrize("size", [200, 2_000])
def test_scores_that_say_nothing_are_refused(size: int) -> None:
    came_true = np.arange(size) % 3 == 0
    assert fit_calibrator(np.full(size, 0.5), came_true).reason is not None
    upside_down = fit_calibrator(-came_true.astype(float), came_true)
    assert upside_down.calibrator is None and "no higher" in upside_down.reason


@pytest.mark.parametrize("size", [150, 5_000])
def test_survives_json(size: int) -> None:
    calibrator = fit_calibrator(*overconfident(size, seed=4)).calibrator
    again = Calibrator.from_dict(json.loads(json.dumps(calibrator.to_dict())))
    scores = np.linspace(-0.5, 1.5, 50)
    assert np.array_equal(again.confidence(scores), calibrator.confidence(scores))
    with pytest.raises(ValueError, match="not a calibrator"):
        Calibrator.from_dict({**calibrator.to_dict(), "x": []})


def test_ranking_is_calibrated_on_the_weeks_that_it_had_not_seen(history: History) -> None:
    until = history.start + 63 * 24 * HOUR
    calls: list[int] = []

    class Watched(LogisticBaseline):
        def fit(self, history: History, until: int) -> None:
            calls.append(until)
            assert history.end <= until
            super().fit(history, until)

    ranking = Watched(CutMemory(SETTINGS))
    calibrations = fit_calibrated(ranking, history, until, SETTINGS, weeks=3)
    assert calls == [until - 3 * WEEK, until]
    asked = [make_cut(history, time, SETTINGS) for time in range(until - 3 * WEEK, until - 24 * HOUR + 1, 6 * HOUR)]
    assert calibrations["bursts"].examples == sum(len(cut) for cut in asked)
    positives = sum(int(outcomes(history, cut, SETTINGS).labels["bursts"].sum()) for cut in asked)
    assert calibrations["bursts"].positives == positives
    assert calibrations["bursts"].calibrator is not None


def test_a_young_history_is_not_calibrated(history: History) -> None:
    ranking = counting_rankings()[0]
    calibrations = fit_calibrated(ranking, history, history.start + 10 * 24 * HOUR, SETTINGS)
    assert all(item.calibrator is None and item.reason for item in calibrations.values())
