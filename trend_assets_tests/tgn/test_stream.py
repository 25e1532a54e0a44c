from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import torch

from trend_assets.forecasting.history import HOUR, MENTIONS_SCHEMA, History
from trend_assets.tgn.model import ModelSettings, TemporalGraphNetwork
from trend_assets.tgn.participants import PARTICIPANT_NAMES, ParticipantIndex
from trend_assets.tgn.stream import MESSAGE_DIM, RollingState, node_count, to_temporal_data

START = datetime(2024, 1, 1, tzinfo=UTC)
EPOCH = int(START.timestamp())


def history_of(rows: list[tuple[float, str, str | None]], hours: float = 100) -> History:
    frame = pl.DataFrame(
        {
            "timestamp": [START + timedelta(hours=hour) for hour, _, _ in rows],
            "topic": [topic for _, topic, _ in rows],
            "user_id": [user for _, _, user in rows],
            "weight": [1.0] * len(rows),
        },
        schema=MENTIONS_SCHEMA,
    )
    return History.from_mentions(frame, START, START + timedelta(hours=hours))


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
    model = TemporalGraphNetwork(4, MESSAGE_DIM, ModelSettings(memory_dim=8, time_dim=4))
    moment, topics = EPOCH + 70 * HOUR + 1234, np.arange(5)
    (at_once,) = RollingState(model).embeddings(history, [(moment, topics)])
    model.reset()
    walked = [(EPOCH + hour * HOUR + 77, np.arange(0)) for hour in range(1, 70, 3)]
    *_, step_by_step = RollingState(model).embeddings(history, [*walked, (moment, topics)])
    assert np.array_equal(at_once, step_by_step)
    assert len(np.unique(at_once, axis=0)) == 5


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
