"""What stands beside a forecast on its card: posts, platforms, people, and how far earlier forecasts were out."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from api.reading.catalog_snapshot import Within
from api.reading.lake import LakeReader
from trend_assets.lake.people import USERNAMES

_SHOWN_TEXT = 500
_DAY = timedelta(hours=24)
_HOUR = timedelta(hours=1)
#: Errors of earlier forecasts are those of these days, among topics of like size.
_LEARNT = timedelta(days=28)
_FEWEST = 30
#: Of outcomes lie so many below a range, and as many above it.
_BELOW = 0.1
# Copies of a text are one post: the newest of them.
_NAMED = f"""
    WITH said AS (
        SELECT event_id, list(topic) AS topics FROM topic_phrases WHERE hour >= $start AND hour < $end GROUP BY event_id
    ), named AS (
        SELECT unnest(list_intersect(list_concat(e.topics, coalesce(said.topics, [])), $topics)) AS topic,
               id, timestamp, source, event_type, content_id, user_id, left(text, {_SHOWN_TEXT}) AS text, spam_score,
               context ->> 'username' AS username, context ->> 'original_content_id' AS answered
        FROM (FROM events WHERE hour >= $start AND hour < $end) e LEFT JOIN said ON event_id = id
    ), texts AS (
        SELECT topic, text, arg_max(named, timestamp) AS post, min(spam_score) AS spam
        FROM named WHERE text <> '' AND event_type <> 'retweet' GROUP BY topic, text
    ), samples AS (
        SELECT topic, list(post ORDER BY spam >= 0.5, post.timestamp DESC, post.id)[:3] AS posts
        FROM texts GROUP BY topic
    ), counted AS (
        SELECT topic, source, count(*) AS posts, count(*) FILTER (spam_score >= 0.5) AS spam
        FROM named GROUP BY topic, source
    ), platforms AS (
        SELECT topic, list({{source: source, posts: posts}} ORDER BY posts DESC, source) AS platforms,
               sum(spam) / sum(posts) AS spam_share
        FROM counted GROUP BY topic
    )
    SELECT * FROM platforms LEFT JOIN samples USING (topic)
"""
_REACHED = """
    SELECT topic, min(hour) + INTERVAL 1 HOUR AS reached FROM (
        SELECT topic, hour, sum(mentions) OVER (PARTITION BY topic ORDER BY hour) AS mentions
        FROM topic_activity WHERE hour >= $cut AND hour < $until AND list_contains($topics, topic)
    ) WHERE mentions >= $needed GROUP BY topic
"""
# `hour` is the last one of the horizon: what it says was known at the cut.
_ERRORS = f"""
    SELECT floor(log2(1 + o.mentions_before))::INTEGER AS size,
           quantile_cont(o.growth - p.growth, [{_BELOW}, {1 - _BELOW}]) AS errors, count(*) AS forecasts
    FROM (FROM prediction_outcomes WHERE cut >= $start AND cut < $end AND hour < $end AND label = $label) o
    JOIN (FROM predictions WHERE cut >= $start AND cut < $end AND label = $label AND growth IS NOT NULL
          AND revision = 0) p USING (cut, topic)
    GROUP BY size
"""


class Bounds(NamedTuple):
    """Mentions that earlier errors allow, and how many of them there are."""

    low: int
    middle: int
    high: int
    forecasts: int


def beside(lake: LakeReader, topics: Collection[str], cut: datetime) -> dict[str, dict[str, Any]]:
    """Of each topic that was named in the 24 h before a cut: `platforms`, `spam_share`, and three `posts` at most."""
    start = cut - _DAY
    within = [Within(table, "hour", start, cut) for table in ("events", "topic_phrases")]
    rows = lake.read(_NAMED, {"start": start, "end": cut, "topics": sorted(topics)}, *within)
    return {row.pop("topic"): row for row in rows.iter_rows(named=True)}


def usernames(lake: LakeReader, people: Collection[str], cut: datetime) -> dict[str, str | None]:
    """What those of some people, as `source:user_id`, are called who posted in the 24 h before a cut."""
    if not people:
        return {}
    start = cut - _DAY
    asked = {"start": start, "end": cut, "people": sorted(people)}
    return dict(lake.read(USERNAMES, asked, Within("events", "hour", start, cut)).iter_rows())


def hours_until(
    lake: LakeReader, topics: Collection[str], cut: datetime, horizon: timedelta, needed: int
) -> dict[str, int]:
    """Whole hours after a cut in which topics came to so many mentions, of those that did within the horizon."""
    until = cut + horizon
    asked = {"cut": cut, "until": until, "topics": sorted(topics), "needed": needed}
    rows = lake.read(_REACHED, asked, Within("topic_activity", "hour", cut, until))
    return {topic: (reached - cut) // _HOUR for topic, reached in rows.iter_rows()}


class Errors:
    """How far forecasts of a label were out whose outcome was known at a cut, by the size of the topic.

    Args:
        lake: is read.
        label: of which forecasts.
        cut: what came later is not looked at.
    """

    def __init__(self, lake: LakeReader, label: str, cut: datetime) -> None:
        start = cut - _LEARNT
        within = [Within(table, "cut", start, cut) for table in ("prediction_outcomes", "predictions")]
        rows = lake.read(_ERRORS, {"start": start, "end": cut, "label": label}, *within)
        self._of: Mapping[int, dict[str, Any]] = {row["size"]: row for row in rows.iter_rows(named=True)}

    def bounds(self, before: int, growth: float | None, confidence: float | None, needed: int | None) -> Bounds | None:
        """Where 8 of 10 would lie with those errors; None without a growth, or with too few forecasts of this size.

        Args:
            before: mentions in the horizon-long time before the cut.
            growth: expected log1p(after) - log1p(before).
            confidence: that `needed` mentions are reached, with which the range agrees; None where it is not known.
            needed: forecasts of earlier releases do not say it.
        """
        known = self._of.get(math.floor(math.log2(1 + before)))
        if growth is None or known is None or known["forecasts"] < _FEWEST:
            return None
        low, high = (_mentions(before, growth + error) for error in known["errors"])
        if confidence is not None and needed is not None:
            low = max(low, needed) if confidence >= 1 - _BELOW else min(low, needed - 1)
            high = max(high, needed) if confidence >= _BELOW else min(high, needed - 1)
        return Bounds(low, _mentions(before, growth), high, known["forecasts"])


def _mentions(before: int, growth: float) -> int:
    return max(0, round((1 + before) * math.exp(growth) - 1))
