"""What was collected."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.lake import Reader
from api.models.events import EventCount, EventStats, HourCount, LanguageCount, TopicCount
from api.spans import Moment, refuse_backwards

router = APIRouter(prefix="/events", tags=["events"])

_HOURS = 168
_SPAN = "hour >= coalesce(?, hour) AND hour < coalesce(?, hour + INTERVAL 1 HOUR)"


@router.get("/stats")
def stats(
    lake: Reader,
    start: Annotated[Moment | None, Query(description="First hour (UTC); default: all.")] = None,
    end: Annotated[Moment | None, Query(description="Exclusive end (UTC); default: all.")] = None,
    top: Annotated[int, Query(ge=1, le=100, description="How many topics.")] = 20,
) -> EventStats:
    """Counts by source, type, hour and language, the most mentioned topics, the share of spam."""
    refuse_backwards(start, end)
    span = [start, end]
    types = lake.read(
        f"SELECT source, event_type, count(*) AS events, count(*) FILTER (spam_score >= 0.5) AS spam FROM events "
        f"WHERE {_SPAN} GROUP BY ALL ORDER BY events DESC, source, event_type",
        span,
    )
    topics = lake.read(
        f"SELECT topic, sum(mentions)::BIGINT AS mentions FROM topic_activity WHERE {_SPAN} "
        "GROUP BY topic ORDER BY mentions DESC, topic LIMIT ?",
        [*span, top],
    )
    hours = lake.read(
        f"SELECT hour, count(*) AS events FROM events WHERE {_SPAN} GROUP BY hour ORDER BY hour DESC LIMIT {_HOURS}",
        span,
    )
    languages = lake.read(
        f"SELECT language, count(*) AS events FROM events WHERE {_SPAN} "
        "GROUP BY language ORDER BY events DESC, language LIMIT 50",
        span,
    )
    events = int(types["events"].sum())
    return EventStats(
        start=start,
        end=end,
        events=events,
        by_type=[EventCount(**row) for row in types.drop("spam").iter_rows(named=True)],
        by_hour=[HourCount(**row) for row in hours.reverse().iter_rows(named=True)],
        by_language=[LanguageCount(**row) for row in languages.iter_rows(named=True)],
        top_topics=[TopicCount(**row) for row in topics.iter_rows(named=True)],
        spam_share=int(types["spam"].sum()) / events if events else None,
        rejected=int(lake.read("SELECT count(*) AS n FROM rejected_events")["n"][0]),
    )
