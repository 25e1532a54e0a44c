"""Which topics look like spam: asked of the lake in one way by lists, alerts and the API."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from trend_assets.lake.store import Lake

#: How long before a cut posts are looked at.
SPAM_WINDOW = timedelta(hours=24)
#: The topics named in [$start, $end) of whose posts at least half look like spam.
SPAM_TOPICS = """
    WITH said AS (
        SELECT event_id, list(topic) AS topics FROM topic_phrases WHERE hour >= $start AND hour < $end GROUP BY event_id
    ), named AS (
        SELECT unnest(list_distinct(list_concat(e.topics, coalesce(said.topics, [])))) AS topic, spam_score
        FROM (FROM events WHERE hour >= $start AND hour < $end) e LEFT JOIN said ON event_id = id
    )
    SELECT topic FROM named GROUP BY topic HAVING avg((spam_score >= 0.5)::INTEGER) >= 0.5 ORDER BY topic
"""


def spam_topics(lake: Lake, cut: datetime) -> list[str]:
    """The topics that look like spam by the posts of the 24 hours before a cut (timezone-aware)."""
    found = lake.read(SPAM_TOPICS, {"start": cut - SPAM_WINDOW, "end": cut})
    topics: list[str] = found["topic"].to_list()
    return topics


def left_out(lake: Lake, cut: datetime, muted: Collection[str], hide_spam: bool) -> set[str]:
    """The topics that no top list of a cut shows: those that are muted, and those that look like spam."""
    return {*muted, *(spam_topics(lake, cut) if hide_spam else ())}
