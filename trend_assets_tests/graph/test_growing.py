"""A history that grows batch by batch is to the last bit the one that is made of everything at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from trend_assets.forecasting.arriving import ArrivingMentions
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.features import count_table
from trend_assets.forecasting.history import HOUR, TEXT, History, to_datetime, to_epoch
from trend_assets.forecasting.labels import LabelSettings, make_cut
from trend_assets.graph.growing import GrowingArray, SortedRuns, SummedRuns, pair

START = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 30
END = START + timedelta(days=DAYS)
SETTINGS = LabelSettings()


def stream(seed: int, rows: int = 6_000) -> pl.DataFrame:
    """Mentions of whole seconds and between them, many in the same second, some of unknown users, some with texts."""
    chance = np.random.default_rng(seed)
    micros = chance.integers(0, DAYS * 86_400, rows) * 1_000_000
    micros[: rows // 3] = micros[: rows // 3] // 3_600_000_000 * 3_600_000_000
    micros[::5] += chance.integers(0, 1_000_000, len(micros[::5]))
    texts = [chance.normal(size=8).astype(np.float32).tolist() if chance.random() < 0.4 else None for _ in range(rows)]
    return pl.DataFrame(
        {
            "timestamp": pl.Series(micros + to_epoch(START) * 1_000_000).cast(pl.Datetime("us", "UTC")),
            "topic": [f"t{int(number)}" for number in chance.exponential(60, rows)],
            "user_id": [None if chance.random() < 0.1 else f"u{int(chance.exponential(40))}" for _ in range(rows)],
            "weight": chance.uniform(size=rows),
            TEXT: pl.Series(texts, dtype=pl.List(pl.Float32)),
        }
    )


def grown(frame: pl.DataFrame, borders: list[datetime]) -> tuple[History, list[History]]:
    """The history that is extended from border to border, and what it was at each."""
    time, steps, history, before = pl.col("timestamp"), [], None, START
    for border in [*borders, END]:
        part = frame.filter((time >= before) & (time < border))
        history = history.extended(part, border) if history else History.from_mentions(part, START, border)
        steps.append(history)
        before = border
    assert history
    return history, steps


def assert_same(one: History, two: History) -> None:
    for name in ("time", "topic", "user", "weight", "texts"):
        assert np.array_equal(getattr(one, name), getattr(two, name)), name
    for name in ("start", "end", "topics", "users", "topic_count", "user_count"):
        assert getattr(one, name) == getattr(two, name), name
    topics = np.arange(one.topic_count)
    moments = np.arange(one.start - HOUR, one.end + HOUR, 17 * HOUR)
    assert np.array_equal(one.counts_before(topics[:, None], moments), two.counts_before(topics[:, None], moments))
    assert np.array_equal(one.first_seen(topics), two.first_seen(topics))


@pytest.mark.parametrize("seed", range(4))
def test_what_grew_equals_what_was_made_at_once(seed: int) -> None:
    frame, chance = stream(seed), np.random.default_rng(seed)
    hours = sorted(set(chance.integers(1, DAYS * 24, 40).tolist()))
    history, steps = grown(frame, [START + timedelta(hours=hour) for hour in hours])
    assert_same(history, History.from_mentions(frame, START, END))
    for step in steps[::7]:
        end = to_datetime(step.end)
        alone = History.from_mentions(frame.filter(pl.col("timestamp") < end), START, end)
        assert_same(step, alone)
        assert_same(history.until(end), alone)
        cut, same = (make_cut(each, step.end, SETTINGS) for each in (step, alone))
        assert np.array_equal(cut.topics, same.topics) and np.array_equal(cut.usual, same.usual)
        assert np.array_equal(count_table(history.until(step.end), [cut]), count_table(alone, [same]))


def test_what_was_read_before_stays_and_is_read_only() -> None:
    frame = stream(5)
    border = START + timedelta(days=10)
    early = History.from_mentions(frame.filter(pl.col("timestamp") < border), START, border)
    time, topic, texts, topics = early.time.copy(), early.topic.copy(), early.texts.copy(), early.topics
    counts = early.counts(np.arange(early.topic_count), early.start, early.end + 100 * HOUR)
    handed_out = early.topic
    whole = early.extended(frame.filter(pl.col("timestamp") >= border), END)
    assert whole.origin is early.origin and len(whole) > len(early) == len(time)
    assert np.array_equal(early.time, time) and np.array_equal(handed_out, topic) and early.topics == topics
    assert np.array_equal(early.texts, texts)
    assert np.array_equal(early.counts(np.arange(early.topic_count), early.start, early.end + 100 * HOUR), counts)
    for array in (whole.time, whole.texts):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_only_the_whole_is_extended_and_only_by_what_is_later() -> None:
    frame = stream(6)
    middle, late = START + timedelta(days=10), START + timedelta(days=20)
    parts = [
        frame.filter(pl.col("timestamp").is_between(*bounds, closed="left"))
        for bounds in ((START, middle), (middle, late))
    ]
    history = History.from_mentions(parts[0], START, middle)
    with pytest.raises(ValueError, match="lie outside"):
        history.extended(parts[0][-1:], late)
    with pytest.raises(ValueError, match="ends at"):
        history.extended(parts[0][:0], START)
    other = pl.Series([[1.0, 2.0]], dtype=pl.List(pl.Float32))
    with pytest.raises(ValueError, match="different widths"):
        history.extended(parts[1][:1].with_columns(other.alias(TEXT)), late)
    grown_once = history.extended(parts[1], late)
    with pytest.raises(ValueError, match="extend the whole"):
        history.extended(parts[1], late)
    with pytest.raises(ValueError, match="extend the whole"):
        grown_once.until(middle).extended(parts[1][:0], late)
    assert_same(grown_once, History.from_mentions(pl.concat(parts), START, late))


def test_past_cuts_are_remembered_while_it_grows() -> None:
    frame = stream(7)
    _, steps = grown(frame, [START + timedelta(days=day) for day in range(12, DAYS, 3)])
    memory, fresh = (CutMemory(SETTINGS, every_hours=12) for _ in range(2))
    whole = History.from_mentions(frame, START, END)
    for step in steps:
        found, wanted = memory.examples(step, step.end), fresh.examples(whole, step.end)
        assert len(found) and np.array_equal(found.features, wanted.features)
        assert np.array_equal(found.growth[24], wanted.growth[24]) and np.array_equal(
            found.labels["bursts"], wanted.labels["bursts"]
        )


@pytest.mark.parametrize("seed", range(3))
def test_micro_batches_that_end_within_a_second_give_the_same_history(seed: int) -> None:
    frame, chance = stream(seed).sort("timestamp"), np.random.default_rng(seed)
    arriving, at = ArrivingMentions(), 0
    with pytest.raises(ValueError, match="nothing was observed"):
        arriving.history()
    while at < frame.height:
        size = int(chance.integers(1, 400))
        arriving.add(frame[at : at + size])
        at += size
        if chance.random() < 0.5:
            seen = arriving.history()
            latest = frame["timestamp"][min(at, frame.height) - 1]
            assert seen.end == to_epoch(latest)
            alone = History.from_mentions(
                frame.filter(pl.col("timestamp") < to_datetime(seen.end)), START, to_datetime(seen.end)
            )
            assert_same(seen, alone)
    assert_same(arriving.history(END), History.from_mentions(frame, START, END))


def test_a_mention_from_before_a_moment_that_was_asked_about_is_taken_in_where_it_belongs() -> None:
    frame = stream(8).sort("timestamp")
    arriving = ArrivingMentions()
    arriving.add(frame[:3000])
    ahead = frame["timestamp"][3500]
    before = arriving.history(ahead)
    arriving.add(frame[3000:])
    after = arriving.history(END)
    assert after.origin is not before.origin
    assert_same(after, History.from_mentions(frame, START, END))
    with pytest.raises(ValueError, match="batches must be in order"):
        arriving.add(frame[:1])
    with pytest.raises(ValueError, match="nulls in"):
        arriving.add(frame[-1:].with_columns(topic=pl.lit(None, pl.String)))


def test_runs_count_sum_and_choose_as_one_sorted_array_does() -> None:
    chance = np.random.default_rng(0)
    runs, summed, rows, group, values = SortedRuns(), SummedRuns(), 0, np.empty(0, np.int64), np.empty(0, np.int64)
    for size in [*chance.integers(0, 60, 80).tolist(), 5_000, 1, 1]:
        new, weight = chance.integers(0, 30, size), chance.integers(-9, 9, size)
        keys = pair(new, np.arange(rows, rows + size))
        runs, summed = runs.extended(keys), summed.extended(keys, weight)
        group, values, rows = np.concatenate([group, new]), np.concatenate([values, weight]), rows + size
    everything = pair(group, np.arange(rows))
    bounds = chance.integers(-5, everything.max() + 5, (50, 2))
    assert np.array_equal(runs.below(bounds), np.searchsorted(np.sort(everything), bounds))
    low, high = bounds.min(1), bounds.max(1)
    count, total = summed.between(low, high)
    inside = (everything >= low[:, None]) & (everything < high[:, None])
    assert np.array_equal(count, inside.sum(1)) and np.array_equal(total, (inside * values).sum(1))
    for number in range(30):
        mine = np.flatnonzero(group == number)
        assert runs.chosen(np.array([number]), np.arange(len(mine))[None]).tolist() == [mine.tolist()]


def test_what_is_added_costs_no_more_where_much_is_there() -> None:
    """The numbers that are moved are counted, not the time: a thousand batches move each number a few times."""
    moved, array = 0, GrowingArray(np.empty(0, np.int64))
    for _ in range(1_000):
        before = array.array
        array.append(np.arange(100))
        moved += 0 if np.shares_memory(before, array.array) else len(before)
    assert moved < 2 * len(array)
