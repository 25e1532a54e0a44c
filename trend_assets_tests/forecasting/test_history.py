from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from trend_assets.forecasting.history import HOUR, MENTIONS_SCHEMA, History, to_datetime, to_epoch

START = datetime(2024, 1, 1, tzinfo=UTC)


def frame(*rows: tuple[float, str, str | None]) -> pl.DataFrame:
    """Mentions at hours after the start."""
    return pl.DataFrame(
        [(START + timedelta(hours=hour), topic, user, 1.0) for hour, topic, user in rows],
        schema=MENTIONS_SCHEMA,
        orient="row",
    )


@pytest.mark.parametrize("seed", range(5))
def test_counts_equal_brute_force(history: History, seed: int) -> None:
    chance = np.random.default_rng(seed)
    hours = (history.end - history.start) // HOUR
    view = history.until(history.start + int(chance.integers(hours // 2, hours)) * HOUR)
    topics = chance.integers(view.topic_count, size=200)
    starts = view.start + chance.integers(-48, hours, size=200) * HOUR
    ends = starts + chance.integers(-5, 200, size=200) * HOUR
    expected = [
        np.sum((view.topic == topic) & (view.time >= start) & (view.time < end))
        for topic, start, end in zip(topics, starts, ends, strict=True)
    ]
    assert view.counts(topics, starts, ends).tolist() == expected
    assert sum(expected) > 0


def test_counts_broadcast_and_respect_half_open_intervals() -> None:
    history = History.from_mentions(frame((0, "a", "u"), (1, "a", "u"), (1, "b", "u"), (2, "a", None)))
    start = to_epoch(START)
    ends = start + np.array([1, 2, 3]) * HOUR
    assert history.counts(np.array([[0], [1]]), start, ends).tolist() == [[1, 2, 3], [0, 1, 1]]


def test_view_ends_before_its_moment_and_shares_the_data(history: History) -> None:
    moment = history.start + 40 * 24 * HOUR
    view = history.until(moment)
    assert len(view) == np.sum(history.time < moment)
    assert view.time.max() < moment <= history.time.max()
    assert np.shares_memory(view.time, history.time)
    assert view.end == moment
    everything = np.arange(view.topic_count)
    assert view.counts(everything, history.start, history.end).sum() == len(view)
    assert set(view.topics) == set(np.array(history.topics)[view.topic])
    assert len(view.users) == view.user.max() + 1


def test_view_of_a_view_never_sees_more(history: History) -> None:
    early = history.until(history.start + 10 * 24 * HOUR)
    again = early.until(history.end)
    assert (again.end, len(again)) == (early.end, len(early))


def test_first_seen_and_its_limits() -> None:
    history = History.from_mentions(frame((5, "b", "u"), (1, "a", "u"), (7, "a", "v")))
    assert history.topics == ("a", "b")
    assert [(value - to_epoch(START)) // HOUR for value in history.first_seen([0, 1])] == [1, 5]
    with pytest.raises(IndexError):
        history.until(START + timedelta(hours=3)).first_seen([1])


def test_candidates_need_support_inside_the_window() -> None:
    history = History.from_mentions(frame((0, "old", "u"), (30, "once", "u"), (31, "twice", "u"), (32, "twice", "v")))
    cut = to_epoch(START) + 33 * HOUR
    assert [history.topics[topic] for topic in history.candidates(cut, 24 * HOUR)] == ["once", "twice"]
    assert [history.topics[topic] for topic in history.candidates(cut, 24 * HOUR, 2)] == ["twice"]
    assert history.candidates(cut, 33 * HOUR).tolist() == [0, 1, 2]


def test_order_of_rows_does_not_matter(stream: pl.DataFrame) -> None:
    straight, shuffled = (
        History.from_mentions(rows) for rows in (stream, stream.sample(fraction=1.0, shuffle=True, seed=3))
    )
    assert straight.topics == shuffled.topics
    for name in ("time", "topic", "user", "weight"):
        assert np.array_equal(getattr(straight, name), getattr(shuffled, name))


def test_unknown_users_are_minus_one_and_arrays_are_read_only() -> None:
    history = History.from_mentions(frame((0, "a", None), (1, "a", "u")))
    assert history.user.tolist() == [-1, 0]
    assert history.users == ("u",)
    with pytest.raises(ValueError, match="read-only"):
        history.time[0] = 0


def test_bounds_default_to_whole_hours_and_are_kept() -> None:
    history = History.from_mentions(frame((0.5, "a", "u"), (2.25, "a", "u")))
    assert (history.start, history.end) == (to_epoch(START), to_epoch(START) + 3 * HOUR)
    empty = History.from_mentions(frame(), START, START + timedelta(days=1))
    assert (len(empty), empty.topics, empty.candidates(empty.end, 24 * HOUR).tolist()) == (0, (), [])


@pytest.mark.parametrize(
    ("rows", "bounds", "message"),
    [
        (frame((0, "a", "u")).with_columns(pl.col("timestamp").dt.replace_time_zone(None)), (), "expected"),
        (frame((0, "a", "u")).drop("weight"), (), "missing columns"),
        (frame((0, "a", "u")).with_columns(topic=pl.lit(None, pl.String)), (), "nulls in"),
        (frame((0, "a", "u")), (START.replace(tzinfo=None),), "no time zone"),
        (frame((0, "a", "u")), (START + timedelta(hours=1),), "outside"),
        (frame((5, "a", "u")), (START, START + timedelta(hours=5)), "outside"),
        (frame(), (), "no mentions"),
    ],
)
def test_wrong_mentions_are_refused(rows: pl.DataFrame, bounds: tuple[datetime, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        History.from_mentions(rows, *bounds)


def test_epoch_and_back() -> None:
    assert to_datetime(to_epoch(START)) == START
    with pytest.raises(ValueError, match="no time zone"):
        to_epoch(datetime(2024, 1, 1))
