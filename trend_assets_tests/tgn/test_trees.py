"""Trees that say how likely a topic gets at least so many mentions."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import make_cut, outcomes
from trend_assets.tgn.inputs import TopicInputs
from trend_assets.tgn.pretrained import Pretrained, load_pretrained
from trend_assets.tgn.trees import Trees
from trend_assets_tests.tgn.test_forecaster import DAYS, SETTINGS, START, UNTIL, mentions

LABELS = SETTINGS.labels


@pytest.fixture(scope="module")
def history() -> History:
    return History.from_mentions(mentions(), START, START + timedelta(days=DAYS))


@pytest.fixture(scope="module")
def inputs() -> TopicInputs:
    return TopicInputs(SETTINGS, CutMemory(LABELS))


def fitted(inputs: TopicInputs, history: History, taught: Pretrained | None) -> Trees:
    past = inputs.past_cuts(history, UNTIL)
    return Trees.fit(24, past.features, past.examples, SETTINGS, taught)


def test_they_rank_what_comes_and_the_more_is_asked_the_less_is_likely(history: History, inputs: TopicInputs) -> None:
    trees = fitted(inputs, history, None)
    hits, misses, easy, hard = [], [], [], []
    for hours in range(0, 9 * 24, 12):
        cut = make_cut(history, UNTIL + hours * HOUR, LABELS)
        table, _ = inputs.at(history, cut)
        became = outcomes(history, cut, LABELS)
        told = trees.log_odds(table, became.needed["emerges"], None).own
        true = became.labels["emerges"]
        hits += told[true].tolist()
        misses += told[~true].tolist()
        few, many = (trees.log_odds(table, np.full(len(cut), number), None).own for number in (3, 30))
        easy += few.tolist()
        hard += many.tolist()
    assert np.mean(np.array(hits)[:, None] > np.array(misses)) > 0.8
    assert np.mean(np.array(easy) > np.array(hard)) > 0.95


def test_some_go_on_from_what_others_taught_and_all_are_kept(history: History, inputs: TopicInputs) -> None:
    taught = load_pretrained()
    trees = fitted(inputs, history, taught)
    kept = Trees.from_tensors(24, trees.tensors())
    cut = make_cut(history, UNTIL, LABELS)
    table, _ = inputs.at(history, cut)
    needed = np.full(len(cut), 8)
    told, again = (each.log_odds(table, needed, taught) for each in (trees, kept))
    assert told.taught is not None and told.further is not None
    assert np.array_equal(told.taught, taught.log_odds(table, 24, needed))
    assert not np.allclose(told.further, told.taught) and not np.allclose(told.further, told.own)
    assert all(np.array_equal(one, other) for one, other in zip(told, again, strict=True))


def test_without_others_there_are_only_their_own(history: History, inputs: TopicInputs) -> None:
    trees = fitted(inputs, history, None)
    assert set(trees.tensors()) == {"own"}
    cut = make_cut(history, UNTIL, LABELS)
    told = trees.log_odds(inputs.at(history, cut)[0], np.full(len(cut), 8), load_pretrained())
    assert told.further is None and told.taught is None
