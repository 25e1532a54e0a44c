"""Routes of events."""

from __future__ import annotations

from typing import Annotated

import orjson
import polars as pl
from fastapi import APIRouter, Query

from api.models.events import EventCount, EventStats, HourCount, LanguageCount, TopicCount
from api.reading.lake import Reader
from api.reading.spans import End, Start, span

router = APIRouter(prefix="/events", tags=["events"])

_DEFAULT_DAYS = 7
_HOURS = 168
_LANGUAGES = 50
#: `grouping` of the sets below: a bit is set for each column that a set leaves out.
_PARTS = (0b0011, 0b1101, 0b1110)
_SPAN = "hour >= ? AND hour < ?"
_COUNTS = f"""
    SELECT grouping(source, event_type, hour, language) AS part, source, event_type, hour, language,
           count(*) AS events, count(*) FILTER (spam_score >= 0.5) AS spam
    FROM events WHERE {_SPAN} GROUP BY GROUPING SETS ((source, event_type), (hour), (language))
    ORDER BY hour, events DESC, source, event_type, language
"""
# As one value: an answer stays good until there is a source more.
_SOURCES = "SELECT to_json(coalesce(list(DISTINCT source ORDER BY source), []))::VARCHAR FROM events"


@router.get("/stats")
def stats(
    lake: Reader,
    start: Start = None,
    end: End = None,
    top: Annotated[int, Query(ge=1, le=100, description="How many topics.")] = 20,
) -> EventStats:
    """Counts by source, type, hour and language, the most mentioned topics, the share of spam.

    Of the last seven days with events, unless asked otherwise.
    """
    newest = lake.newest("events", "hour")
    asked = span(start, end, newest, _DEFAULT_DAYS, lake.settings.api.max_days)
    here = [asked.start, asked.end]
    counts = lake.read(_COUNTS, here, asked.of("events"))
    types, hours, languages = (counts.filter(pl.col("part") == part) for part in _PARTS)
    topics = lake.read(
        f"SELECT topic, sum(mentions)::BIGINT AS mentions FROM topic_activity WHERE {_SPAN} "
        "GROUP BY topic ORDER BY mentions DESC, topic LIMIT ?",
        [*here, top],
        asked.of("topic_activity"),
    )
    events = int(types["events"].sum())
    return EventStats(
        start=asked.start if newest else start,
        end=asked.end if newest else end,
        events=events,
        by_type=[EventCount(**row) for row in types.select("source", "event_type", "events").iter_rows(named=True)],
        by_hour=[HourCount(**row) for row in hours.select("hour", "events").tail(_HOURS).iter_rows(named=True)],
        by_language=[
            LanguageCount(**row)
            for row in languages.select("language", "events").head(_LANGUAGES).iter_rows(named=True)
        ],
        sources=orjson.loads(lake.value(_SOURCES)),
        top_topics=[TopicCount(**row) for row in topics.iter_rows(named=True)],
        spam_share=int(types["spam"].sum()) / events if events else None,
        rejected=int(lake.value("SELECT count(*) FROM rejected_events")),
    )
