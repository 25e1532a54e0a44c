"""Hours that are made one by one, again, and after late posts: the same rows as where every post is compared anew."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from rensa import RMinHash

from trend_assets.enrichment.copies.table import CopyTable, group_name
from trend_assets.enrichment.copies.texts import EVENT_COLUMNS, copy_key, signatures
from trend_assets.lake.tables import EVENTS, NEAR_COPIES, TOPIC_PHRASES

START = datetime(2024, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = 24 * 3600
TEXT = "claim your gift card here today"
WORDS = (
    "claim",
    "your",
    "gift",
    "card",
    "here",
    "today",
    "straße",
    "🎁🎁",
    "\0nul",
    "breaking",
    "news",
    "from",
    "town",
)


def digest(key: str) -> tuple[int, ...]:
    return tuple(RMinHash.digests_from_token_sets([[key[at : at + 5] for at in range(len(key) - 4)]], 64, 7)[0])


class EveryPost:
    """Near copies as their definition says: the day before is read whole, post by post, without any short cut."""

    def __init__(self) -> None:
        self.known: list[tuple[float, tuple[int, ...], str]] = []
        self.latest: dict[tuple[int, tuple[int, ...]], int] = {}
        self.posts: dict[str, list[tuple[float, str]]] = defaultdict(list)
        self.counted: dict[str, dict[str, float]] = defaultdict(dict)

    def remember(self, at: float, signature: tuple[int, ...], group: str, user: str, new: list[str]) -> None:
        for band in range(16):
            self.latest[band, signature[4 * band : 4 * band + 4]] = len(self.known)
        self.known.append((at, signature, group))
        self.posts[group].append((at, user))
        self.counted[group].update(dict.fromkeys(new, at))

    def like(self, at: float, signature: tuple[int, ...]) -> str | None:
        near = {self.latest.get((band, signature[4 * band : 4 * band + 4]), -1) for band in range(16)} - {-1}
        recent = sorted((one for one in near if self.known[one][0] > at - DAY), reverse=True)
        same = [sum(map(int.__eq__, signature, self.known[one][1])) / 64 for one in recent]
        best = max(same, default=0.0)
        return self.known[recent[same.index(best)]][2] if best >= 0.7 else None

    def rows(
        self, before: pl.DataFrame, placed: pl.DataFrame, events: pl.DataFrame, phrases: pl.DataFrame
    ) -> pl.DataFrame:
        was = {row["event_id"]: (row["group_id"], row["repeated"]) for row in placed.iter_rows(named=True)}
        for identity, at, signature, user, topics in self._read(before, phrases):
            group, repeated = was.get(identity, (group_name(identity), ()))
            self.remember(at, signature, group, user, [topic for topic in topics if topic not in repeated])
        found = []
        for identity, at, signature, user, topics in self._read(events, phrases):
            group = self.like(at, signature) or group_name(identity)
            repeated = [topic for topic in topics if self.counted[group].get(topic, -DAY) > at - DAY]
            self.remember(at, signature, group, user, [topic for topic in topics if topic not in repeated])
            users = [one for when, one in self.posts[group] if when > at - DAY]
            if len(users) > 1:
                found.append((identity, group, len(users), len(set(users)), repeated))
        rows = pl.DataFrame(found, ["event_id", "group_id", "copies", "users", "repeated"], orient="row")
        keys = events.select("hour", "timestamp", event_id="id")
        rows = rows.cast({name: NEAR_COPIES.schema[name] for name in rows.columns}).join(keys, on="event_id")
        return NEAR_COPIES.conform(rows.select(NEAR_COPIES.column_names).sort("timestamp", "event_id"))

    @staticmethod
    def _read(events: pl.DataFrame, phrases: pl.DataFrame) -> Any:
        for row in events.sort("timestamp", "id").iter_rows(named=True):
            key = copy_key(row["text"], row["event_type"], row["topics"])
            if key is not None:
                said = phrases.filter(pl.col("event_id") == row["id"])["topic"].to_list()
                user = "" if row["user_id"] is None else f"{row['source']}:{row['user_id']}"
                topics = list(dict.fromkeys([*row["topics"], *said]))
                yield row["id"], row["timestamp"].timestamp(), digest(key), user, topics


def some_post(random: Random, number: int, hours: int) -> dict[str, Any]:
    when = START + timedelta(seconds=random.randrange(hours * 3600))
    words = random.choices(WORDS, k=random.choice((3, 8, 8, 14)))
    text = " ".join(words) if random.random() < 0.4 else f"{TEXT} {' '.join(words[:3])}"
    return {
        "id": str(number), "hour": when.replace(minute=0, second=0, microsecond=0), "timestamp": when,
        "source": random.choice(("twitter", "bluesky")), "event_type": random.choice(("original",) * 9 + ("retweet",)),
        "content_id": str(number), "user_id": random.choice((None, "a", "b", "c")), "text": text, "language": None,
        "hashtags": [], "topics": random.sample(("#a", "#b", "#c", text), random.choice((0, 1, 1, 2))), "context": "{}",
        "features": "{}", "spam_score": 0.0, "edge_weight": 0.5, "gen_z_score": 0.0,
    }  # fmt: skip


def phrases_of(random: Random, posts: list[dict[str, Any]]) -> pl.DataFrame:
    return TOPIC_PHRASES.frame(
        {"event_id": row["id"], "hour": row["hour"], "timestamp": row["timestamp"], "topic": topic, "phrase": "x"}
        for row in posts
        for topic in random.sample(("#a", "gift card", "news"), random.choice((0, 0, 1, 2)))
    )


@pytest.mark.parametrize("seed", range(30))
def test_any_order_of_hours_gives_what_every_post_gives(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(seed)
    monkeypatch.setattr("trend_assets.enrichment.copies.table._READ_AT_ONCE", random.choice((1, 7, 10_000)))
    hours = random.choice((6, 30, 60))
    posts = {number: some_post(random, number, hours) for number in range(random.choice((20, 90)))}
    placed = NEAR_COPIES.frame()
    for step in range(8):
        for _ in range(random.choice((0, 3))):
            # Late, edited, or moved to another hour.
            number = random.randrange(len(posts) + 2)
            posts[number] = some_post(random, number, hours)
        events = EVENTS.frame(posts.values()).select(EVENT_COLUMNS)
        phrases = phrases_of(Random(step), list(posts.values()))
        start = START + random.randrange(hours) * HOUR
        end = start + random.choice((1, 1, 7, 40)) * HOUR
        made = pl.col("hour").is_between(start, end, closed="left")
        day = pl.col("hour").is_between(start - 24 * HOUR, start, closed="left")
        table = CopyTable()
        table.remind(events.filter(day), phrases.filter(day), placed.filter(day))
        found = table.place(events.filter(made), phrases.filter(made))
        assert_frame_equal(
            found, EveryPost().rows(events.filter(day), placed.filter(day), events.filter(made), phrases)
        )
        placed = pl.concat([placed.filter(~made), found])


def test_a_post_that_moved_to_a_later_hour_keeps_the_group_that_it_began() -> None:
    words = " ".join(WORDS)
    rows = {number: some_post(Random(1), number, 1) | {"event_type": "original", "text": words} for number in (1, 2)}
    before = EVENTS.frame(rows.values()).select(EVENT_COLUMNS)
    placed = CopyTable().place(before, TOPIC_PHRASES.frame())
    assert placed.height == 1
    (copy,) = placed["event_id"]
    (first,) = {"1", "2"} - {copy}
    moved = {"hour": START + HOUR, "timestamp": START + HOUR, "text": "it says something else by now"}
    later = EVENTS.frame([rows[int(first)] | moved]).select(EVENT_COLUMNS)
    table = CopyTable()
    table.remind(before.filter(id=copy), TOPIC_PHRASES.frame(), placed)
    found = table.place(later, TOPIC_PHRASES.frame())
    assert_frame_equal(found, EveryPost().rows(before.filter(id=copy), placed, later, TOPIC_PHRASES.frame()))
    assert found["copies"].to_list() == [2]


@pytest.mark.parametrize("silent", ["before", "made"])
def test_hours_without_a_text_to_compare(silent: str) -> None:
    posts = [some_post(Random(number), number, 2) | {"event_type": "original", "text": TEXT} for number in range(9)]
    hours = EVENTS.frame(posts).select(EVENT_COLUMNS).partition_by("hour", maintain_order=False)
    before, made = sorted(hours, key=lambda hour: hour["hour"][0])
    greeting = pl.lit("hello").alias("text")
    before, made = (
        (before.with_columns(greeting), made) if silent == "before" else (before, made.with_columns(greeting))
    )
    table = CopyTable()
    table.remind(before, TOPIC_PHRASES.frame(), NEAR_COPIES.frame())
    found = table.place(made, TOPIC_PHRASES.frame())
    assert found.height == (made.height - 1 if silent == "before" else 0)


@settings(deadline=None)
@given(st.lists(st.text(min_size=20, max_size=60), max_size=7))
def test_signatures_are_those_of_the_runs_one_by_one(keys: list[str]) -> None:
    assert [tuple(row) for row in signatures(keys).tolist()] == [digest(key) for key in keys]
