"""What was collected."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from api.lake import Reader
from api.models import EventCount, EventStats, TopicCount

router = APIRouter(prefix="/events", tags=["events"])

_SPAN = "hour >= coalesce(?, hour) AND hour < coalesce(?, hour + INTERVAL 1 HOUR)"


@router.get("/stats")
def stats(
    lake: Reader,
    start: Annotated[AwareDatetime | None, Query(description="First hour (UTC); default: all.")] = None,
    end: Annotated[AwareDatetime | None, Query(description="Exclusive end (UTC); default: all.")] = None,
    top: Annotated[int, Query(ge=1, le=100, description="How many topics.")] = 20,
) -> EventStats:
    """Counts by source and type, the most mentioned topics, the share of spam."""
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
    events = int(types["events"].sum())
    return EventStats(
        start=start,
        end=end,
        events=events,
        by_type=[EventCount(**row) for row in types.drop("spam").iter_rows(named=True)],
        top_topics=[TopicCount(**row) for row in topics.iter_rows(named=True)],
        spam_share=int(types["spam"].sum()) / events if events else None,
        rejected=int(lake.read("SELECT count(*) AS n FROM rejected_events")["n"][0]),
    )
