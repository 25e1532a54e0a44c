"""The static text model that is distilled from the exact one."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from trend_assets.enrichment.embedder import RealtimeTextEmbedder
from trend_assets.enrichment.static_model import DistillationError, StaticModel, distil
from trend_assets_tests.enrichment.tiny_model import make_model

WHO = ("the team", "my sister", "a doctor", "the mayor", "our teacher", "the band")
DOES = ("won", "lost", "cancelled", "announced", "forgot", "enjoyed")
WHAT = ("the football match", "a concert in Paris", "the election", "an exam", "the vaccine trial", "a film festival")
WORDS = " ".join((*WHO, *DOES, *WHAT)).lower().split()
POSTS = [" ".join(parts) for parts in itertools.product(WHO, DOES, WHAT)]


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> RealtimeTextEmbedder:
    return RealtimeTextEmbedder(str(make_model(tmp_path_factory.mktemp("tiny"), WORDS)))


@pytest.fixture(scope="module")
def made(exact: RealtimeTextEmbedder) -> StaticModel:
    return distil(exact, POSTS)


def test_it_comes_near_the_exact_model_on_texts_it_had_not_seen(made: StaticModel) -> None:
    assert made.table.shape == (len(set(WORDS)) + 5, 32) and made.table.dtype == np.float32
    assert made.texts == len(POSTS) - len(POSTS) // 10
    assert made.cosine > 0.9
    assert made.neighbors > 0.5


def test_it_is_saved_and_used_like_any_text_model(
    made: StaticModel, exact: RealtimeTextEmbedder, tmp_path: Path
) -> None:
    folder = made.save(tmp_path)
    assert folder == tmp_path / made.name
    used = RealtimeTextEmbedder(str(folder))
    texts = ["our teacher announced an exam https://t.co/abc", "a concert", ""]
    vectors = used.embed(texts)
    assert vectors.shape == (3, 32) and used.width == 32
    assert np.allclose(np.linalg.norm(vectors[:2], axis=1), 1.0, atol=1e-5) and not vectors[2].any()
    assert vectors[0] @ exact.embed(texts[:1])[0] > 0.9
    assert np.allclose(used.embed(texts[::-1])[::-1], vectors, atol=1e-6)


def test_the_same_posts_in_any_order_make_the_same_model(made: StaticModel, exact: RealtimeTextEmbedder) -> None:
    assert distil(exact, POSTS[::-1]).name == made.name != distil(exact, POSTS[:-1]).name


def test_too_few_posts_are_refused(exact: RealtimeTextEmbedder) -> None:
    with pytest.raises(DistillationError, match="at least 200 different texts, and there are 2"):
        distil(exact, ["a", "b", "a", " ", "https://example.org"])
