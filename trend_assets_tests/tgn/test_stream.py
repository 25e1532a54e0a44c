from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
import torch

from trend_assets.forecasting.history import HOUR, MENTIONS_SCHEMA, History, to_datetime
from trend_assets.graph.interactions import Interactions, node_count, to_temporal_data
from trend_assets.tgn.model import ModelSettings, TemporalGraphNetwork
from trend_assets.tgn.participants import PARTICIPANT_NAMES, ParticipantIndex
from trend_assets.tgn.precedents import PrecedentIndex
from trend_assets.tgn.stream import RollingState
from trend_assets_tests.tgn.histories import EPOCH, START, history_of


def test_users_and_topics_never_share_a_node_and_unknown_users_are_one() -> None:
    history = history_of([(1, "#a", "x"), (2, "#b", None), (3, "#a", None), (4, "#a", "y")])
    data = to_temporal_data(history)
    assert not set(data.src.tolist()) & set(data.dst.tolist())
    assert data.src[1] == data.src[2]
    assert int(torch.cat([data.src, data.dst]).max()) < node_count(history)
    np.testing.assert_allclose(data.msg[:, 1].numpy(), np.log1p([0, 0, 1, 2]) / 5, rtol=1e-6)


def test_the_state_does_not_depend_on_when_it_was_asked_and_a_cut_may_have_no_topic() -> None:
    generator = np.random.default_rng(0)
    rows = [
        (hour, f"#{topic}", f"u{user}")
        for hour, topic, user in zip(
            np.sort(generator.uniform(0, 100, 400)),
            generator.integers(0, 9, 400),
            generator.integers(0, 30, 400),
            strict=True,
        )
    ]
    history = history_of(rows)
    torch.manual_seed(0)
    model = TemporalGraphNetwork(4, 2, ModelSettings(memory_dim=8, time_dim=4))
    moment, topics = EPOCH + 70 * HOUR + 1234, np.arange(5)
    (at_once,) = RollingState(model).embedded(history, [(moment, topics)])
    model.reset()
    walked = [(EPOCH + hour * HOUR + 77, np.arange(0)) for hour in range(1, 70, 3)]
    *_, step_by_step = RollingState(model).embedded(history, [*walked, (moment, topics)])
    assert np.array_equal(at_once.embedding, step_by_step.embedding)
    assert len(np.unique(at_once.embedding, axis=0)) == 5


def dense(events: int = 7_000, hours: float = 13) -> History:
    """So many mentions that a block has many batches; a third of them stand in few seconds."""
    chance = np.random.default_rng(1)
    moments = chance.uniform(0, hours, events)
    moments[: events // 3] = np.round(moments[: events // 3] * 2) / 2
    moments = np.round(moments * HOUR) / HOUR
    rows = [
        (float(hour), f"#{int(topic)}", f"u{int(user)}")
        for hour, topic, user in zip(
            np.sort(moments), chance.exponential(40, events), chance.exponential(90, events), strict=True
        )
    ]
    return history_of(rows, hours + 1)


def network() -> TemporalGraphNetwork:
    torch.manual_seed(0)
    return TemporalGraphNetwork(4, 2, ModelSettings(memory_dim=8, time_dim=4))


def at_once(history: History, moment: int) -> np.ndarray:
    (found,) = RollingState(network()).embedded(history, [(moment, np.arange(20))])
    return found.embedding


@pytest.mark.parametrize("batches", [1, 3, 100])
def test_within_a_block_it_goes_on_batch_by_batch_and_can_be_taken_back(batches: int) -> None:
    history = dense()
    state = RollingState(network())
    state.keep_back(4)
    moments = [EPOCH + int(hour * HOUR) for hour in (1.5, 2, 5.9, 5.95, 6, 6.4, 11.99, 12.5, 13)]
    for moment in moments:
        while state.advance(history, moment, batches):
            pass
        before = state.size
        (found,) = state.embedded(history, [(moment, np.arange(20))])
        assert np.array_equal(found.embedding, at_once(history, moment))
        assert state.size == before
    assert state.size > 5_000
    digest = state.digest
    just_past = int(history.time[state.size - 2_500])
    assert state.continues(history, just_past)
    (found,) = state.embedded(history, [(just_past, np.arange(20))])
    assert np.array_equal(found.embedding, at_once(history, just_past))
    assert 2_500 < state.size < len(history) - 2_000
    assert not state.continues(history, EPOCH + HOUR)
    (found,) = state.embedded(history, [(moments[-1], np.arange(20))])
    assert np.array_equal(found.embedding, at_once(history, moments[-1]))
    assert state.digest == digest


def test_a_state_is_known_again_by_what_it_has_seen() -> None:
    history, moment = dense(), EPOCH + 6 * HOUR
    state = RollingState(network())
    state.advance(history, moment, 100)

    def resumed() -> RollingState:
        other = RollingState(network())
        other.resume(state.size, state.until, state.digest, state.vocabulary)
        return other

    again = History.from_mentions(frame_of(history), START)
    assert resumed().continues(again, moment)
    assert not resumed().continues(again, moment - 1)
    late = frame_of(history).with_columns(
        timestamp=pl.when(pl.int_range(pl.len()) == 1500).then(pl.col("timestamp").first()).otherwise("timestamp")
    )
    assert not resumed().continues(History.from_mentions(late, START), moment)
    added = pl.concat([frame_of(history), frame_of(history)[:1].with_columns(timestamp=to_datetime(moment - 1))])
    assert not resumed().continues(History.from_mentions(added, START), moment)


def frame_of(history: History) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "timestamp": pl.Series(history.time * 1_000_000).cast(pl.Datetime("us", "UTC")),
            "topic": [history.topics[topic] for topic in history.topic],
            "user_id": [history.users[user] if user >= 0 else None for user in history.user],
            "weight": history.weight.astype(np.float64),
        },
        schema=MENTIONS_SCHEMA,
    )


