"""Which topics posts of a source, a language or a community named, as a condition of SQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from api.reading.catalog_snapshot import Within

_FROM_POSTS = """
    AND p.topic IN (
        WITH posts AS (SELECT id, topics FROM events WHERE hour >= ? AND hour < ? {posts})
        SELECT unnest(topics) FROM posts
        UNION ALL
        SELECT topic FROM topic_phrases JOIN posts ON id = event_id WHERE hour >= ? AND hour < ?
    )
"""
_IN_COMMUNITY = """
    AND id IN (
        SELECT event_id FROM temporal_edges JOIN nodes ON node_id = dst AND kind = 'community'
        WHERE edge_type = 'in' AND key = ? AND hour >= ? AND hour < ?
    )
"""


class NamedBy(NamedTuple):
    """Whose posts must have named a topic; None where it does not matter.

    Args:
        source: e.g. `mastodon`.
        language: BCP 47, e.g. `de`.
        community: `SOURCE:COMMUNITY`, e.g. `mastodon:fosstodon.org`.
    """

    source: str | None = None
    language: str | None = None
    community: str | None = None

    def condition(self, start: datetime, end: datetime) -> tuple[str, list[Any], list[Within]]:
        """What holds for topics `p.topic` that were named in `[start, end)`: SQL, parameters, and files to look at.

        Nothing where all is None, so that an answer does not change when there are new events.
        """
        if not any(self):
            return "", [], []
        day = [start, end]
        posts, parameters = "", list[Any](day)
        for column in ("source", "language"):
            if (value := getattr(self, column)) is not None:
                posts += f" AND {column} = ?"
                parameters.append(value)
        tables = ["events", "topic_phrases"]
        if self.community is not None:
            posts += _IN_COMMUNITY
            parameters += [self.community, *day]
            tables.append("temporal_edges")
        within = [Within(table, "hour", start, end) for table in tables]
        return _FROM_POSTS.format(posts=posts), [*parameters, *day], within
