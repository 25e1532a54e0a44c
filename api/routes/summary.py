"""What is collected and watched now, and what the filters can be set to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter

from api.models.common import Label
from api.models.summary import Choice, Choices, Summary
from api.reading.asked_label import stored_label
from api.reading.cards import usernames
from api.reading.catalog_snapshot import Within
from api.reading.lake import LakeReader, Reader
from api.routes.predictions import Ahead, ForLabel, newest_cut
from trend_assets.names import SOURCES
from trend_assets.words import TITLES

router = APIRouter(tags=["predictions"])

_HOUR = timedelta(hours=1)
_DAY = 24 * _HOUR
_WEEK = 7 * _DAY
_TICK = timedelta(microseconds=1)
_POSTS = """
    SELECT count(*) FILTER (hour >= ?) AS posts, count(*) FILTER (hour < ?) AS posts_before
    FROM events WHERE hour >= ? AND hour < ?
"""
_TOPICS = "SELECT count(*) FROM predictions WHERE cut = ? AND label = ? AND revision = 0"
_SOURCES = "SELECT source AS name FROM events GROUP BY source ORDER BY count(*) DESC, source"
_LANGUAGES = """
    SELECT language AS name FROM events WHERE hour >= ? AND hour < ? AND language IS NOT NULL
    GROUP BY language ORDER BY count(*) DESC, language LIMIT 50
"""
_COMMUNITIES = """
    SELECT key AS name FROM (FROM temporal_edges WHERE hour >= ? AND hour < ? AND edge_type = 'in')
    JOIN (FROM nodes WHERE kind = 'community') ON node_id = dst
    WHERE contains(key, ':') GROUP BY key ORDER BY count(*) DESC, key LIMIT 100
"""
_CATEGORIES = """
    SELECT category AS name FROM topic_labels WHERE hour >= ? AND hour < ?
    GROUP BY category ORDER BY category = 'other', count(DISTINCT topic) DESC, category
"""


@router.get("/summary")
def summary(lake: Reader, label: ForLabel = Label.EMERGES, horizon: Ahead = None) -> Summary:
    """Posts a day, topics watched, how new it is, and the values of the filters."""
    newest = lake.newest("events", "hour")
    stored = stored_label(lake, label.value, horizon)
    cut = newest_cut(lake, stored)
    end = newest + _HOUR if newest else None
    day = _posts(lake, end) if end else {"posts": 0, "posts_before": 0}
    watched = [cut, stored], Within("predictions", "cut", cut, cut + _TICK if cut else None)
    return Summary(
        simulated=lake.simulated(),
        newest_event=lake.newest("raw_events", "timestamp"),
        cut=cut,
        **day,
        topics=lake.read(_TOPICS, *watched).item() if cut else 0,
        choices=_choices(lake, end),
    )


def _posts(lake: LakeReader, end: datetime) -> dict[str, int]:
    start, middle = end - 2 * _DAY, end - _DAY
    return lake.read(_POSTS, [middle, middle, start, end], Within("events", "hour", start, end)).row(0, named=True)


def _choices(lake: LakeReader, end: datetime | None) -> Choices:
    """Nothing but the labels and the watch lists where there are no events."""

    def named(query: str, table: str, since: timedelta) -> list[Choice]:
        if end is None:
            return []
        return _plain(lake.read(query, [end - since, end], Within(table, "hour", end - since, end))["name"])

    sources: Iterable[str] = lake.read(_SOURCES)["name"] if end else ()
    return Choices(
        label=[Choice(name=name, title=title) for name, title in TITLES.items()],
        source=[Choice(name=name, title=_title(name)) for name in sources],
        language=named(_LANGUAGES, "events", _WEEK),
        community=_communities(lake, end) if end else [],
        category=named(_CATEGORIES, "topic_labels", _WEEK),
        watch=_plain(lake.settings.attention.watch),
    )


def _communities(lake: LakeReader, end: datetime) -> list[Choice]:
    """Communities by name; a channel of YouTube is known by its id, and left out where no post of the day names it."""
    keys = lake.read(_COMMUNITIES, [end - _DAY, end], Within("temporal_edges", "hour", end - _DAY, end))["name"]
    named = usernames(lake, {key for key in keys if key.startswith("youtube:")}, end)
    titles = {key: named.get(key) if key.startswith("youtube:") else key.partition(":")[2] for key in keys}
    return [
        Choice(name=key, title=f"{title} ({_title(key.partition(':')[0])})") for key, title in titles.items() if title
    ]


def _title(source: str) -> str:
    return SOURCES[source].title if source in SOURCES else source


def _plain(names: Iterable[Any]) -> list[Choice]:
    return [Choice(name=name, title=name) for name in names]
