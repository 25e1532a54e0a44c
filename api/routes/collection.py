"""Routes of collection states, by source and hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from api.models.collection import CollectedHour, CollectionStatus, Gap, SourceSummary
from api.models.common import CollectionState
from api.reading.known import refuse_unknown
from api.reading.lake import LakeReader, Reader
from api.reading.spans import End, Start, span
from api.routes.quotas import held, quotas
from trend_assets.names import LIVE_SOURCES
from trend_assets.periods import hour_start

router = APIRouter(prefix="/collection", tags=["collection"])

_DEFAULT_DAYS = 7
_NEWEST = "SELECT max(hour) FROM collection_status WHERE ? IS NULL OR source = ?"
_SPAN = "hour >= ? AND hour < ? AND (? IS NULL OR source = ?)"
_HOURS = f"""
    SELECT hour, source, status, events, rejected, requests, finished_at, message FROM collection_status
    WHERE {_SPAN} AND (? IS NULL OR status = ?) ORDER BY hour DESC, source LIMIT ?
"""
_SOURCES = f"""
    SELECT source, count(*) AS hours, count(*) FILTER (status = 'failed') AS failed, sum(events)::BIGINT AS events,
           sum(rejected)::BIGINT AS rejected, sum(requests)::BIGINT AS requests, max(hour) AS last_hour
    FROM collection_status WHERE {_SPAN} GROUP BY source ORDER BY source LIMIT 500
"""
# An import is one row of a file, not a source that is asked each hour: only the known platforms have gaps.
_GAPS = f"""
    WITH good AS (
        SELECT DISTINCT source, hour FROM collection_status
        WHERE {_SPAN} AND status IN ('complete', 'partial', 'empty')
          AND source IN {LIVE_SOURCES}
    ), wanted AS (
        SELECT source, unnest(generate_series(min(hour), ?::TIMESTAMPTZ - INTERVAL 1 HOUR, INTERVAL 1 HOUR)) AS hour
        FROM good GROUP BY source
    ), missing AS (
        SELECT source, hour, hour - INTERVAL 1 HOUR * row_number() OVER (PARTITION BY source ORDER BY hour) AS island
        FROM wanted ANTI JOIN good USING (source, hour)
    )
    SELECT source, min(hour) AS start, max(hour) + INTERVAL 1 HOUR AS end, count(*) AS hours
    FROM missing GROUP BY source, island ORDER BY start DESC, source LIMIT 500
"""


_COLLECTED = "SELECT DISTINCT source FROM collection_status ORDER BY source"
_NOTHING = "nothing was collected: enable a source in the settings, run `trend import FILE` or `trend demo`"


@router.get("/status")
def status(
    lake: Reader,
    start: Start = None,
    end: End = None,
    source: Annotated[
        str | None, Query(max_length=500, description="A source, e.g. twitter, or an imported file.")
    ] = None,
    status: Annotated[CollectionState | None, Query(description="Hours that ended so.")] = None,
    limit: Annotated[int, Query(ge=1, le=5000, description="Hours at most.")] = 1000,
) -> CollectionStatus:
    """What each source gave in each hour of the span (default: the last seven days), and where hours are missing."""
    simulated = lake.simulated()
    now = datetime.now(UTC)
    newest = lake.value(_NEWEST, (source, source))
    if newest is None and source is not None:
        _refuse_unknown(lake, source)
    if newest is None:
        return CollectionStatus(
            start=None,
            end=None,
            simulated=simulated,
            sources=[],
            hours=[],
            gaps=[],
            quotas=quotas(lake, lake.settings, now),
            held=held(lake, now),
            truncated=False,
            reason=f"nothing was collected from {source} yet" if source else _NOTHING,
        )
    asked = span(start, end, newest, _DEFAULT_DAYS, lake.settings.api.max_days)
    here = [asked.start, asked.end, source, source]
    rows_here = asked.of("collection_status")
    # An import is filed under the hour of its own, in which the sources are not asked yet.
    until = min(asked.end, hour_start(now - timedelta(minutes=lake.settings.schedule.minute)))
    state = status and status.value
    hours = lake.read(_HOURS, [*here, state, state, limit + 1], rows_here).to_dicts()
    return CollectionStatus(
        start=asked.start,
        end=asked.end,
        simulated=simulated,
        sources=[SourceSummary(**row) for row in lake.read(_SOURCES, here, rows_here).iter_rows(named=True)],
        hours=[CollectedHour(**row) for row in hours[:limit]],
        gaps=[Gap(**row) for row in lake.read(_GAPS, [*here, until], rows_here).iter_rows(named=True)],
        quotas=quotas(lake, lake.settings, now),
        held=held(lake, now),
        truncated=len(hours) > limit,
        reason=None if hours else "no collected hour fits these filters",
    )


def _refuse_unknown(lake: LakeReader, source: str) -> None:
    """A live source is known before it gave anything; a file once it was imported."""
    collected = lake.read(_COLLECTED)["source"].to_list()
    refuse_unknown("source", source, dict.fromkeys((*LIVE_SOURCES, *collected)))
