"""Which missed hours a tick of the schedule collects, which are looked at once more, and which are given up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from trend_assets.lake.store import Lake
from trend_assets.lake.tables import COLLECTION_STATUS
from trend_assets.periods import hour_start
from trend_assets.sources.collection import Collected, Purpose
from trend_assets.sources.youtube.followed import FOLLOWED

_HOUR = timedelta(hours=1)
#: The most missed hours of a source that one tick requests, and the most hours that one run collects.
_AT_ONCE, _IN_ONE_RUN = 48, 12

# An hour is missed only after the first one that the schedule asked for, even in a run that was killed: nothing
# is fetched from before a source was switched on, and an old hour that somebody asks for begins nothing.
_FIRST = """
    SELECT source, min(hour) AS hour FROM collection_attempts
    WHERE purpose = 'new' AND list_contains($sources, source) GROUP BY source
"""
_TO_BE_TRIED = "status IN ('failed', 'partial') AND failure NOT IN ('past', 'no_key')"
_MISSED = f"""
    WITH known AS (
        SELECT source, arg_max(failure, hour) AS newest FROM collection_status WHERE hour < $end GROUP BY source
    ), first AS (
        SELECT source, hour, newest FROM ({_FIRST}) LEFT JOIN known USING (source)
    ), wanted AS (
        SELECT source, newest, unnest(generate_series($start::TIMESTAMPTZ, $end::TIMESTAMPTZ - INTERVAL 1 HOUR,
                                      INTERVAL 1 HOUR)) AS asked, hour AS since FROM first
    )
    SELECT DISTINCT wanted.source, asked FROM wanted
    LEFT JOIN collection_status s ON s.source = wanted.source AND s.hour = asked AND s.hour >= $start
    WHERE asked >= since AND (
        s.status IS NULL
        OR s.failure = 'no_key' AND newest <> 'no_key'
        OR {_TO_BE_TRIED} AND (s.retry_at <= $now OR s.retry_at IS NULL)
    )
    ORDER BY asked DESC, wanted.source
"""
_LOST = f"""
    WITH first AS ({_FIRST}), wanted AS (
        SELECT source, unnest(generate_series(greatest(hour, $bound::TIMESTAMPTZ - INTERVAL 400 DAY),
                                              $bound::TIMESTAMPTZ - INTERVAL 1 HOUR, INTERVAL 1 HOUR)) AS hour
        FROM first
    )
    SELECT * FROM wanted LEFT JOIN collection_status USING (source, hour)
    WHERE status IS NULL OR {_TO_BE_TRIED} ORDER BY hour
"""

_READ = """
    FROM collection_status WHERE source = 'youtube' AND hour > ? AND hour <= ?
        AND (status IN ('complete', 'empty') OR failure = 'past')
"""
_MORE_VIDEOS = "videos of the two days before were found later: the next run asks for the comments under them"


@dataclass(frozen=True, slots=True)
class Due:
    """Hours ``[start, end)`` to ask for in one run, and why."""

    start: datetime
    end: datetime
    purpose: Purpose


def missed_hours(
    lake: Lake, sources: Sequence[str], start: datetime, end: datetime, now: datetime
) -> list[tuple[str, datetime]]:
    """Sources and hours within ``[start, end)`` that are missing or incomplete and may be asked for now.

    Hours whose next try is still to come are left out: those that a budget of our own cut short have theirs once
    it begins anew, so that until then newer hours get what is saved.

    Args:
        lake: what was collected.
        sources: the enabled sources that are outside this process.
        start: the oldest hour.
        end: where the newest one ends.
        now: timezone-aware.

    Returns:
        The newest hour first.
    """
    if not sources or start >= end:
        return []
    parameters = {"sources": list(sources), "start": start, "end": end, "now": now}
    return [(source, hour) for source, hour in lake.read(_MISSED, parameters).iter_rows()]


def catch_up(missed: Iterable[tuple[str, datetime]]) -> list[Due]:
    """Missed hours as runs: neighbours together, bounded, the oldest first.

    Which comments are asked for, and what is a copy or a phrase, depends on the hours before: the next tick goes on
    where the bound ends this one. The bound is one of each source: one that goes on failing keeps no other waiting.
    """
    of_source: dict[str, list[datetime]] = {}
    for source, hour in missed:
        of_source.setdefault(source, []).append(hour)
    oldest = (hour for hours in of_source.values() for hour in sorted(hours)[:_AT_ONCE])
    runs: list[Due] = []
    for hour in sorted(set(oldest)):
        last = runs[-1] if runs else None
        if last and last.end == hour and hour - last.start < _IN_ONE_RUN * _HOUR:
            runs[-1] = Due(last.start, hour + _HOUR, "catch_up")
        else:
            runs.append(Due(hour, hour + _HOUR, "catch_up"))
    return runs


def collected_before(lake: Lake, sources: Sequence[str], hour: datetime) -> bool:
    """Whether any of the sources was asked for an hour."""
    query = "SELECT 1 FROM collection_status WHERE hour = ? AND list_contains(?, source) LIMIT 1"
    return not lake.read(query, [hour, list(sources)]).is_empty()


def look_again(lake: Lake, collected: Collected, now: datetime, hours: int) -> int:
    """Marks hours that were read before videos of the two days before them came; returns how many.

    They become `partial`: the next run asks for the comments under these videos, and for nothing else.

    Args:
        lake: what was collected, without the states of this collection.
        collected: what has just come.
        now: timezone-aware.
        hours: as for `give_up`.
    """
    youtube = pl.col("source") == "youtube"
    uploads = sorted(set(collected.raw.filter(youtube, event_type="upload")["hour"]))
    if not uploads:
        return 0
    # Those of the run itself were asked for the oldest first, so that each knew the videos before it.
    asked = set(collected.status.filter(youtube)["hour"])
    read = lake.read(_READ, [max(uploads[0], _oldest(now, hours) - _HOUR), uploads[-1] + FOLLOWED])
    more = {"status": "partial", "failure": "", "retry_at": None, "message": _MORE_VIDEOS}
    rows = [
        {**row, **more}
        for row in read.iter_rows(named=True)
        if row["hour"] not in asked and any(at < row["hour"] <= at + FOLLOWED for at in uploads)
    ]
    if rows:
        lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame(rows))
    return len(rows)


def give_up(lake: Lake, sources: Sequence[str], now: datetime, hours: int) -> int:
    """Writes down which hours no run will ask for any more; returns how many.

    Those that none has asked for become `skipped`; those that failed, or were read in part, keep their state, and it is
    told that they were not tried again.

    Args:
        lake: what was collected.
        sources: the enabled sources that are outside this process.
        now: timezone-aware.
        hours: how far back missed hours are fetched (`schedule.catch_up_hours`).
    """
    if not sources:
        return 0
    bound = {"sources": list(sources), "bound": _oldest(now, hours)}
    why = f"hours are fetched up to {hours} h later (schedule.catch_up_hours)"
    counts = {"events": 0, "rejected": 0, "requests": 0}
    never = {**counts, "status": "skipped", "finished_at": now, "message": f"no run asked for it in time: {why}"}
    rows = []
    for row in lake.read(_LOST, bound).iter_rows(named=True):
        told = {"retry_at": None, "message": f"{row['message']}. None did in time: {why}"} if row["status"] else never
        rows.append({**row, **told, "failure": "past"})
    if rows:
        lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame(rows))
    return len(rows)


def _oldest(now: datetime, hours: int) -> datetime:
    """The oldest hour that is still fetched."""
    return hour_start(now) - (hours + 1) * _HOUR
