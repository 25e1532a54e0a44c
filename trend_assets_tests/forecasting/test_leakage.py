"""Everything after a cut is replaced by noise: nothing that was said at the cut may change by a bit."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from trend_assets.forecasting.baselines import baseline_rankings
from trend_assets.forecasting.calibration import fit_calibrated
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.features import count_table
from trend_assets.forecasting.formulas import formula_rankings
from trend_assets.forecasting.history import History, to_datetime
from trend_assets.forecasting.labels import LabelSettings, make_cut
from trend_assets.forecasting.learned import GradientBoosting
from trend_assets.forecasting.predict import forecast
from trend_assets.forecasting.ranking import Ranking
from trend_assets_tests.forecasting.conftest import AllMentions

SETTINGS = LabelSettings()


@pytest.fixture(scope="module")
def cut(history: History) -> datetime:
    return to_datetime(history.start) + timedelta(days=63)


@pytest.fixture(scope="module")
def other(stream: pl.DataFrame, history: History, cut: datetime) -> History:
    """The same past, another future: old topics at other times, new topics, new users."""
    chance = np.random.default_rng(99)
    past = stream.filter(pl.col("timestamp") < cut)
    topics = [*past["topic"].unique().sort().to_list(), *(f"noise {number}" for number in range(50))]
    size = 5_000
    noise = pl.DataFrame(
        {
            "timestamp": [cut + timedelta(seconds=int(second)) for second in chance.integers(0, 8 * 86_400, size)],
            "topic": chance.choice(topics, size),
            "user_id": [f"n{number}" for number in chance.integers(0, 300, size)],
            "weight": np.ones(size),
        },
        schema=stream.schema,
    )
    # Every later row before every earlier one: neither order nor place in the frame may matter.
    return History.from_mentions(pl.concat([noise, past]), to_datetime(history.start), to_datetime(history.end))


def every_ranking() -> list[Ranking]:
    memory = CutMemory(SETTINGS)
    return [*baseline_rankings(SETTINGS, memory), *formula_rankings(memory)]


def test_the_futures_differ(history: History, other: History, cut: datetime) -> None:
    after = [np.array(each.time[each.time >= cut.timestamp()]) for each in (history, other)]
    assert not np.array_equal(*after)


def test_counts_scores_and_topics(history: History, other: History, cut: datetime) -> None:
    time = int(cut.timestamp())
    cuts = [make_cut(each, time, SETTINGS) for each in (history, other)]
    views = [each.until(time) for each in (history, other)]
    assert views[0].topics == views[1].topics
    assert views[0].users == views[1].users
    # The whole history is handed in: the code itself must not look past the cut.
    assert np.array_equal(*(count_table(each, [cut]) for each, cut in zip((history, other), cuts, strict=True)))
    for ours, theirs in zip(*(every_ranking() for _ in range(2)), strict=True):
        ours.fit(history, time)
        theirs.fit(other, time)
        mine, yours = ours.score(views[0], cuts[0]), theirs.score(views[1], cuts[1])
        assert set(mine) == set(yours) and mine
        for label in mine:
            assert mine[label].tobytes() == yours[label].tobytes(), (ours.name, label)


def test_predictions_with_confidence_and_growth(history: History, other: History, cut: datetime) -> None:
    time = int(cut.timestamp())
    frames = []
    for each in (history, other):
        memory = CutMemory(SETTINGS)
        boosting = GradientBoosting(memory, trees=30)
        calibrations = fit_calibrated(boosting, each, time, SETTINGS, weeks=3, every_hours=24)
        calibrators = {label: item.calibrator for label, item in calibrations.items() if item.calibrator}
        assert calibrators
        frames.append(forecast(boosting, each, cut, SETTINGS, calibrators, AllMentions()))
    assert len(frames[0]) > 30
    assert frames[0]["confidence"].null_count() < len(frames[0])
    assert frames[0].equals(frames[1])