def test_indexes_that_grow_say_what_those_of_the_whole_say() -> None:
    chance = np.random.default_rng(3)
    rows = [
        (float(hour), f"#{int(topic)}", None if unknown else f"u{int(user)}")
        for hour, topic, user, unknown in zip(
            np.sort(chance.uniform(0, 400, 4_000)),
            chance.exponential(80, 4_000),
            chance.exponential(90, 4_000),
            chance.random(4_000) < 0.1,
            strict=True,
        )
    ]
    whole = history_of(rows, 400)
    first = {topic: row for row, topic in reversed(list(enumerate(whole.topic.tolist())))}
    vectors = chance.normal(size=(len(rows), 8)).astype(np.float32)
    texts = [
        vectors[row].tolist() if first[topic] == row and topic % 3 else None for row, topic in enumerate(whole.topic)
    ]
    frame = frame_of(whole).with_columns(text=pl.Series(texts, dtype=pl.List(pl.Float32)))
    end, history = START, None
    for hours in [90, *chance.integers(1, 12, 60).tolist()]:
        start, end = end, end + timedelta(hours=int(hours))
        part = frame.filter(pl.col("timestamp").is_between(start, end, closed="left"))
        history = history.extended(part, end) if history else History.from_mentions(part, START, end)
        alone = History.from_mentions(frame.filter(pl.col("timestamp") < end), START, end)
        topics = alone.candidates(alone.end, 24 * HOUR)
        moments = np.full(len(topics), alone.end)
        assert np.array_equal(
            history.derived(ParticipantIndex).table(topics, moments), ParticipantIndex(alone).table(topics, moments)
        )
        assert np.array_equal(history.derived(PrecedentIndex).table(topics), PrecedentIndex(alone).table(topics))
        grown, made = history.derived(Interactions).rows(0, len(alone)), to_temporal_data(alone)
        for one, two in zip(grown, (made.src, made.dst, made.t, made.msg), strict=True):
            assert torch.equal(one, two)
    assert history is not None and len(history) > 3_000


def test_a_stranger_among_the_participants_is_one_of_whom_nothing_is_known() -> None:
    rows = [(1, "#big", "starter"), *((1 + n / 10, "#big", f"u{n}") for n in range(1, 20))]
    late = [(60, "#new", "starter"), (60.5, "#new", "u1"), (61, "#new", "starter")]
    moment = np.array([EPOCH + 62 * HOUR])

    def table(last: list[tuple[float, str, str | None]], stranger: str | None = None) -> np.ndarray:
        history = history_of([*rows, *last])
        strangers = None if stranger is None else np.array([list(history.users).index(stranger)])
        return ParticipantIndex(history).table(np.array([list(history.topics).index("#new")]), moment, strangers)

    unknown = [(hour, topic, None if user == "starter" else user) for hour, topic, user in late]
    # How many mention a topic stays as it is: a stranger is somebody.
    of_users = [place for place, name in enumerate(PARTICIPANT_NAMES) if not name.startswith("newcomers")]
    assert np.array_equal(table(late, "starter")[:, of_users], table(unknown)[:, of_users])
    assert np.array_equal(table(late, "u7"), table(late))
    assert not np.array_equal(table(late, "starter"), table(late))


def test_a_record_counts_what_had_become_of_earlier_topics_by_then() -> None:
    crowd = [(1 + n / 10, "#big", f"u{n}") for n in range(1, 20)]
    rows = [(1, "#big", "starter"), (1, "#small", "loner"), *crowd]
    rows += [(60, "#new", "starter"), (60, "#other", "loner")]
    history = history_of(rows)
    names = list(history.topics)
    topics = np.array([names.index("#new"), names.index("#other")])
    late = ParticipantIndex(history).table(topics, np.full(2, EPOCH + 61 * HOUR))
    column = PARTICIPANT_NAMES.index("record_first")
    assert late[0, column] > late[1, column]
    early = ParticipantIndex(history).table(
        np.array([names.index("#big"), names.index("#small")]), np.full(2, EPOCH + 20 * HOUR)
    )
    assert early[:, column].tolist() == [0.0, 0.0]
    seen = ParticipantIndex(history.until(EPOCH + 61 * HOUR)).table(topics, np.full(2, EPOCH + 61 * HOUR))
    assert np.array_equal(seen, late)
