from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from trend_assets.forecasting.history import TEXT, History
from trend_assets.tgn import precedents
from trend_assets.tgn.precedents import PRECEDENT_NAMES, PrecedentIndex

START = datetime(2024, 1, 1, tzinfo=UTC)
WIDTH = 24


def direction(kind: int, generator: np.random.Generator) -> list[float]:
    vector = generator.normal(0, 0.05, WIDTH)
    vector[kind] += 1
    return (vector / np.linalg.norm(vector)).tolist()


def history(topics: int = 300, seed: int = 0, hours_apart: float = 4.0) -> History:
    """Topics of four kinds of text; those of kind 0 draw twenty mentions on the first day, the others one."""
    generator = np.random.default_rng(seed)
    rows = []
    for number in range(topics):
        kind = number % 4
        born = START + timedelta(hours=number * hours_apart)
        rows.append((born, f"#t{number}", "u0", 1.0, direction(kind, generator)))
        rows += [
            (born + timedelta(minutes=1 + later), f"#t{number}", f"u{later}", 1.0, None)
            for later in range(20 if kind == 0 else 1)
        ]
    schema = {
        "timestamp": pl.Datetime("us", "UTC"),
        "topic": pl.String,
        "user_id": pl.String,
        "weight": pl.Float64,
        TEXT: pl.List(pl.Float32),
    }
    return History.from_mentions(pl.DataFrame(rows, schema=schema, orient="row"))


def column(table: np.ndarray, name: str) -> np.ndarray:
    return table[:, PRECEDENT_NAMES.index(name)]


def test_topics_with_texts_like_those_of_big_ones_are_told_apart() -> None:
    past = history()
    topics = np.arange(200, 300)
    table = PrecedentIndex(past).table(topics)
    nearest = column(table, "precedent_nearest_mean")
    assert np.allclose(nearest[topics % 4 == 0], np.log1p(21))
    assert np.allclose(nearest[topics % 4 != 0], np.log1p(2))
    assert column(table, "precedent_likeness_max").min() > 0.8


def test_only_topics_a_day_older_speak() -> None:
    past = history()
    first_with_any = PrecedentIndex(past).table(np.arange(8))
    assert not first_with_any[:6].any()
    assert column(first_with_any, "precedent_likeness_max")[6:].all()


def test_what_comes_later_and_what_is_asked_beside_changes_no_bit() -> None:
    past = history()
    short = past.until(START + timedelta(hours=4 * 150 + 1))
    asked = np.arange(120, 150)
    alone = History.from_mentions(_frame(short), end=START + timedelta(hours=4 * 150 + 1))
    expected = PrecedentIndex(past).table(np.arange(300))[asked]
    assert np.array_equal(PrecedentIndex(alone).table(asked), expected)
    assert np.array_equal(PrecedentIndex(past).table(asked[[3]])[0], expected[3])
    assert expected.any()


def test_looks_through_so_many_topics_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = PrecedentIndex(history()).table(np.arange(300))
    monkeypatch.setattr(precedents, "_LOOKED_THROUGH", 2)
    few = PrecedentIndex(history()).table(np.arange(300))
    assert column(few, "precedent_likeness_mean")[200:].mean() < column(whole, "precedent_likeness_mean")[200:].mean()


def test_without_texts_nothing_is_said() -> None:
    bare = History.from_mentions(_frame(history()).drop(TEXT))
    assert bare.texts is None
    assert not PrecedentIndex(bare).table(np.arange(300)).any()


def test_a_text_that_is_not_of_the_first_mention_is_not_the_topics() -> None:
    frame = _frame(history(40))
    late = frame.with_columns(
        pl.when(pl.col("timestamp") > pl.col("timestamp").min().over("topic"))
        .then(pl.lit([1.0] + [0.0] * (WIDTH - 1), dtype=pl.List(pl.Float32)))
        .otherwise(None)
        .alias(TEXT)
    )
    assert History.from_mentions(late).texts is None


def _frame(view: History) -> pl.DataFrame:
    """The mentions of a view as a frame again."""
    texts = view.texts
    assert texts is not None
    first = {int(topic): row for row, topic in reversed(list(enumerate(view.topic)))}
    return pl.DataFrame(
        {
            "timestamp": pl.Series(view.time * 1_000_000).cast(pl.Datetime("us", "UTC")),
            "topic": [view.topics[topic] for topic in view.topic],
            "user_id": [view.users[user] for user in view.user],
            "weight": view.weight.astype(np.float64),
            TEXT: pl.Series(
                [texts[topic].tolist() if first[int(topic)] == row else None for row, topic in enumerate(view.topic)],
                dtype=pl.List(pl.Float32),
            ),
        }
    )
