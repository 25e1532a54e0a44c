"""What people search for is found by its meaning, with the real text model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx
import pytest

from api.reading.text_model import TextModel
from trend_assets.enrichment.embedder import DEFAULT_MODEL, RealtimeTextEmbedder
from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENT_EMBEDDINGS, EVENTS, TOPIC_ACTIVITY
from trend_assets.settings import DagsterSettings, Settings
from trend_assets.settings.forecasting import EmbeddingSettings
from trend_assets_tests.api.conftest import CUT, ONE, event

POSTS = {
    "#laliga": ["the striker scored twice and the referee gave a penalty", "great save by the goalkeeper tonight"],
    "$aapl": ["quarterly revenue beat what analysts expected", "the dividend goes up and so do the shares"],
    "#baking": ["my sourdough bread is out of the oven", "knead the dough for ten minutes"],
}


@pytest.fixture(scope="module")
def client(
    tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Settings], AbstractContextManager[httpx.Client]]
) -> Iterator[httpx.Client]:
    home = tmp_path_factory.mktemp("meaning")
    texts = [(topic, text) for topic, said in POSTS.items() for text in said]
    events = [event(number, CUT - ONE, "twitter", [topic], "7", text) for number, (topic, text) in enumerate(texts)]
    vectors = RealtimeTextEmbedder().embed([text for _, text in texts])
    kept = [
        {"id": row["id"], "hour": row["hour"], "text_hash": "0", "model": DEFAULT_MODEL, "embedding": vector.tolist()}
        for row, vector in zip(events, vectors, strict=True)
    ]
    counted = [
        {"hour": CUT - ONE, "topic": topic, "mentions": 2, "weighted_mentions": 2.0, "distinct_users": 1}
        for topic in POSTS
    ]
    lake = Lake(LakeLocation(home))
    lake.write(EVENTS, EVENTS.frame(events), CUT - ONE, CUT)
    lake.write(EVENT_EMBEDDINGS, EVENT_EMBEDDINGS.frame(kept), CUT - ONE, CUT)
    lake.write(TOPIC_ACTIVITY, TOPIC_ACTIVITY.frame(counted), CUT - ONE, CUT)
    lake.close()
    with serve(Settings(home=home, dagster=DagsterSettings(port=1))) as found:
        yield found


@pytest.mark.parametrize(("words", "topic"), [("football", "#laliga"), ("Stock market", "$aapl"), ("bread", "#baking")])
def test_the_nearest_topic_need_not_say_the_words(client: httpx.Client, words: str, topic: str) -> None:
    found = client.get("/topics", params={"similar": words}).json()["items"]
    assert found[0]["topic"] == topic and len(found) == 3
    assert found[0]["similarity"] > found[1]["similarity"] + 0.1


def test_a_model_that_cannot_be_had_leaves_the_posts_that_say_the_words() -> None:
    assert TextModel(EmbeddingSettings(model="/nowhere/at-all")).vector("football") is None
