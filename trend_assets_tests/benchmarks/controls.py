"""Two controls of the forecast on a large stream: a future that is shuffled, and outcomes that are.

    TREND_HOME=HOME python -m trend_assets_tests.benchmarks.controls --start 2024-01-01 --weeks 4 --json OUT

With every mention from the start on given to another topic and user, a model trained until then must say the same
to the last bit. With the outcomes that it learns from shuffled, it must rank no better than chance: in the mean of
several shuffles, for a model of noise puts what is unusual at the top or at the bottom. Trees that other streams have
taught are left out: their outcomes are not shuffled.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl

from trend_assets.forecasting.backtest import backtest
from trend_assets.forecasting.examples import CutMemory, Examples
from trend_assets.forecasting.history import History, to_epoch
from trend_assets.forecasting.labels import LABELS, Cut, LabelSettings, make_cut
from trend_assets.forecasting.ranking import Ranking, Scores
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.operations.history import load_history, mentions_query
from trend_assets.settings import load_settings
from trend_assets.tgn.forecaster import TgnForecaster
from trend_assets.tgn.settings import ForecasterSettings

#: All mentions, with the texts of their events.
MENTIONS = f"""
    SELECT timestamp, topic, user_id, weight, embedding AS text
    FROM ({mentions_query()}) LEFT JOIN (SELECT id AS event_id, embedding FROM event_embeddings) USING (event_id)
    ORDER BY timestamp, event_id, topic
"""


class ShuffledOutcomes(CutMemory):
    """Past cuts whose topics have what became of others, by lot number `draw`."""

    def __init__(self, settings: LabelSettings, draw: int, days: int = 365) -> None:
        super().__init__(settings, days=days)
        self._draw = draw

    def examples(self, history: History, until: int) -> Examples:
        """The true features, and outcomes drawn from all without replacement."""
        true = super().examples(history, until)
        order = np.random.default_rng(self._draw).permutation(len(true))
        labels, likely = (
            {label: values[order] for label, values in each.items()} for each in (true.labels, true.likely)
        )
        growth = {hours: values[order] for hours, values in true.growth.items()}
        return replace(true, labels=labels, likely=likely, growth=growth)


class Chance:
    """Ranks by lot."""

    name = "chance"

    def __init__(self) -> None:
        self._lot = np.random.default_rng(0)

    def fit(self, history: History, until: int) -> None:
        """There is nothing to learn."""

    def score(self, history: History, cut: Cut) -> Scores:
        """Drawn anew for each label."""
        return {label: self._lot.random(len(cut)) for label in LABELS}


class TurnedRound:
    """Ranks the other way about.

    What has learnt nothing is most extreme where examples are few, at the largest topics, and puts these first or last:
    in the mean over both that is above a lot. What has learnt something is below it when it is turned round.
    """

    def __init__(self, ranking: Ranking) -> None:
        self._ranking = ranking
        self.name = f"{ranking.name}, turned round"

    def fit(self, history: History, until: int) -> None:
        """The ranking has learnt."""

    def score(self, history: History, cut: Cut) -> Scores:
        """The ranking's scores, negated."""
        return {label: -score for label, score in self._ranking.score(history, cut).items()}


def another_future(mentions: pl.DataFrame, start: datetime) -> pl.DataFrame:
    """The same past; from `start` on every mention has the topic, the user and the text of another."""
    past, future = mentions.filter(pl.col("timestamp") < start), mentions.filter(pl.col("timestamp") >= start)
    order = np.random.default_rng(2).permutation(future.height)
    return past.vstack(future.with_columns(future[name].gather(order) for name in ("topic", "user_id", "text")))


def changed_by_the_future(mentions: pl.DataFrame, start: datetime, settings: ForecasterSettings) -> dict[str, Any]:
    """How many scores at `start` differ between a model that is handed this future and one that is handed another."""
    until = to_epoch(start)
    found = []
    for frame in (mentions, another_future(mentions, start)):
        each = History.from_mentions(frame)
        forecaster = TgnForecaster(settings)
        forecaster.fit(each, until)
        cut = make_cut(each.until(until), until, settings.labels)
        found.append((cut.topics.tolist(), forecaster.score(each, cut)))
    (topics, scores), (others, again) = found
    same = topics == others and scores.keys() == again.keys()
    # What a label cannot be asked of has no score in either.
    pairs = [(scores[label], again[label]) for label in scores] if same else []
    differing = sum(int(((one != two) & ~(np.isnan(one) & np.isnan(two))).sum()) for one, two in pairs)
    differing += 0 if same else len(topics)
    return {"topics": len(topics), "labels": list(scores), "scores_that_differ": differing}


def against_chance(
    history: History, start: datetime, weeks: int, draws: int, settings: ForecasterSettings
) -> dict[str, Any]:
    """NDCG@10 over the weeks from `start` on, trained once: the model, those that learnt shuffled outcomes, a lot."""
    rankings: list[Ranking] = [TgnForecaster(settings), Chance()]
    for draw in range(1, draws + 1):
        shuffled = TgnForecaster(settings, ShuffledOutcomes(settings.labels, draw))
        shuffled.name = f"shuffled outcomes {draw}"
        rankings += [shuffled, TurnedRound(shuffled)]
    found = backtest(history, rankings, start, start + timedelta(weeks=weeks), retraining="once")
    return {
        label: {name: result.mean(name, "ndcg_at_10") for name in result.values}
        for label, result in found.labels.items()
    }


def main() -> None:
    """Reads the command line, measures, prints and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--start", type=datetime.fromisoformat, required=True)
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--draws", type=int, default=3, help="how often the outcomes are shuffled")
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    start = options.start.replace(tzinfo=UTC)
    lake = Lake(lake_location(load_settings()), read_only=True)
    mentions, settings = lake.read(MENTIONS), ForecasterSettings(pretrained="none")
    told = {
        "shuffled_future": changed_by_the_future(mentions, start, settings),
        "shuffled_outcomes": against_chance(load_history(lake), start, options.weeks, options.draws, settings),
    }
    options.json.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())


if __name__ == "__main__":
    main()
