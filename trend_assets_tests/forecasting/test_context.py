"""What surrounds the topics of a cut."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from trend_assets.forecasting.context import CONTEXT_NAMES, Context
from trend_assets.forecasting.history import HOUR, History, to_epoch
from trend_assets.forecasting.labels import FurtherHorizon, LabelSettings, make_cut, mentions_needed
from trend_assets_tests.forecasting.conftest import START, random_mentions

SETTINGS = LabelSettings(further=(FurtherHorizon(6, 4, 2),))
CUT = START + timedelta(days=40, hours=7)


def test_the_columns_are_what_their_names_say() -> None:
    history = History.from_mentions(random_mentions(1), START, START + timedelta(days=70))
    cut = make_cut(history, to_epoch(CUT), SETTINGS)
    found = Context.at(history, cut, SETTINGS)
    column = dict(zip(CONTEXT_NAMES, found.of("emerges_6h").T, strict=True))
    times, topics = history.time, history.topic
    day = (times >= cut.time - 24 * HOUR) & (times < cut.time)
    counts = np.array([(day & (topics == topic)).sum() for topic in cut.topics])
    better = np.array([(counts > count).sum() for count in counts])
    assert np.allclose(np.exp(column["rank_24h"]), better + 1)
    assert np.allclose(np.expm1(column["stream_24h"]), day.sum())
    assert np.allclose(np.expm1(column["candidates"]), len(cut))
    assert np.allclose(np.expm1(column["usual"]), cut.usual, atol=1e-4)
    assert np.allclose(np.exp(column["needed"]), mentions_needed(cut, SETTINGS)["emerges_6h"])


def test_nothing_later_is_looked_at_and_rows_are_chosen_alike() -> None:
    frame = random_mentions(1)
    before = frame.filter(frame["timestamp"] < CUT)
    whole = History.from_mentions(frame, START, START + timedelta(days=70))
    known = History.from_mentions(before, START, datetime.fromtimestamp(to_epoch(CUT), UTC))
    cuts = [make_cut(history, to_epoch(CUT), SETTINGS) for history in (whole, known)]
    ours, theirs = (Context.at(history, cut, SETTINGS) for history, cut in zip((whole, known), cuts, strict=True))
    chosen = np.arange(len(cuts[0])) % 3 == 0
    for label in SETTINGS.hours_of:
        assert np.array_equal(ours.of(label), theirs.of(label))
        assert np.array_equal(ours.rows(chosen).of(label), ours.of(label)[chosen])


def test_a_cut_without_topics_has_no_rows() -> None:
    history = History.from_mentions(random_mentions(1, days=3), START, START + timedelta(days=30))
    cut = make_cut(history, to_epoch(START + timedelta(days=20)), SETTINGS)
    assert Context.at(history, cut, SETTINGS).of("bursts").shape == (0, len(CONTEXT_NAMES))
