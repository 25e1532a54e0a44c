"""Which counting ranking is shown while there is no model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from trend_assets.forecasting import selection
from trend_assets.forecasting.backtest import backtest
from trend_assets.forecasting.baselines import counting_rankings
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.history import HOUR, MENTIONS_SCHEMA, History, to_epoch
from trend_assets.forecasting.labels import LABELS, Cut, FurtherHorizon, LabelSettings, make_cut
from trend_assets.forecasting.learned import LogisticBaseline
from trend_assets.forecasting.predict import forecast
from trend_assets.forecasting.ranking import Ranking, Scores
from trend_assets.forecasting.selection import BestCounting, best_counting

SETTINGS = LabelSettings()
FURTHER = (FurtherHorizon(6, 4, 2), FurtherHorizon(168, 20, 10))


def test_it_is_the_best_of_a_backtest_of_the_last_days(history: History) -> None:
    until = history.end
    best = best_counting(history, until, SETTINGS, days=14)["emerges"]
    end = until - SETTINGS.horizon
    first = datetime.fromtimestamp(end, tz=UTC) - timedelta(days=14)
    last = datetime.fromtimestamp(end, tz=UTC)
    result = backtest(history, counting_rankings(), first, last, 12, SETTINGS)
    means = {}
    for ranking in counting_rankings():
        values = [result.labels[label].mean(ranking.name, "ndcg_at_10") for label in LABELS]
        known = [value for value in values if value is not None]
        means[ranking.name] = sum(known) / len(known)
    assert best.name == max(means, key=means.__getitem__)
    assert len(set(means.values())) > 1


def test_it_is_chosen_only_when_it_is_asked(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[int] = []

    def counted(past: History, until: int, settings: LabelSettings) -> dict[str, Ranking]:
        chosen.append(until)
        return best_counting(past, until, settings)

    monkeypatch.setattr(selection, "best_counting", counted)
    until = history.start + 60 * 24 * 3600
    moment = datetime.fromtimestamp(until, tz=UTC)
    learnt = LogisticBaseline(CutMemory(SETTINGS))
    learnt.fit(history, until)
    assert learnt.score(history, make_cut(history, until, SETTINGS)).keys() == set(LABELS)
    forecast(learnt, history, moment, SETTINGS, fallback=BestCounting(history, until, SETTINGS).of)
    assert chosen == []
    lazy = BestCounting(history, until, SETTINGS)
    rows = forecast(OnlyOneLabel(learnt), history, moment, SETTINGS, fallback=lazy.of)
    best = best_counting(history, until, SETTINGS)["emerges"].name
    assert chosen == [until] and lazy.of("emerges").name == best
    assert set(rows.filter(pl.col("label") != "bursts")["model_version"]) == {f"baseline:{best}"}


class OnlyOneLabel:
    """A ranking of which only one label was learnt."""

    name = "one"

    def __init__(self, ranking: Ranking) -> None:
        self._ranking = ranking

    def score(self, history: History, cut: Cut) -> Scores:
        return {"bursts": self._ranking.score(history, cut)["bursts"]}


def test_what_comes_later_changes_nothing(stream: pl.DataFrame, history: History) -> None:
    until = history.start + 40 * 24 * 3600
    moment = datetime.fromtimestamp(until, tz=UTC)
    later = pl.col("timestamp") >= moment
    noise = stream.with_columns(pl.when(later).then(pl.lit("noise")).otherwise(pl.col("topic")).alias("topic"))
    other = History.from_mentions(noise, datetime.fromtimestamp(history.start, tz=UTC))
    settings = LabelSettings(further=FURTHER)
    ours, theirs = (best_counting(each, until, settings) for each in (history, other))
    assert {label: one.name for label, one in ours.items()} == {label: one.name for label, one in theirs.items()}


def test_each_further_horizon_has_its_own(history: History) -> None:
    settings = LabelSettings(further=FURTHER)
    best = best_counting(history, history.end, settings)
    first, last = (datetime.fromtimestamp(history.end - HOUR * back, tz=UTC) for back in (29 * 24, 24))
    result = backtest(history, counting_rankings(), first, last, 12, settings)
    for label in ("emerges_6h", "emerges_7d"):
        means = {one.name: result.labels[label].mean(one.name, "ndcg_at_10") for one in counting_rankings()}
        assert means[best[label].name] == max(mean for mean in means.values() if mean is not None)
    assert len({one.name for one in best.values()}) > 1
    assert best["emerges"].name == best_counting(history, history.end, SETTINGS)["emerges"].name


@pytest.mark.parametrize("start_hour", range(0, 24, 5))
@pytest.mark.parametrize("age", [1, 23, 24, 25, 47, 48, 49, 51, 55, 60, 61])
def test_a_young_history_has_an_answer_at_every_hour(start_hour: int, age: int) -> None:
    """Also where no cut of the comparison falls between its first day and its last horizon."""
    start = datetime(2024, 1, 1, start_hour, tzinfo=UTC)
    rows = [(start + timedelta(minutes=20 * index), f"#t{index % 12}", "ann", 1.0) for index in range(age * 3)]
    young = History.from_mentions(
        pl.DataFrame(rows, schema=MENTIONS_SCHEMA, orient="row"), start, start + timedelta(hours=age)
    )
    ranking = best_counting(young, to_epoch(start + timedelta(hours=age)), SETTINGS)["emerges"]
    assert ranking.name in {known.name for known in counting_rankings()}
    if age <= 48:
        assert ranking.name == "mentions_24h"
