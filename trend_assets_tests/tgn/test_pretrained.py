"""Trees that other streams taught, and how they count in a forecast."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trend_assets.forecasting.history import History
from trend_assets.tgn.checkpoint import Checkpoint, CheckpointError, save_checkpoint
from trend_assets.tgn.forecaster import TgnForecaster
from trend_assets.tgn.pretrained import (
    COLUMNS,
    KIND,
    SHIPPED,
    TOPIC_NAMES,
    Lesson,
    Pretrained,
    asked_of,
    load_pretrained,
)
from trend_assets_tests.benchmarks.streams.declared import declared
from trend_assets_tests.tgn.test_forecaster import DAYS, SETTINGS, START, UNTIL, cut_at, mentions, same


@pytest.fixture(scope="module")
def history() -> History:
    return History.from_mentions(mentions(), START)


def lesson(seed: int, rows: int = 6000) -> Lesson:
    """A stream where topics with more mentions in the last hour than are asked for get them, in a day more easily."""
    chance = np.random.default_rng(seed)
    topics = chance.normal(2, 1, (rows, len(TOPIC_NAMES))).astype(np.float32)
    hours, needed = chance.choice([6, 24], rows), chance.integers(2, 20, rows)
    likely = topics[:, 0] + (hours > 6) > np.log(needed)
    table = np.concatenate([asked_of(topics[hours == each], each, needed[hours == each]) for each in (6, 24)])
    likely = np.concatenate([likely[hours == each] for each in (6, 24)])
    return Lesson(table, likely.astype(np.float32), np.ones(rows, np.float32))


def test_what_streams_taught_holds_on_another_for_any_number_asked_and_survives_a_folder(tmp_path: Path) -> None:
    taught = Pretrained.fit([lesson(1), lesson(2)], {"streams": {"one": {}}})
    taught.save(tmp_path / "taught")
    kept = load_pretrained(tmp_path / "taught")
    topics = np.random.default_rng(3).normal(2, 1, (2000, len(TOPIC_NAMES))).astype(np.float32)
    for hours, needed in ((6, 3), (6, 12), (24, 12)):
        asked = np.full(len(topics), needed)
        odds = kept.log_odds(topics, hours, asked)
        assert np.array_equal(odds, taught.log_odds(topics, hours, asked))
        assert ((odds > 0) == (topics[:, 0] + (hours > 6) > np.log(needed))).mean() > 0.93
    assert kept.origin == {"streams": {"one": {}}}


def test_those_of_other_columns_are_refused(tmp_path: Path) -> None:
    taught = Pretrained.fit([lesson(1)], {})
    metadata = {"columns": COLUMNS[:-1], "origin": {}}
    save_checkpoint(tmp_path / "other", KIND, Checkpoint(taught.tensors(), metadata))
    with pytest.raises(CheckpointError, match="other columns than this release"):
        load_pretrained(tmp_path / "other")
    with pytest.raises(CheckpointError, match="cannot be read"):
        TgnForecaster(replace(SETTINGS, pretrained=str(tmp_path / "none"))).fit(
            History.from_mentions(mentions(), START), UNTIL
        )


def test_the_shipped_ones_are_small_and_know_no_day_of_a_test() -> None:
    shipped = load_pretrained()
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
    assert not np.allclose(scores["shipped"]["emerges"], scores["none"]["emerges"], equal_nan=True)
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
