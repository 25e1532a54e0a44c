"""What interactions carry is read from the graph, and what is taken out of it changes what is learnt."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import torch

from trend_assets.enrichment.embedder import DEFAULT_MODEL
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.history import to_epoch
from trend_assets.graph.messages import KINDS, TEXT_DIM, projection
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENT_EMBEDDINGS, EVENTS
from trend_assets.operations.history import label_settings, load_history
from trend_assets.operations.training import new_forecaster
from trend_assets.tgn.inputs import TopicInputs
from trend_assets_tests.operations.conftest import START, Home, event, write_posts

END = START + timedelta(days=2)
ALL = ("weight", "place", "type", "text", "answers")
VECTORS = {"archive:original:1": [1.0, 0.0, 0.0], "archive:retweet:3": [0.0, 0.6, 0.8]}


def posted(number: int, minute: int, user: str | None, event_type: str = "original", context: str = "{}") -> dict:
    made = event(number, START + timedelta(minutes=minute), ["#a"], user)
    return {**made, "id": f"archive:{event_type}:{number}", "event_type": event_type, "context": context}


def to(number: int, **more: str) -> str:
    told = {"original_content_id": str(number), **more}
    return "{" + ",".join(f'"{key}":"{value}"' for key, value in told.items()) + "}"


@pytest.fixture
def talk(empty: Home) -> Lake:
    rows = [
        posted(1, 0, "ann"),
        posted(2, 1, "bob", "reply", to(1)),
        posted(3, 2, "cid", "retweet", to(2)),
        posted(4, 3, "dan", "reply", to(5)),
        posted(5, 4, "ann"),
        # Whom it passes on is told by the post itself, of which nothing else is known.
        posted(6, 5, "eve", "retweet", to(99, original_user_id="cid")),
        posted(7, 6, None, "trend"),
        posted(8, 7, "fay", "reply", to(98, quoted_content_id="1")),
    ]
    write_posts(empty.lake, EVENTS.frame(rows), START, END)
    vectors = [
        {"id": name, "hour": START, "text_hash": name, "model": DEFAULT_MODEL, "embedding": vector}
        for name, vector in VECTORS.items()
    ]
    empty.lake.write(EVENT_EMBEDDINGS, EVENT_EMBEDDINGS.frame(vectors), START, END)
    return empty.lake


def test_what_a_mention_has_besides(talk: Lake) -> None:
    history = load_history(talk, messages=ALL)
    assert [KINDS[code] for code in history.detail("type")] == [
        "post", "replies_to", "reposts", "replies_to", "post", "reposts", "chart", "replies_to",
    ]  # fmt: skip
    names = [None if number < 0 else history.user_name(number) for number in history.detail("answers")]
    # What dan answers was posted later, so that nobody knew whose it is.
    expected = [None, "ann", "bob", None, None, "cid", None, "ann"]
    assert names == [name and f"archive:{name}" for name in expected]
    products = np.array(projection(3), dtype=np.float64) @ np.array(list(VECTORS.values())).T
    expected_vectors = np.zeros((8, TEXT_DIM))
    expected_vectors[[0, 2]] = products.T
    np.testing.assert_allclose(history.detail("text"), expected_vectors, atol=1e-6)


def test_only_what_is_asked_for_is_read(talk: Lake) -> None:
    history = load_history(talk, messages=("weight", "place", "type"))
    assert len(history.detail("type")) == 8
    with pytest.raises(ValueError, match="given without 'text'"):
        history.detail("text")


def test_an_earlier_end_tells_less(talk: Lake) -> None:
    with talk.transaction() as connection:
        connection.execute("UPDATE temporal_edges SET hour = hour + INTERVAL 1 HOUR WHERE timestamp >= ?",
                           [START + timedelta(minutes=5)])  # fmt: skip
    history = load_history(talk, START + timedelta(hours=1), messages=ALL)
    whole = load_history(talk, messages=ALL)
    assert len(history) == 5
    for part in ("type", "text", "answers"):
        assert np.array_equal(history.detail(part), whole.detail(part)[:5])


def test_without_vectors_texts_are_zero(talk: Lake) -> None:
    talk.write(EVENT_EMBEDDINGS, EVENT_EMBEDDINGS.frame(), START, END)
    assert not load_history(talk, messages=("text",)).detail("text").any()


def test_vectors_of_another_text_model_are_not_read(talk: Lake) -> None:
    assert load_history(talk, messages=("text",)).detail("text").any()
    other = load_history(talk, messages=("text",), text_model="another's")
    assert not other.detail("text").any()


def weights(home: Home, messages: tuple[str, ...]) -> torch.Tensor:
    """What link training makes of a lake's history."""
    training = home.settings.training.model_copy(update={"messages": list(messages)})
    memory = CutMemory(label_settings(home.settings.forecast), days=training.history_days)
    settings = new_forecaster(home.settings.model_copy(update={"training": training}), memory).settings
    torch.manual_seed(0)
    inputs = TopicInputs(settings, memory)
    inputs.fit(load_history(home.lake, messages=messages), to_epoch(END))
    return torch.cat([value.flatten() for value in inputs.state.model.parameters()])


def test_taking_a_users_reply_edges_away_changes_what_is_learnt(empty: Home) -> None:
    chance = np.random.default_rng(0)
    rows = []
    for number in range(1, 400):
        answers = int(chance.integers(max(1, number - 9), number)) if number > 1 and number % 3 else None
        kind, context = ("reply", to(answers)) if answers else ("original", "{}")
        rows.append(posted(number, number * 3, f"u{chance.integers(12)}", kind, context))
    write_posts(empty.lake, EVENTS.frame(rows), START, END)
    plain, linked = ("weight", "place"), ("weight", "place", "answers")
    before = {messages: weights(empty, messages) for messages in (plain, linked)}
    assert torch.equal(weights(empty, linked), before[linked])
    with empty.lake.transaction() as connection:
        connection.execute("""
            DELETE FROM temporal_edges WHERE edge_type = 'replies_to' AND src IN (
                SELECT dst FROM temporal_edges JOIN nodes ON node_id = src WHERE key = 'archive:u3'
            )
        """)
    assert not torch.equal(weights(empty, linked), before[linked])
    # What interactions do not carry does not matter to them.
    assert torch.equal(weights(empty, plain), before[plain])
