"""Mentions to forecast from: a small random stream, and the two real ones."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson
import polars as pl
import pytest

from trend_assets.forecasting.history import MENTIONS_SCHEMA, History
from trend_assets.forecasting.labels import Cut

START = datetime(2024, 1, 1, tzinfo=UTC)


class AllMentions:
    """Takes for a topic's growth all that the history holds of it, so that a look into the future shows."""

    def growth(self, history: History, cut: Cut) -> dict[int, npt.NDArray[np.float64]]:
        held = np.log1p(np.bincount(history.topic, minlength=history.topic_count)[cut.topics])
        return dict.fromkeys(cut.before, held)


def mentions(rows: list[tuple[datetime, str, str | None]]) -> pl.DataFrame:
    """A frame of mentions of weight one."""
    return pl.DataFrame([(*row, 1.0) for row in rows], schema=MENTIONS_SCHEMA, orient="row")


def random_mentions(
    seed: int, days: int = 70, topics: int = 300, a_day: int = 250, start: datetime = START
) -> pl.DataFrame:
    """A stream in which topics are born, live for some days, burst on some of them, and die."""
    chance = np.random.default_rng(seed)
    rows: list[tuple[datetime, str, str | None]] = []
    for topic in range(topics):
        birth, life = chance.uniform(0, days * 0.9), chance.exponential(8.0) + 1.0
        size = chance.pareto(1.2) * a_day * days / topics / 6 + 3
        bursts = birth + chance.uniform(0, life, 3)
        for _ in range(int(min(size, 2_000))):
            moment = chance.choice(bursts) + chance.exponential(0.3)
            if chance.random() < 0.4:
                moment = birth + chance.uniform(0, life)
            if moment < days:
                user = None if chance.random() < 0.05 else f"u{int(chance.exponential(20))}"
                rows.append((start + timedelta(seconds=int(moment * 86_400)), f"topic {topic}", user))
    return mentions(rows)


@pytest.fixture(scope="session")
def stream() -> pl.DataFrame:
    return random_mentions(seed=1)


@pytest.fixture(scope="session")
def history(stream: pl.DataFrame) -> History:
    return History.from_mentions(stream, START, START + timedelta(days=71))


@pytest.fixture(scope="session")
def chat(shared_data: Path) -> History:
    """The real chat: topics are its threads."""
    files = sorted((shared_data / "chat").glob("*.csv.gz"))
    frame = pl.concat([pl.read_csv(file, infer_schema_length=0) for file in files]).select(
        timestamp=pl.col("sent_at").str.to_datetime(time_zone="UTC", time_unit="us"),
        topic="topic",
        user_id="user",
        weight=pl.lit(1.0),
    )
    return History.from_mentions(frame, end=datetime(2024, 7, 1, tzinfo=UTC))


@pytest.fixture(scope="session")
def tweets(shared_data: Path) -> History:
    """The real tweets: topics are their hashtags and cashtags."""
    rows = [row for file in sorted((shared_data / "tweets").glob("*.jsonl.gz")) for row in _tweets(file)]
    return History.from_mentions(mentions(rows), end=datetime(2015, 7, 1, tzinfo=UTC))


def _tweets(file: Path) -> Iterator[tuple[datetime, str, str]]:
    with gzip.open(file) as lines:
        for line in lines:
            tweet = orjson.loads(line)
            moment = datetime.strptime(tweet["created_at"], "%a %b %d %H:%M:%S %z %Y")
            entities = tweet["entities"]
            topics = {"#" + tag["text"].casefold() for tag in entities.get("hashtags", [])}
            topics |= {"$" + tag["text"].casefold() for tag in entities.get("symbols", [])}
            for topic in topics:
                yield moment, topic, tweet["user"]["id_str"]
