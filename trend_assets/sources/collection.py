"""One collection: every source asked for the same hours, and what it gave or why it gave nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from trend_assets.lake.tables import COLLECTION_STATUS, RAW_EVENTS, REJECTED_EVENTS
from trend_assets.sources.event import Payload
from trend_assets.sources.frames import raw_frame, rejected_frame
from trend_assets.sources.registry import Collector, Rejection

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Collected:
    """What all sources gave: frames of `raw_events`, `rejected_events` and `collection_status`."""

    raw: pl.DataFrame
    rejected: pl.DataFrame
    status: pl.DataFrame


def collect(
    collectors: Sequence[Collector], start: datetime, end: datetime, now: Callable[[], datetime]
) -> Collected:
    """Asks each source for `[start, end)`, whole UTC hours.

    A source that fails makes no other one fail: its hours are `failed`, with the reason.
    """
    parts = [_collect_one(collector, start, end, now) for collector in collectors]
    return Collected(
        raw=pl.concat([RAW_EVENTS.frame(), *(part.raw for part in parts)]),
        rejected=pl.concat([REJECTED_EVENTS.frame(), *(part.rejected for part in parts)]),
        status=pl.concat([COLLECTION_STATUS.frame(), *(part.status for part in parts)]),
    )


def _collect_one(
    collector: Collector, start: datetime, end: datetime, now: Callable[[], datetime]
) -> Collected:
    payloads: list[Payload] = []
    rejections: list[Rejection] = []
    failure = ""
    try:
        for item in collector.collect(start, end):
            if isinstance(item, Payload):
                payloads.append(item)
            else:
                rejections.append(item)
    except Exception as error:
        # What was received before the failure is kept; the hour is asked again by the next run.
        failure = f"{type(error).__name__}: {error}"
    moment = now()
    raw = raw_frame(payloads, collector.origin, moment)
    return Collected(
        raw=raw,
        rejected=rejected_frame(rejections, collector.origin, moment),
        status=_status(
            collector.source, start, end, raw, len(rejections), collector.requests, failure, moment
        ),
    )


def _status(
    source: str,
    start: datetime,
    end: datetime,
    raw: pl.DataFrame,
    rejected: int,
    requests: int,
    failure: str,
    finished_at: datetime,
) -> pl.DataFrame:
    events = Counter(raw["hour"].to_list())
    hours = [start + index * _HOUR for index in range(int((end - start) / _HOUR))]
    return COLLECTION_STATUS.frame(
        {
            "hour": hour,
            "source": source,
            "status": "failed" if failure else "complete",
            "events": events[hour],
            # Rejections and requests belong to no one hour: the collection's last one carries them.
            "rejected": rejected if hour == hours[-1] else 0,
            "requests": requests if hour == hours[-1] else 0,
            "finished_at": finished_at,
            "message": failure,
        }
        for hour in hours
    )
