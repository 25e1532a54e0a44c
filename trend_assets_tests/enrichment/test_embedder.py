from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trend_assets.enrichment.embedder import (
    ModelUnavailable,
    RealtimeTextEmbedder,
    bundled_model_folder,
    check_weights,
    normalise_text,
    text_hash,
)
from trend_assets.enrichment.embedding_table import embedding_frame, missing_texts, text_hashes
from trend_assets.lake.tables import EVENT_EMBEDDINGS

TEXTS = [
    "$AAPL beats estimates, shares up 5% http://t.co/abc",
    "the cat sat on the mat",
    "",
    "Dow #Stocks Trend $AXP $UTX $CSCO $KO $HD $DIS $V $IBM $DD $INTC $JPM $UNH $TRV $MRK $MMM",
    "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8",
    "a cat is sitting on a mat",
    "word " * 300,
]
HOUR = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def embedder() -> RealtimeTextEmbedder:
    return RealtimeTextEmbedder()


def events(texts: list[str]) -> pl.DataFrame:
    return pl.DataFrame(
        {"id": [f"e{place}" for place in range(len(texts))], "hour": [HOUR] * len(texts), "text": texts},
        schema={"id": pl.String, "hour": pl.Datetime("us", "UTC"), "text": pl.String},
    ).with_columns(edge_weight=pl.lit(1.0))


def test_vectors_agree_with_the_reference_implementation(embedder: RealtimeTextEmbedder) -> None:
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(bundled_model_folder()), device="cpu").encode(
        [normalise_text(text) for text in TEXTS], normalize_embeddings=True, show_progress_bar=False
    )
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert (vectors * reference).sum(axis=1).min() > 1 - 1e-3


