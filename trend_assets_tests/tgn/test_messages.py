"""A network that reads all that interactions can carry: kept, resumed and served like one that reads the least."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.history import History
from trend_assets.forecasting.labels import make_cut
from trend_assets.graph.messages import KINDS, MESSAGES, TEXT_DIM
from trend_assets.tgn.checkpoint import CheckpointError, rewrite_metadata
from trend_assets.tgn.forecaster import KIND, TgnForecaster
from trend_assets.tgn.heads import HeadSettings
from trend_assets.tgn.inputs import TopicInputs
from trend_assets.tgn.online import RuntimeGlue
from trend_assets_tests.tgn.test_online import DAYS, FRAME, HOUR, SETTINGS, START, WEEK, same

QUICK = replace(SETTINGS, groups=("counts", "network"), heads=HeadSettings(epochs=1, min_steps=10))
FULL = replace(QUICK, messages=MESSAGES)
END = START + timedelta(days=DAYS)


def detailed() -> pl.DataFrame:
    chance = np.random.default_rng(5)
    size = FRAME.height
    vectors = chance.normal(size=(size, TEXT_DIM)).astype(np.float32)
    return FRAME.with_columns(
        kind=pl.Series(chance.integers(0, len(KINDS), size), dtype=pl.Int8),
        answers=pl.Series([f"user{n}" if n < 60 else None for n in chance.integers(0, 120, size)], dtype=pl.String),
        vector=pl.Series([row.tolist() if n % 3 else None for n, row in enumerate(vectors)], dtype=pl.List(pl.Float32)),
    )


DETAILED = detailed()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    history = History.from_mentions(DETAILED, end=END).until(WEEK)
    for name, settings in (("full", FULL), ("least", QUICK)):
        forecaster = TgnForecaster(settings)
        forecaster.fit(history, int(WEEK.timestamp()))
        forecaster.save(folder / name, {"calibrators": {}})
    return {name: folder / name for name in ("full", "least")}


def scores(folder: Path, frame: pl.DataFrame = DETAILED) -> dict[str, np.ndarray]:
    history = History.from_mentions(frame, end=END)
    cut = make_cut(history, int((WEEK + 31 * HOUR).timestamp()), SETTINGS.labels)
    return dict(TgnForecaster.load(folder).score(history, cut))


def test_what_it_carries_matters_to_one_that_reads_it_alone(folders: dict[str, Path]) -> None:
    other = DETAILED.with_columns(kind=pl.lit(0, pl.Int8))
    assert scores(folders["full"]) and not same(scores(folders["full"]), scores(folders["full"], other))
    assert same(scores(folders["least"]), scores(folders["least"], other))
    assert same(scores(folders["least"]), scores(folders["least"], FRAME))


def test_micro_batches_give_what_all_at_once_gives(folders: dict[str, Path]) -> None:
    glue = RuntimeGlue(folders["full"])
    start = START
    for end in (WEEK, WEEK + 5 * HOUR, WEEK + 6.5 * HOUR, WEEK + 31 * HOUR):
        glue.observe(DETAILED.filter(pl.col("timestamp").is_between(start, end, closed="left")))
        start = end
        if end > WEEK:
            glue.serve(end)
    _, _, forecast = glue.serve(WEEK + 31 * HOUR)
    assert same(dict(forecast.scores), scores(folders["full"]))


def test_what_is_not_read_from_the_lake_is_refused_with_what_to_do(folders: dict[str, Path]) -> None:
    RuntimeGlue(folders["least"]).need(["weight"])
    glue = RuntimeGlue(folders["full"])
    glue.need(list(MESSAGES))
    with pytest.raises(CheckpointError, match=r"full learnt from .* type, answers, which training.messages leaves out"):
        glue.need(["weight", "place", "text"])


def test_a_checkpoint_of_the_release_before_reads_weight_and_place(folders: dict[str, Path]) -> None:
    expected = scores(folders["least"])

    def as_it_was(metadata: dict) -> dict:
        return {**metadata, "settings": {k: v for k, v in metadata["settings"].items() if k != "messages"}}

    assert rewrite_metadata(folders["least"], KIND, as_it_was)
    loaded = TgnForecaster.load(folders["least"])
    assert loaded.settings.messages == ("weight", "place")
    assert same(scores(folders["least"]), expected)


def test_several_processes_train_on_links_of_users_too() -> None:
    history = History.from_mentions(DETAILED, end=END).until(WEEK)
    inputs = TopicInputs(replace(FULL, processes=2), CutMemory(FULL.labels))
    inputs.fit(history, int(WEEK.timestamp()))
    assert np.isfinite(inputs.link_losses).all() and len(inputs.link_losses) == 1
