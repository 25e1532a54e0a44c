"""What topics are called: the newest labels of a span."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from api.reading.catalog_snapshot import Within
from api.reading.lake import LakeReader

#: Labels are made every six hours, of topics that are spoken of: an older one is of what a topic was then.
_REMEMBERED = timedelta(days=7)
_NEWEST = """
    SELECT topic, arg_max(name, hour) AS name, arg_max(group_topic, hour) AS group_topic,
           arg_max(category, hour) AS category, arg_max(confidence, hour) AS confidence,
           arg_max(post_id, hour) AS post_id
    FROM topic_labels WHERE hour >= ? AND hour < ? AND list_contains(?, topic) GROUP BY topic
"""
_OF_CATEGORY = """
    AND p.topic IN (
        SELECT topic FROM topic_labels WHERE hour >= ? AND hour < ? GROUP BY topic HAVING arg_max(category, hour) = ?
    )
"""


def of_category(category: str | None, end: datetime) -> tuple[str, list[Any], list[Within]]:
    """What holds for topics `p.topic` that were about this before `end`: SQL, parameters, and files to look at."""
    if category is None:
        return "", [], []
    start = end - _REMEMBERED
    return _OF_CATEGORY, [start, end, category], [Within("topic_labels", "hour", start, end)]


def topic_labels(lake: LakeReader, topics: Collection[str], end: datetime) -> dict[str, dict[str, Any]]:
    """The newest label of each topic that had one in the week before `end`, by topic."""
    start = end - _REMEMBERED
    within = Within("topic_labels", "hour", start, end)
    rows = lake.read(_NEWEST, [start, end, sorted(set(topics))], within) if topics else None
    return {} if rows is None else {row.pop("topic"): row for row in rows.iter_rows(named=True)}
