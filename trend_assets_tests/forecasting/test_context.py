"""What a cut's topics are beside the whole stream."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from trend_assets.forecasting.context import CONTEXT_NAMES, context
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.history import HOUR, History, to_epoch
from trend_assets.forecasting.labels import LabelSettings, make_cut
from trend_assets_tests.forecasting.conftest import START, random_mentions

SETTINGS = LabelSettings()
CUT = START + timedelta(days=40, hours=7)


def of(history: History, moment: datetime) -> np.ndarray:
    """The context of a cut's topics."""
    cut = make_cut(history, to_epoch(moment), SETTINGS)
    return context(history, cut, CutMemory(SETTINGS).known_at(history, cut).features)


def test_the_columns_are_what_their_names_say() -> None:
    history = History.from_mentions(random_mentions(1), START, START + timedelta(days=70))
    cut = make_cut(history, to_epoch(CUT), SETTINGS)
    column = dict(zip(CONTEXT_NAMES, of(history, CUT).T, strict=True))
    times, topics = history.time, history.topic
    for hours in (1, 24):
        before = (times >= cut.time - hours * HOUR) & (times < cut.time)
        counts = np.array([(before & (topics == topic)).sum() for topic in cut.topics])
        better = np.array([(counts > count).sum() for count in counts])
        assert np.allclose(np.exp(column[f"rank_{hours}h"]), better + 1)
        assert np.allclose(np.expm1(column[f"stream_{hours}h"]), before.sum())
    assert np.allclose(np.expm1(column["candidates"]), len(cut))
    assert np.allclose(np.expm1(column["usual"]), cut.usual, atol=1e-4)


def test_nothing_later_is_looked_at() -> None:
    frame = random_mentions(1)
    whole = History.from_mentions(frame, START, START + timedelta(days=70))
    known = History.from_mentions(
        frame.filter(frame["timestamp"] < CUT), START, datetime.fromtimestamp(to_epoch(CUT), UTC)
    )
    assert np.array_equal(of(whole, CUT), of(known, CUT))


def test_a_cut_without_topics_has_no_rows() -> None:
    history = History.from_mentions(random_mentions(1, days=3), START, START + timedelta(days=30))
    assert of(history, START + timedelta(days=20)).shape == (0, len(CONTEXT_NAMES))
