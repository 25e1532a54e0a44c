"""What interactions carry, and whom they link."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
import torch

from trend_assets.forecasting.history import MENTIONS_SCHEMA, History
from trend_assets.graph.interactions import (
    Interactions,
    PrefixDigest,
    interactions_of,
    node_count,
    to_temporal_data,
    user_nodes,
)
from trend_assets.graph.messages import KINDS, MESSAGES, TEXT_DIM, kind, kinds, projection, width

START = datetime(2024, 1, 1, tzinfo=UTC)
ALL = MESSAGES
DETAILS = {"kind": pl.Int8, "answers": pl.String, "vector": pl.List(pl.Float32)}


def frame_of(rows: list[tuple[int, str, str | None, str, str | None]]) -> pl.DataFrame:
    """Rows of (second, topic, user, event type, whom it answers); vectors tell them apart."""
    return pl.DataFrame(
        [
            (START + timedelta(seconds=second), topic, user, 0.5, kind(event_type), answers, [float(n)] * TEXT_DIM)
            for n, (second, topic, user, event_type, answers) in enumerate(rows)
        ],
        schema={**MENTIONS_SCHEMA, **DETAILS},
        orient="row",
    )


ROWS = [
    (0, "#a", "ann", "original", None),
    (10, "#a", "bob", "reply", "ann"),
    (10, "#b", "bob", "reply", "ann"),
    (20, "#a", None, "trend", "ann"),
    (30, "#a", "cid", "retweet", "dan"),
    (40, "#a", "dan", "quote", "dan"),
]


def history_of(rows: list) -> History:
    return History.from_mentions(frame_of(rows), START, START + timedelta(hours=1))


def test_by_default_an_interaction_carries_weight_and_place_and_links_no_users() -> None:
    history = history_of(ROWS)
    data = to_temporal_data(history)
    assert data.num_events == len(ROWS)
    places = np.log1p([0, 1, 0, 2, 3, 4]) / 5
    np.testing.assert_allclose(data.msg.numpy(), np.stack([np.full(6, 0.5), places], axis=1), rtol=1e-6)
    plain = History.from_mentions(frame_of(ROWS).select(list(MENTIONS_SCHEMA)), START, START + timedelta(hours=1))
    assert all(torch.equal(data[name], to_temporal_data(plain)[name]) for name in ("src", "dst", "t", "msg"))


def test_everything_that_it_can_carry() -> None:
    data = to_temporal_data(history_of(ROWS), ALL)
    assert data.msg.shape == (len(ROWS) + 1, width(ALL))
    mention = data.msg[1]
    assert mention[:2].tolist() == pytest.approx([0.5, np.log1p(1) / 5])
    assert KINDS[int(mention[2 : 2 + len(KINDS)].argmax())] == "replies_to"
    assert mention[2 + len(KINDS) : -2].tolist() == [1.0] * TEXT_DIM
    assert mention[-2:].tolist() == [1.0, 0.0]
    assert data.msg[0, -2:].tolist() == [0.0, 0.0]


def test_a_user_who_answers_another_is_linked_once_a_second() -> None:
    history = history_of(ROWS)
    data = to_temporal_data(history, ("answers",))
    ann, bob = (int(user_nodes(np.array([list(history.users).index(name)]))[0]) for name in ("ann", "bob"))
    links = data.msg[:, -1] == 1
    # Nobody is linked who is not named, nor to somebody who comes later, nor to themselves.
    assert torch.stack([data.src, data.dst], dim=1)[links].tolist() == [[bob, ann]]
    assert data.t[links].tolist() == [int(START.timestamp()) + 10]
    assert links.nonzero().flatten().tolist() == [2]
    assert int(torch.cat([data.src, data.dst]).max()) < node_count(history)


def test_the_order_of_the_parts_does_not_matter_and_each_has_its_place() -> None:
    history = history_of(ROWS)
    one, other = to_temporal_data(history, ("text", "weight")), to_temporal_data(history, ("weight", "text"))
    assert torch.equal(one.msg, other.msg)
    assert one.msg[:, 0].tolist() == [0.5] * 6 and one.msg[5, 1:].tolist() == [5.0] * TEXT_DIM
    links = to_temporal_data(history, ("place", "answers")).msg
    assert links[2].tolist() == [0.0, 1.0, 1.0]


def chance_rows(count: int = 400) -> list:
    chance = np.random.default_rng(0)
    names = [None, *(f"u{n}" for n in range(12))]
    return [
        (
            int(second),
            f"#{chance.integers(9)}",
            names[chance.integers(13)],
            str(chance.choice(["original", "reply", "retweet", "speech"])),
            names[chance.integers(13)],
        )
        for second in np.sort(chance.integers(0, 600, count))
    ]


def test_what_grows_is_what_is_made_at_once() -> None:
    frame = frame_of(chance_rows())
    history, since = History.from_mentions(frame.clear(), START, START), START
    for second in (1, 7, 100, 101, 599, 3600):
        moment = START + timedelta(seconds=second)
        history = history.extended(frame.filter(pl.col("timestamp").is_between(since, moment, closed="left")), moment)
        grown, since = history.derived(interactions_of(ALL)).rows(0, len(history)), moment
    expected = to_temporal_data(History.from_mentions(frame, START, moment), ALL)
    assert (expected.msg[:, -1] == 1).sum() > 50
    for column, name in zip(grown, ("src", "dst", "t", "msg"), strict=True):
        assert torch.equal(column, expected[name])


def test_rows_of_some_mentions_are_theirs_and_their_links() -> None:
    history = history_of(chance_rows())
    whole = Interactions(history, ALL)
    for first, last in ((0, 0), (0, 1), (3, 180), (180, len(history))):
        parts = [whole.rows(index, index + 1) for index in range(first, last)]
        for number, column in enumerate(whole.rows(first, last)):
            assert torch.equal(column, torch.cat([part[number] for part in parts] or [column[:0]]))


def test_a_digest_tells_what_interactions_carry_and_nothing_else() -> None:
    def digest(frame: pl.DataFrame, parts: tuple[str, ...]) -> str:
        found = PrefixDigest(parts)
        history = History.from_mentions(frame, START, START + timedelta(hours=1))
        found.extend(history, 3)
        found.extend(history, len(history))
        return found.hexdigest()

    frame = frame_of(ROWS)
    others = {
        "type": frame.with_columns(kind=pl.lit(0, pl.Int8)),
        "text": frame.with_columns(vector=pl.lit([1.0] * TEXT_DIM, pl.List(pl.Float32))),
        "answers": frame.with_columns(answers=pl.lit(None, pl.String)),
    }
    for part, other in others.items():
        assert digest(frame, ("weight", part)) != digest(other, ("weight", part))
        assert digest(frame, ("weight", "place")) == digest(other, ("weight", "place"))


def test_what_the_mentions_were_given_without_is_named() -> None:
    plain = History.from_mentions(frame_of(ROWS).drop("vector"), START, START + timedelta(hours=1))
    with pytest.raises(ValueError, match="given without 'text'"):
        to_temporal_data(plain, ("text",))
    with pytest.raises(ValueError, match="details"):
        plain.extended(frame_of(ROWS).with_columns(timestamp=START + timedelta(hours=1)), START + timedelta(hours=2))
    short = frame_of(ROWS).with_columns(vector=pl.lit([1.0], pl.List(pl.Float32)))
    with pytest.raises(ValueError, match=f"{TEXT_DIM} numbers"):
        History.from_mentions(short)


@pytest.mark.parametrize(
    ("event_type", "name"),
    [
        ("original", "post"),
        ("upload", "post"),
        ("comment", "replies_to"),
        ("retweet", "reposts"),
        ("quote", "quotes"),
        ("trending", "chart"),
        ("interest", "chart"),
        ("anything", "other"),
        (None, "other"),
    ],
)
def test_kinds_of_event_types(event_type: str | None, name: str) -> None:
    assert KINDS[kind(event_type)] == name
    assert kinds(pl.Series([event_type, "reply"], dtype=pl.String)).to_list() == [KINDS.index(name), 1]


def test_a_projection_keeps_likeness_and_stays_the_same() -> None:
    rows = np.array(projection(384))
    assert rows.shape == (TEXT_DIM, 384) and set(np.unique(rows)) == {-1, 1}
    # What models have learnt from must be the same in every release.
    assert rows[:2, :6].tolist() == [[-1, 1, -1, 1, -1, -1], [-1, -1, -1, -1, -1, -1]]
    assert abs((rows @ rows.T / 384 - np.eye(TEXT_DIM)).max()) < 0.2
