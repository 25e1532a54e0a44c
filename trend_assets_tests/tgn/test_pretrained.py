"""Trees that other streams taught, and how they count in a forecast."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trend_assets.forecasting.context import CONTEXT_NAMES, Context
from trend_assets.forecasting.history import History
from trend_assets.operations.history import label_settings
from trend_assets.settings import ForecastSettings
from trend_assets.tgn.checkpoint import Checkpoint, CheckpointError, save_checkpoint
from trend_assets.tgn.forecaster import TgnForecaster
from trend_assets.tgn.pretrained import COLUMNS, KIND, SHIPPED, TOPIC_NAMES, Lesson, Pretrained, load_pretrained
from trend_assets.tgn.shares import Shares
from trend_assets_tests.benchmarks.streams.declared import declared
from trend_assets_tests.tgn.test_forecaster import DAYS, SETTINGS, START, UNTIL, cut_at, mentions, same


@pytest.fixture(scope="module")
def history() -> History:
    return History.from_mentions(mentions(), START)


def lesson(seed: int, rows: int = 3000) -> Lesson:
    """A stream where topics with many mentions in the last hour rise."""
    table = np.random.default_rng(seed).normal(2, 1, (rows, len(COLUMNS))).astype(np.float32)
    return Lesson(table, (table[:, 0] > 2.5).astype(np.float32), np.ones(rows, np.float32))


def test_what_one_stream_taught_holds_on_another_and_survives_a_folder(tmp_path: Path) -> None:
    taught = Pretrained.fit({"emerges": [lesson(1), lesson(2)]}, {"streams": {"one": {}}})
    taught.save(tmp_path / "taught")
    kept = load_pretrained(tmp_path / "taught")
    unseen = lesson(3)
    context = Context(unseen.table[:, len(TOPIC_NAMES) : -1], {"emerges": unseen.table[:, -1]})
    odds = kept.log_odds("emerges", unseen.table[:, : len(TOPIC_NAMES)], context)
    assert np.array_equal(odds, taught.log_odds("emerges", unseen.table[:, : len(TOPIC_NAMES)], context))
    assert ((odds > 0) == (unseen.likely > 0.5)).mean() > 0.95
    assert kept.origin == {"streams": {"one": {}}}


def test_those_of_other_columns_are_refused(tmp_path: Path) -> None:
    taught = Pretrained.fit({"emerges": [lesson(1)]}, {})
    metadata = {"columns": COLUMNS[:-1], "origin": {}}
    save_checkpoint(tmp_path / "other", KIND, Checkpoint(taught.tensors(), metadata))
    with pytest.raises(CheckpointError, match="other columns than this release"):
        load_pretrained(tmp_path / "other")
    with pytest.raises(CheckpointError, match="cannot be read"):
        TgnForecaster(replace(SETTINGS, pretrained=str(tmp_path / "none"))).fit(
            History.from_mentions(mentions(), START), UNTIL
        )


def test_the_shipped_ones_know_every_default_label_and_no_day_of_a_test() -> None:
    shipped = load_pretrained()
    assert shipped.trees.keys() == label_settings(ForecastSettings()).hours_of.keys()
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 5_000_000
    starts = {stream.name: stream.start for stream in declared()}
    assert shipped.origin["streams"].keys() == starts.keys()
    for name, told in shipped.origin["streams"].items():
        assert datetime.fromisoformat(told["until"]) <= starts[name], name


def test_they_count_and_a_checkpoint_keeps_them(history: History, tmp_path: Path) -> None:
    cut = cut_at(history, 24)
    forecasters = {name: TgnForecaster(replace(SETTINGS, pretrained=name)) for name in ("shipped", "none")}
    for forecaster in forecasters.values():
        forecaster.fit(history, UNTIL)
    scores = {name: forecaster.score(history, cut) for name, forecaster in forecasters.items()}
    assert not np.allclose(scores["shipped"]["emerges"], scores["none"]["emerges"])
    forecasters["shipped"].save(tmp_path / "kept")
    assert same(TgnForecaster.load(tmp_path / "kept").score(history, cut), scores["shipped"])


def test_where_nobody_knows_who_takes_part_they_are_not_asked(history: History) -> None:
    nobody = mentions().with_columns(user_id=None).cast({"user_id": pl.String})
    unknown = History.from_mentions(nobody, START, START + timedelta(days=DAYS))
    scores = {}
    for name in ("shipped", "none"):
        forecaster = TgnForecaster(replace(SETTINGS, pretrained=name))
        forecaster.fit(unknown, UNTIL)
        scores[name] = forecaster.score(unknown, cut_at(unknown, 24))
    assert same(scores["shipped"], scores["none"])


def test_a_label_that_they_do_not_know_is_that_of_the_stream_alone(history: History, tmp_path: Path) -> None:
    Pretrained.fit({"emerges": [lesson(1)]}, {}).save(tmp_path / "one")
    cut = cut_at(history, 24)
    scores = {}
    for name in (str(tmp_path / "one"), "none"):
        forecaster = TgnForecaster(replace(SETTINGS, pretrained=name))
        forecaster.fit(history, UNTIL)
        scores[name] = forecaster.score(history, cut)
    one, none = scores.values()
    assert np.allclose(one["bursts"], none["bursts"], equal_nan=True)
    assert not np.allclose(one["emerges"], none["emerges"])


@pytest.mark.parametrize("cuts", [0, 90, 10**6])
def test_they_count_less_the_more_there_is_to_learn_from(cuts: int) -> None:
    found, more = Shares.of(cuts), Shares.of(cuts + 100)
    assert sum(found) == pytest.approx(1) == sum(found.without_pretrained())
    assert found.pretrained > more.pretrained > 0.05
    assert len(CONTEXT_NAMES) + len(TOPIC_NAMES) == len(COLUMNS)
