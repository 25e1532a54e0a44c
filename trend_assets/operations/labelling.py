"""Labels topics over hours of the lake, every six hours, from the posts of the 24 hours before."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from trend_assets.enrichment.labels.labeler import LEAST_POSTS, MOST_POSTS, TopicLabeler
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import TOPIC_LABELS

#: Hours of a day, and how many before an hour are read.
EVERY, WINDOW = 6, timedelta(hours=24)
#: A topic that comes back later is labelled as if it were new.
REMEMBERED = timedelta(days=7)

_HOUR = timedelta(hours=1)
# Of near copies only what counts is read: a campaign is one post.
_POSTS = """
    WITH posted AS (
        SELECT id, timestamp, text, topics FROM events
        WHERE hour >= $start AND hour < $end AND text <> '' AND event_type <> 'retweet'
    ), told AS (
        SELECT id, unnest(topics) AS topic FROM posted
        UNION SELECT event_id, topic FROM topic_phrases WHERE hour >= $start AND hour < $end
    ), repeated AS (
        SELECT event_id AS id, unnest(repeated) AS topic FROM near_copies WHERE hour >= $start AND hour < $end
    ), chosen AS (
        SELECT topic, id, timestamp, text FROM told JOIN posted USING (id) ANTI JOIN repeated USING (id, topic)
        QUALIFY count(*) OVER (PARTITION BY topic) >= $least
            AND row_number() OVER (PARTITION BY topic ORDER BY timestamp DESC, id) <= $most
    )
    SELECT topic, chosen.id, timestamp, text, embedding
    FROM chosen LEFT JOIN (
        SELECT id, embedding FROM event_embeddings WHERE hour >= $start AND hour < $end AND model = $model
    ) AS vectors ON vectors.id = chosen.id
    ORDER BY topic, timestamp, chosen.id
"""
_BEFORE = """
    SELECT * FROM topic_labels WHERE hour >= $since AND hour < $hour
    QUALIFY row_number() OVER (PARTITION BY topic ORDER BY hour DESC) = 1
"""


def label_topics(lake: Lake, labeler: TopicLabeler, model: str, start: datetime, end: datetime) -> pl.DataFrame:
    """Rows of `TOPIC_LABELS` of the hours `[start, end)`, UTC; none where no hour of them is the sixth.

    Args:
        lake: holds the posts, their vectors, and earlier labels.
        labeler: names, groups and tells categories.
        model: whose vectors are read.
    """
    hours = [start + at * _HOUR for at in range(int((end - start) / _HOUR))]
    made: list[pl.DataFrame] = [TOPIC_LABELS.frame()]
    sixth = [hour for hour in hours if hour.hour % EVERY == EVERY - 1]
    if not sixth:
        return made[0]
    known = lake.read(_BEFORE, {"since": start - REMEMBERED, "hour": start}).cast(dict(TOPIC_LABELS.schema))  # type: ignore[arg-type]
    for hour in sixth:
        known = pl.concat([known, made[-1]]).filter(pl.col("hour") >= hour - REMEMBERED)
        known = before = known.sort("hour").unique("topic", keep="last", maintain_order=True)
        given = {"start": hour + _HOUR - WINDOW, "end": hour + _HOUR, "model": model}
        posts = lake.read(_POSTS, {**given, "least": LEAST_POSTS, "most": MOST_POSTS})
        made.append(labeler.label(hour, posts, before))
    return pl.concat(made)
