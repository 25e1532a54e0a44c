"""Names, groups and categories of topics, from their posts of the last 24 hours and what they were called before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from trend_assets.enrichment.labels.categories import OTHER, Categories
from trend_assets.enrichment.labels.grouping import Topic, groups
from trend_assets.enrichment.labels.naming import Phrases
from trend_assets.lake.tables import TOPIC_LABELS

#: A topic with fewer posts has no label.
LEAST_POSTS = 3
#: What is read of a topic: its newest posts.
MOST_POSTS = 40
#: Columns of the posts that are read.
POST_COLUMNS = ("topic", "id", "timestamp", "text", "embedding")


@dataclass(frozen=True, slots=True)
class _Middle:
    """The mean vector of a topic's posts, and the post nearest to it."""

    vector: npt.NDArray[np.float32] | None
    post: str


class TopicLabeler:
    """Labels topics.

    Args:
        categories: what topics may be about.
    """

    def __init__(self, categories: Categories) -> None:
        self._categories = categories

    def label(self, hour: datetime, posts: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
        """Rows of `TOPIC_LABELS`, by topic.

        Args:
            hour: the last hour of the posts.
            posts: columns `POST_COLUMNS`, a row for each topic of a post; vectors are null where there is none.
            before: the last row of `TOPIC_LABELS` of each topic that had one.
        """
        parts = {
            str(topic): part
            for (topic,), part in posts.sort("topic", "timestamp", "id").group_by("topic", maintain_order=True)
            if part.height >= LEAST_POSTS
        }
        known = {row["topic"]: row for row in before.iter_rows(named=True)}
        phrases = Phrases({topic: list(dict.fromkeys(part["text"])) for topic, part in parts.items()})
        middles = {topic: _middle(part) for topic, part in parts.items()}
        leaders = groups(
            {
                topic: Topic(part["id"].to_list(), middles[topic].vector, known.get(topic, {}).get("group_topic"))
                for topic, part in parts.items()
            }
        )
        names = phrases.names(leaders, {topic: row["name"] for topic, row in known.items()})
        about = self._about(middles, known)
        rows = [
            {
                "hour": hour, "topic": topic, "name": names[topic],
                "post_id": middles[topic].post, "group_topic": leaders[topic], "category": about[topic][0],
                "confidence": about[topic][1], "posts": part.height,
            }
            for topic, part in parts.items()
        ]  # fmt: skip
        return TOPIC_LABELS.frame(rows)

    def _about(self, middles: dict[str, _Middle], known: dict[str, dict[str, Any]]) -> dict[str, tuple[str, float]]:
        told = dict.fromkeys(middles, (OTHER, 0.0))
        with_vector = {topic: middle.vector for topic, middle in middles.items() if middle.vector is not None}
        if with_vector:
            vectors = np.stack(list(with_vector.values()))
            before = [known.get(topic, {}).get("category") for topic in with_vector]
            told.update(zip(with_vector, self._categories.told(vectors, before), strict=True))
        return told


def _middle(posts: pl.DataFrame) -> _Middle:
    have = posts.filter(pl.col("embedding").is_not_null()).unique("text", keep="first", maintain_order=True)
    if have.is_empty():
        return _Middle(None, posts["id"][0])
    vectors = have["embedding"].explode().to_numpy().astype(np.float32, copy=False).reshape(have.height, -1)
    mean = vectors.mean(axis=0)
    length = float(np.linalg.norm(mean))
    if length == 0.0:
        return _Middle(None, have["id"][0])
    middle = mean / length
    return _Middle(middle, have["id"][int((vectors @ middle).argmax())])
