"""Labels topics over hours of the lake, every six hours, from the posts of the 24 hours before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
_AT_ONCE = 8
# Of near copies only what counts is read: a campaign is one post.
_POSTS = """
    WITH labelled AS (
        SELECT unnest($hours::TIMESTAMPTZ[]) AS ends
    ), posted AS (
        SELECT ends, id, timestamp, text, topics FROM events JOIN labelled ON hour <= ends AND hour > ends - $window
        WHERE hour >= $start AND hour < $end AND text <> '' AND event_type <> 'retweet'
    ), told AS (
        SELECT ends, id, unnest(topics) AS topic FROM posted
        UNION SELECT ends, event_id, topic FROM topic_phrases JOIN labelled ON hour <= ends AND hour > ends - $window
        WHERE hour >= $start AND hour < $end
    ), repeated AS (
        SELECT ends, event_id AS id, unnest(repeated) AS topic
        FROM near_copies JOIN labelled ON hour <= ends AND hour > ends - $window WHERE hour >= $start AND hour < $end
    ), chosen AS (
        SELECT ends, topic, id, timestamp, text FROM told JOIN posted USING (ends, id)
        ANTI JOIN repeated USING (ends, id, topic)
        QUALIFY count(*) OVER (PARTITION BY ends, topic) >= $least
            AND row_number() OVER (PARTITION BY ends, topic ORDER BY timestamp DESC, id) <= $most
    )
    SELECT ends, topic, chosen.id, timestamp, text, embedding
    FROM chosen LEFT JOIN (
        SELECT id, embedding FROM event_embeddings WHERE hour >= $start AND hour < $end AND model = $model
    ) AS vectors ON vectors.id = chosen.id
    ORDER BY ends, topic, timestamp, chosen.id
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
    for hour, posts in _posts(lake, sixth, model):
        known = pl.concat([known, made[-1]]).filter(pl.col("hour") >= hour - REMEMBERED)
        known = before = known.sort("hour").unique("topic", keep="last", maintain_order=True)
        made.append(labeler.label(hour, posts, before))
    return pl.concat(made)


def _posts(lake: Lake, hours: Sequence[datetime], model: str) -> Iterator[tuple[datetime, pl.DataFrame]]:
    """Each hour with the posts of the window that ends with it."""
    # A read costs as much for one window as for a few; more at once would take memory.
    for first in range(0, len(hours), _AT_ONCE):
        some = hours[first : first + _AT_ONCE]
        given = {"hours": some, "start": some[0] + _HOUR - WINDOW, "end": some[-1] + _HOUR, "model": model}
        posts = lake.read(_POSTS, {**given, "window": WINDOW, "least": LEAST_POSTS, "most": MOST_POSTS})
        for hour in some:
            yield hour, posts.filter(pl.col("ends") == hour).drop("ends")
