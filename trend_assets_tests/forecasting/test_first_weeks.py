"""The lead of a model with few weeks behind it: measured without later posts, joined with what is known elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from trend_assets.forecasting.baselines import counting_rankings
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.first_weeks import ELSEWHERE, Lead, Prior, lead_over, leads, leads_before
from trend_assets.forecasting.held_out import HeldOut
from trend_assets.forecasting.history import HOUR, History, to_datetime
from trend_assets.forecasting.labels import LABELS, WEEK, Cut, LabelSettings
from trend_assets.forecasting.learned import LogisticBaseline
from trend_assets.forecasting.ranking import Scores
from trend_assets.forecasting.selection import best_counting

SETTINGS = LabelSettings()
MONDAY = 1_767_571_200


def lead(mean: float, spread: float = 0.1, days: int = 14) -> Lead:
    """Four cuts a day, whose leads lie so far apart from day to day."""
    times = MONDAY + np.arange(0, days * 24 * HOUR, 6 * HOUR)
    by_day = np.random.default_rng(0).normal(0, spread, days)
    values = np.repeat(by_day - by_day.mean() + mean, 4)
    found = Lead.of(values.tolist(), times.tolist())
    assert found is not None
    return found


def test_what_is_measured_weighs_more_the_surer_it_is() -> None:
    vague, exact = lead(0.02, spread=0.3), lead(0.02, spread=0.01)
    assert vague.error > 0.05 > 0.01 > exact.error
    assert 0.5 < vague.sure() < exact.sure() and ELSEWHERE.lead > 0
    # Where nothing is known elsewhere, the measured lead and its error alone decide.
    blank = Prior(0.0, 1e6)
    assert vague.sure(blank) == pytest.approx(norm.cdf(vague.mean / vague.error))
    assert vague.sure(Prior(-0.2, 0.01)) < 0.01
    assert exact.better(0.95) and not lead(0.001, spread=0.3).better(0.95)
    assert exact.words(0.95).startswith("100% sure to be better than counting (+0.020 NDCG@10 at 56 cuts of 14 days")


def test_the_model_must_have_led_whatever_is_known_elsewhere() -> None:
    behind = lead(-0.001, spread=0.3)
    assert behind.sure() > 0.5 and not behind.better(0.5)
    assert behind.words(0.95).startswith("no better than counting (-0.001")
    far = lead(-0.2, spread=0.05)
    assert far.sure() < 0.01


def test_a_lead_that_is_not_sure_says_what_is_needed() -> None:
    unsure = lead(0.01, spread=0.4)
    assert not unsure.better(0.95)
    assert "sure to be better than counting, where 95% is needed (+0.010" in unsure.words(0.95)


def test_few_cuts_or_days_tell_nothing() -> None:
    assert Lead.of([0.1] * 12, list(range(MONDAY, MONDAY + 12 * HOUR, HOUR))) is None
    some = HeldOut({"emerges": {MONDAY + day * 24 * HOUR: 0.1 for day in range(5)}})
    assert lead_over(["emerges"], [some], 6) is None and lead_over(["bursts"], [some], 1) is None
    both = lead_over(["emerges"], [some, HeldOut({"emerges": {MONDAY + 10 * 24 * HOUR: 0.4}})], 6)
    assert both is not None and (both.cuts, both.days) == (6, 6) and both.mean == pytest.approx(0.15)


def test_the_rival_is_what_would_have_been_shown(history: History) -> None:
    begin = history.start + 3 * WEEK
    shown = best_counting(history, begin, SETTINGS)["emerges"].name
    cuts = {begin + number * 6 * HOUR: number / 10 for number in range(4)}
    counting = {ranking.name: HeldOut({"emerges": dict.fromkeys(cuts, 1.0)}) for ranking in counting_rankings()}
    counting[shown] = HeldOut({"emerges": dict.fromkeys(list(cuts)[:3], 0.1)})
    found = leads(HeldOut({"emerges": cuts}), counting, history, begin, SETTINGS)
    assert list(found.labels["emerges"].values()) == pytest.approx([-0.1, 0.0, 0.1])


class Noted(LogisticBaseline):
    """A ranking that notes the last mention it was shown."""

    def __init__(self) -> None:
        super().__init__(CutMemory(SETTINGS))
        self.fitted, self.seen = 0, 0

    def fit(self, history: History, until: int) -> None:
        self.fitted = max(self.fitted, int(history.time[-1]))
        super().fit(history, until)

    def score(self, history: History, cut: Cut) -> Scores:
        assert history.time[-1] < cut.time
        self.seen = max(self.seen, cut.time)
        return super().score(history, cut)


def test_the_weeks_before_are_ranked_by_a_fit_that_saw_none_of_them(stream: pl.DataFrame, history: History) -> None:
    until = history.start + 6 * WEEK
    model = Noted()
    found = leads_before(model, history, until, 2, SETTINGS)
    assert model.fitted < until - 2 * WEEK < model.seen <= until - SETTINGS.horizon
    assert set(found.labels) == set(LABELS) and sum(map(len, found.labels.values())) > 20
    assert all(until - 2 * WEEK <= time < until for at in found.labels.values() for time in at)
    # What comes later changes nothing, to the last bit.
    noise = pl.when(pl.col("timestamp") >= to_datetime(until)).then(pl.lit("noise")).otherwise(pl.col("topic"))
    other = History.from_mentions(stream.with_columns(noise.alias("topic")), to_datetime(history.start))
    again: Mapping[str, Mapping[int, float]] = leads_before(Noted(), other, until, 2, SETTINGS).labels
    assert again == found.labels
