"""Topics with similar posts, by the embeddings in the lake."""

from __future__ import annotations

import numpy as np
import polars as pl

from api.reading.lake import LakeReader
from api.reading.spans import Span
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
    JOIN (FROM event_embeddings WHERE hour >= $start AND hour < $end) v ON v.id = e.id
    WHERE len(e.topics) > 0 OR said.topics IS NOT NULL
    ORDER BY e.timestamp DESC LIMIT $most
"""


def similar_topics(lake: LakeReader, wanted: str, asked: Span, limit: int) -> dict[str, float] | None:
    """Topics nearest in meaning to a topic, or to words where there is no such topic.

    A topic's meaning is the mean vector of the posts that name it; words mean what the posts mean that say them.

    Args:
        lake: is read.
        wanted: a topic, or words in lower case, as people type them.
        asked: whose posts are looked at, the newest 20,000.
        limit: how many topics.

    Returns:
        Topics with their cosine similarity (-1 to 1), the nearest first, without the one asked for; empty where no
        post says it, None where no post of the span has a vector.
    """
    topic = canonical_topic(wanted)
    here = {"words": wanted, "start": asked.start, "end": asked.end, "most": _NEWEST_POSTS}
    found = lake.read(_POSTS, here, *(asked.of(table) for table in ("events", "topic_phrases", "event_embeddings")))
    if found.is_empty():
        return None
    vectors = np.stack(list(found["embedding"].to_numpy()))
    names = found.select(pl.col("topics"), post=pl.int_range(pl.len())).explode("topics")
    of_topic = names.filter(pl.col("topics") == (topic or ""))["post"]
    chosen = of_topic if len(of_topic) else found["says"].fill_null(False).arg_true()
    if chosen.is_empty():
        return {}
    topics = names.group_by("topics", maintain_order=True).agg("post").filter(pl.col("post").list.len() >= _LEAST_POSTS)
    topics = topics.filter(pl.col("topics").ne_missing(topic))
    target = _unit(vectors[chosen.to_numpy()].mean(axis=0))
    nearness = [float(_unit(vectors[posts].mean(axis=0)) @ target) for posts in topics["post"].to_list()]
    nearest = np.argsort(-np.array(nearness), kind="stable")[:limit]
    return {topics["topics"][int(place)]: nearness[place] for place in nearest}


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), 1e-12)
