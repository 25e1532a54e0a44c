from __future__ import annotations

import numpy as np
import pytest

from trend_assets.forecasting.history import HOUR
from trend_assets.forecasting.labels import WEEK, Cut, LabelSettings
from trend_assets.forecasting.reliability import ConfidenceWalk, Reliability

MONDAY = 1_767_571_200
TOPICS = 30


def cut(time: int) -> Cut:
    everything = np.ones(TOPICS, np.bool_)
    asked = dict.fromkeys(("bursts", "breaks_out", "emerges"), everything)
    ones = np.ones(TOPICS, np.int64)
    return Cut(time=time, topics=np.arange(TOPICS), support=ones, before={24: ones}, usual=ones, asked=asked)


def walked(weeks: int, drift_from: int | None = None, seed: int = 0, hours: int = 24) -> Reliability | None:
    """Scores whose square is the chance that it comes true; from a week on nothing does."""
    chance = np.random.default_rng(seed)
    walk = ConfidenceWalk("tgn", LabelSettings(horizon_hours=hours).hours_of)
    for time in range(MONDAY, MONDAY + weeks * WEEK, 6 * HOUR):
        scores = chance.random(TOPICS)
        came_true = chance.random(TOPICS) < scores**2
        if drift_from is not None and time >= MONDAY + drift_from * WEEK:
            came_true[:] = False
        walk.add(cut(time), {"bursts": came_true}, {"tgn": {"bursts": scores}, "other": {"bursts": -scores}})
    found = walk.reliability()
    assert found["emerges"] is None
    return found["bursts"]


def test_scores_that_are_no_probabilities_become_such() -> None:
    found = walked(10)
    assert found is not None
    assert found.error < 0.03
    assert found.examples == 6 * 28 * TOPICS
    assert found.positives == pytest.approx(found.examples / 3, rel=0.1)
    for said, true, count in found.bins:
        assert abs(said - true) < 4 / np.sqrt(count)


def test_what_comes_later_teaches_nothing_before() -> None:
    """Where nothing comes true any more, the confidences of the first such week still stand on what was before."""
    found = walked(8, drift_from=7)
    calm = walked(8)
    assert found is not None and calm is not None
    assert found.error > calm.error + 0.05


def test_four_weeks_only_teach() -> None:
    assert walked(4) is None
    first = walked(5)
    assert first is not None and first.examples == 28 * TOPICS
    assert first.to_json()["bins"]


def test_a_long_horizon_teaches_only_once_it_has_passed() -> None:
    """What changed in the week before is known of a day ahead, and not yet of a week ahead."""
    day, week = walked(8, drift_from=5), walked(8, drift_from=5, hours=168)
    assert day is not None and week is not None
    assert week.error > day.error + 0.01
