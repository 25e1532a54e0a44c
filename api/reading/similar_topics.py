"""Topics with similar posts, by the embeddings in the lake."""

from __future__ import annotations

import numpy as np
import polars as pl

from api.reading.lake import LakeReader
from api.reading.spans import Span
from api.reading.text_model import TextModel
from trend_assets.topic_names import canonical_topic

#: More vectors than this say nothing more of what a topic means, and take long to read.
_NEWEST_POSTS = 20_000
#: A topic that one post names has that post's meaning, whatever else it names.
_LEAST_POSTS = 2
_POSTS = """
    WITH said AS (
        SELECT event_id, list(topic) AS topics FROM topic_phrases WHERE hour >= $start AND hour < $end GROUP BY event_id
    )
    SELECT list_distinct(list_concat(e.topics, coalesce(said.topics, []))) AS topics,
        contains(lower(e.text), $words) AS says, v.embedding
    FROM (FROM events WHERE hour >= $start AND hour < $end) e
    LEFT JOIN said ON said.event_id = e.id
    JOIN (FROM event_embeddings WHERE hour >= $start AND hour < $end AND model = $model) v ON v.id = e.id
    WHERE len(e.topics) > 0 OR said.topics IS NOT NULL
    ORDER BY e.timestamp DESC LIMIT $most
"""


def similar_topics(
    lake: LakeReader, text_model: TextModel, wanted: str, asked: Span, limit: int
) -> dict[str, float] | None:
    """Topics nearest in meaning to a topic, or to words where there is no such topic.

    A topic's meaning is the mean vector of the posts that name it. Words mean what the text model makes of them; where
    it cannot be loaded, what the posts mean that say them. Vectors of another model are left out.

    Args:
        lake: is read.
        text_model: embeds words.
        wanted: a topic, or words in lower case, as people type them.
        asked: whose posts are looked at, the newest 20,000.
        limit: how many topics.

    Returns:
        Topics with their cosine similarity (-1 to 1), the nearest first, without the one asked for; empty where nothing
        tells what the words mean, None where no post of the span has a vector of the text model.
    """
    topic = canonical_topic(wanted)
    here = {"words": wanted, "start": asked.start, "end": asked.end, "most": _NEWEST_POSTS, "model": text_model.name}
    found = lake.read(_POSTS, here, *(asked.of(table) for table in ("events", "topic_phrases", "event_embeddings")))
    if found.is_empty():
        return None
    vectors = np.stack(list(found["embedding"].to_numpy()))
    names = found.select(pl.col("topics"), post=pl.int_range(pl.len())).explode("topics")
    target = _meaning(names.filter(pl.col("topics") == (topic or ""))["post"], vectors)
    if target is None and wanted:
        target = text_model.vector(wanted)
    if target is None:
        target = _meaning(found["says"].fill_null(False).arg_true(), vectors)
    if target is None:
        return {}
    topics = names.group_by("topics", maintain_order=True).agg("post").filter(pl.col("post").list.len() >= _LEAST_POSTS)
    topics = topics.filter(pl.col("topics").ne_missing(topic))
    nearness = [float(_unit(vectors[posts].mean(axis=0)) @ target) for posts in topics["post"].to_list()]
    nearest = np.argsort(-np.array(nearness), kind="stable")[:limit]
    return {topics["topics"][int(place)]: nearness[place] for place in nearest}


def _meaning(posts: pl.Series, vectors: np.ndarray) -> np.ndarray | None:
    return None if posts.is_empty() else _unit(vectors[posts.to_numpy()].mean(axis=0))


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), 1e-12)
