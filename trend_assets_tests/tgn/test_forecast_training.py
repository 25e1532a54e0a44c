from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
import torch

from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import make_cut, outcomes
from trend_assets.tgn.forecast_training import ForecastTrainer
from trend_assets.tgn.forecaster import TgnForecaster
from trend_assets.tgn.heads import HeadSettings
from trend_assets.tgn.inputs import TopicInputs
from trend_assets.tgn.settings import ForecasterSettings
from trend_assets_tests.tgn.test_forecaster import DAYS, START, UNTIL, mentions, mentions_frame

SETTINGS = ForecasterSettings(link_epochs=0, threads=1)
LABELS = ("bursts", "breaks_out")


@pytest.fixture(scope="module")
def history() -> History:
    return History.from_mentions(mentions(), START, START + timedelta(days=DAYS))


@pytest.fixture
def inputs(history: History) -> TopicInputs:
    torch.manual_seed(0)
    made = TopicInputs(SETTINGS, CutMemory(SETTINGS.labels))
    made.fit(history, UNTIL)
    return made


def test_the_gradient_reaches_what_embeds_and_what_remembers(history: History, inputs: TopicInputs) -> None:
    past = inputs.past_cuts(history, UNTIL)
    before = {name: value.detach().clone() for name, value in inputs.state.model.named_parameters()}
    losses = ForecastTrainer(inputs.state, past, LABELS, HeadSettings(epochs=1, min_steps=1)).fit()
    moved = {name for name, value in inputs.state.model.named_parameters() if not torch.equal(value, before[name])}
    assert len(losses) == 1
    assert moved == {name for name in before if not name.startswith("predictor.")}


def test_losses_fall_and_the_state_is_empty_afterwards(history: History, inputs: TopicInputs) -> None:
    past = inputs.past_cuts(history, UNTIL)
    losses = ForecastTrainer(inputs.state, past, LABELS, HeadSettings(epochs=2, min_steps=1)).fit()
    assert losses[-1] < losses[0]
    assert inputs.state.size == 0
    assert not inputs.state.model.memory.memory.any()


def test_replay_gives_what_a_question_gets(history: History, inputs: TopicInputs) -> None:
    past = inputs.past_cuts(history, UNTIL)
    cuts = past.cuts[:40]
    replayed = [embedding.detach().numpy() for embedding in inputs.state.replay(past.history, cuts)]
    inputs.state.restart()
    asked = [held.embedding for held in inputs.state.embedded(past.history, cuts)]
    for one, two in zip(replayed, asked, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-6)


def two_communities() -> pl.DataFrame:
    """One community draws a crowd to each of its topics, of its own members; the other does not."""
    generator = np.random.default_rng(1)
    rows = []
    for number in range(DAYS * 12):
        born = number * 2.0 + generator.uniform(0, 2)
        lively = bool(generator.random() < 0.5)
        members = np.arange(40) if lively else np.arange(40, 80)
        size = generator.poisson(25 if lively else 3)
        hours = np.concatenate([[born], born + np.sort(generator.exponential(14, size))])
        rows += [(hour, number, user) for hour, user in zip(hours, generator.choice(members, size + 1), strict=True)]
    return mentions_frame([row for row in rows if row[0] < DAYS * 24])


def test_it_learns_from_the_graph_what_counting_cannot_see() -> None:
    """Whether a crowd will come is known of a topic that has one mention and is minutes old: by who made it."""
    history = History.from_mentions(two_communities(), START, START + timedelta(days=DAYS))

    def separation(groups: tuple[str, ...]) -> float:
        forecaster = TgnForecaster(ForecasterSettings(groups=groups, link_epochs=0, threads=1))
        forecaster.fit(history, UNTIL)
        hits, misses = [], []
        for hours in range(0, 9 * 24):
            cut = make_cut(history, UNTIL + hours * HOUR, SETTINGS.labels)
            lone = (cut.support == 1) & (history.first_seen(cut.topics) >= cut.time - HOUR)
            scores = forecaster.score(history, cut)["breaks_out"][lone]
            true = outcomes(history, cut, SETTINGS.labels).labels["breaks_out"][lone]
            hits += scores[true].tolist()
            misses += scores[~true].tolist()
        return float(np.mean(np.array(hits)[:, None] > np.array(misses)))

    assert separation(("counts", "network")) > 0.8 > separation(("counts",)) + 0.1