def test_equal_texts_are_computed_once_and_order_is_kept(
    embedder: RealtimeTextEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[list[str]] = []
    original = RealtimeTextEmbedder._embed_unique
    monkeypatch.setattr(
        RealtimeTextEmbedder,
        "_embed_unique",
        lambda self, texts, size: (computed.append(texts), original(self, texts, size))[1],
    )
    vectors = embedder.embed(["b  b", "a https://t.co/1", "b b", "a https://t.co/2"])
    assert computed == [["b b", "a"]]
    assert np.array_equal(vectors[0], vectors[2])
    assert np.array_equal(vectors[1], vectors[3])
    assert not np.allclose(vectors[0], vectors[1], atol=0.01)


def test_larger_batches_are_of_short_texts_alone_and_change_no_vector(
    embedder: RealtimeTextEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = RealtimeTextEmbedder(batch_size=4)
    monkeypatch.setattr(small, "model", embedder.model, raising=False)
    texts = [*(f"post {number}" for number in range(20)), *(f"{number} " + "word " * 300 for number in range(6))]
    sizes: list[int] = []
    encode = embedder.model.encode
    monkeypatch.setattr(
        embedder.model, "encode", lambda batch, **given: (sizes.append(len(batch)), encode(batch, **given))[1]
    )
    usual = small.embed(texts)
    assert sizes == [4, 4, 4, 4, 4, 4, 2]
    sizes.clear()
    larger = small.embed(texts, 20)
    assert sizes == [20, 4, 2]
    assert (usual * larger).sum(axis=1).min() > 1 - 1e-3


def test_meaning_decides_which_texts_are_near(embedder: RealtimeTextEmbedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors[1] @ vectors[5] > 0.8 > 0.3 > vectors[1] @ vectors[0]


def test_no_text_gives_no_vector(embedder: RealtimeTextEmbedder) -> None:
    assert embedder.embed([]).shape == (0, 384)


def test_hash_ignores_links_white_space_and_composition() -> None:
    assert text_hash("cafe\u0301  au\nlait http://t.co/x") == text_hash("caf\u00e9 au lait https://t.co/y1")
    assert text_hash("a") != text_hash("A")
    assert text_hash("a") == "27c35e6e9373877f29e562464e46497e"


def test_frame_holds_events_with_text_only(embedder: RealtimeTextEmbedder) -> None:
    frame, embedded, cached = embedding_frame(
        text_hashes(events(["a cat", "", "http://t.co/x", "a  cat", "a dog"])), None, embedder
    )
    EVENT_EMBEDDINGS.conform(frame)
    assert frame["id"].to_list() == ["e0", "e3", "e4"]
    assert (embedded, cached) == (2, 0)
    assert frame["text_hash"][0] == frame["text_hash"][1] == text_hash("a cat")
    assert frame["embedding"].list.len().to_list() == [384] * 3
    assert frame["model"].unique().to_list() == ["all-MiniLM-L6-v2"]


def test_what_is_known_is_not_computed_again(embedder: RealtimeTextEmbedder) -> None:
    first, *_ = embedding_frame(text_hashes(events(["a cat", "a dog"])), None, embedder)
    again = embedding_frame(text_hashes(events(["a cat", "a bird", "a dog"])), first, embedder)
    assert (again.embedded, again.cached) == (1, 2)
    untouched = RealtimeTextEmbedder()
    third = embedding_frame(text_hashes(events(["a cat", "a bird"])), again.frame, untouched)
    assert (third.embedded, third.cached) == (0, 2)
    assert "model" not in vars(untouched)
    assert third.frame["embedding"].to_list()[0] == first["embedding"].to_list()[0]


def test_only_the_texts_that_are_named_are_computed_and_the_others_have_no_row(
    embedder: RealtimeTextEmbedder,
) -> None:
    posted = events(["a cat", "a dog", "a bird", "a cat"]).with_columns(edge_weight=pl.Series([1.0, 0.4, 0.6, 0.2]))
    first, *_ = embedding_frame(text_hashes(posted.head(1)), None, embedder)
    missing = missing_texts(text_hashes(posted), first)
    assert missing.select("id", "edge_weight").rows() == [("e1", 0.4), ("e2", 0.6)]
    assert missing["text_hash"].to_list() == [text_hash("a dog"), text_hash("a bird")]
    frame, embedded, cached = embedding_frame(text_hashes(posted), first, embedder, only=[text_hash("a bird")])
    assert frame["id"].to_list() == ["e0", "e2", "e3"] and (embedded, cached) == (1, 1)
    assert embedding_frame(text_hashes(posted), first, embedder, only=()).frame["id"].to_list() == ["e0", "e3"]


def test_no_events_give_an_empty_frame() -> None:
    frame, embedded, cached = embedding_frame(text_hashes(events([])), None, RealtimeTextEmbedder())
    assert (frame.height, embedded, cached) == (0, 0, 0)
    assert text_hashes(events([])).height == 0


def test_other_weights_are_refused(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    shutil.copy(bundled_model_folder() / "model.safetensors", weights)
    check_weights(weights)
    with weights.open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\x01\x02\x03")
    with pytest.raises(ModelUnavailable, match="SHA-256"):
        check_weights(weights)
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        check_weights(tmp_path / "absent.safetensors")


def test_the_bundled_model_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError(f"tried to connect to {arguments[1:]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert RealtimeTextEmbedder().width == 384


def test_an_unknown_model_is_a_clear_error(tmp_path: Path) -> None:
    folder = tmp_path / "no-model"
    folder.mkdir()
    with pytest.raises(ModelUnavailable, match="no-model"):
        _ = RealtimeTextEmbedder(str(folder)).model


def test_a_batch_needs_a_text() -> None:
    with pytest.raises(ValueError, match="batch_size"):
        RealtimeTextEmbedder(batch_size=0)


def test_importing_is_quick_and_changes_no_environment() -> None:
    code = (
        "import os, sys; before = dict(os.environ); import trend_assets.enrichment.embedder as e; "
        "e.RealtimeTextEmbedder(); assert 'sentence_transformers' not in sys.modules; "
        "assert 'torch' not in sys.modules; assert dict(os.environ) == before"
    )
    done = subprocess.run([sys.executable, "-c", code], env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
