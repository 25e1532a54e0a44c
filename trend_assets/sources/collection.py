"""One collection: asks every source for the same hours, and gathers events, attempts and failures."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import polars as pl

from trend_assets.lake.tables import (
    COLLECTION_ATTEMPTS,
    COLLECTION_STATUS,
    RAW_EVENTS,
    REJECTED_EVENTS,
)
from trend_assets.sources.collector import Collector, CollectorError, Usage, moment
from trend_assets.sources.event import Payload
from trend_assets.sources.frames import raw_frame, rejected_frame
from trend_assets.sources.registry import Rejection

_HOUR = timedelta(hours=1)

#: Why an hour is asked for: it is over (``new``), posts may have come late (``again``), it was missed
#: (``catch_up``), its counts may have changed (``late``), or somebody wants it (``asked``).
Purpose = Literal["new", "again", "catch_up", "late", "asked"]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the last attempt at a source's hour left: its cursor, and the events of all attempts so far."""

    cursor: str
    events: int


@dataclass(frozen=True, slots=True)
class Collected:
    """What all sources gave, as frames of the tables of the same names."""

    raw: pl.DataFrame
    rejected: pl.DataFrame
    status: pl.DataFrame
    attempts: pl.DataFrame


def collect(
    collectors: Sequence[Collector],
    start: datetime,
    end: datetime,
    now: Callable[[], datetime],
    earlier: Mapping[tuple[str, datetime], Earlier] | None = None,
    held: Mapping[str, CollectorError] | None = None,
    purpose: Purpose = "asked",
    settled: Collection[tuple[str, datetime]] = (),
) -> Collected:
    """Asks each source for `[start, end)`, whole UTC hours, the oldest first: comments follow the videos before them.

    A source that fails makes no other one fail. What it gave before it failed is kept: its hour is
    `partial`, else `failed`, or `skipped` where it is not set up or the hour is past, with the reason.
    An hour that was read to its end without an event is `empty`.

    Args:
        collectors: the sources.
        start: the first hour.
        end: where the last hour ends.
        now: the clock, timezone-aware.
        earlier: what earlier attempts left, by source and hour.
        held: sources that are not to be asked yet, and why.
        purpose: why; a `late` pass reads each hour from its beginning, whatever was read before.
        settled: sources and hours that are left out.
    """
    parts = []
    for collector in collectors:
        stopped = (held or {}).get(collector.source)
        hours = [hour for hour in _range(start, end) if (collector.source, hour) not in settled]
        parts.append(_collect_one(collector, hours, now, {} if purpose == "late" else earlier or {}, stopped, purpose))
    return Collected(
        raw=pl.concat([RAW_EVENTS.frame(), *(part.raw for part in parts)]),
        rejected=pl.concat([REJECTED_EVENTS.frame(), *(part.rejected for part in parts)]),
        status=pl.concat([COLLECTION_STATUS.frame(), *(part.status for part in parts)]),
        attempts=pl.concat([COLLECTION_ATTEMPTS.frame(), *(part.attempts for part in parts)]),
    )


@dataclass(slots=True)
class _Hour:
    """One attempt at one hour of one source."""

    hour: datetime
    payloads: list[Payload] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    failure: Exception | None = None
    cursor: str = ""

    @property
    def message(self) -> str:
        if self.failure is None:
            return ""
        return str(self.failure) if self._expected else f"{type(self.failure).__name__}: {self.failure}"

    @property
    def _expected(self) -> CollectorError | None:
        return self.failure if isinstance(self.failure, CollectorError) else None

    @property
    def retry_at(self) -> datetime | None:
        return self._expected.retry_at if self._expected else None

    @property
    def kind(self) -> str:
        if self.failure is None:
            return ""
        return self._expected.failure if self._expected else "unexpected"

    @property
    def stops(self) -> bool:
        return self._expected is not None and self._expected.persistent

    def status(self, earlier: Earlier | None) -> str:
        some = bool(self.payloads or (earlier and earlier.events))
        if self.failure is None:
            return "complete" if some else "empty"
        if some:
            return "partial"
        return "skipped" if self.kind in ("no_key", "past") else "failed"


def _range(start: datetime, end: datetime) -> list[datetime]:
    return [start + index * _HOUR for index in range(int((end - start) / _HOUR))]


def _collect_one(
    collector: Collector,
    wanted: Sequence[datetime],
    now: Callable[[], datetime],
    earlier: Mapping[tuple[str, datetime], Earlier],
    stopped: CollectorError | None,
    purpose: Purpose,
) -> Collected:
    started = now()
    hours = list(_hours(collector, wanted, earlier, stopped))
    finished = now()
    rows = [_row(collector, hour, earlier.get((collector.source, hour.hour)), finished) for hour in hours]
    return Collected(
        raw=raw_frame([item for hour in hours for item in hour.payloads], collector.origin, finished),
        rejected=rejected_frame([item for hour in hours for item in hour.rejections], collector.origin, finished),
        status=COLLECTION_STATUS.frame(
            [{name: row.get(name) for name in COLLECTION_STATUS.column_names} for row in rows]
        ),
        attempts=COLLECTION_ATTEMPTS.frame(
            {**row, **_attempt(hour), "purpose": purpose, "started_at": started}
            for row, hour in zip(rows, hours, strict=True)
            # A source that is asked within this process spends nothing, and there is nothing to remember. An hour may
            # go on without a request of its own, by what was read for another one.
            if hour.usage.requests or hour.failure or hour.cursor != _cursor(earlier, collector, hour.hour)
        ),
    )


def _hours(
    collector: Collector,
    wanted: Sequence[datetime],
    earlier: Mapping[tuple[str, datetime], Earlier],
    stopped: Exception | None,
) -> Iterator[_Hour]:
    for hour in wanted:
        cursor = _cursor(earlier, collector, hour)
        if stopped is not None:
            yield _Hour(hour, failure=stopped, cursor=cursor)
            continue
        attempt = _ask(collector, hour, cursor)
        stopped = attempt.failure if attempt.stops else None
        yield attempt


def _cursor(earlier: Mapping[tuple[str, datetime], Earlier], collector: Collector, hour: datetime) -> str:
    before = earlier.get((collector.source, hour))
    return before.cursor if before else ""


def _need_end(collector: Collector, end: datetime) -> None:
    """With the clock of this machine ahead, an hour that is still to come would look empty, and stay so."""
    told = collector.usage.source_time
    if told is not None and told < end:
        raise CollectorError(
            "server",
            f"by the clock of {collector.source} it is {moment(told)}, so this hour is not over: set this machine's "
            "clock (NTP), or wait; the hour is asked for again",
        )


def _ask(collector: Collector, hour: datetime, cursor: str) -> _Hour:
    attempt = _Hour(hour)
    requests, units = collector.usage.requests, collector.usage.units
    try:
        for item in collector.collect(hour, hour + _HOUR, cursor):
            if isinstance(item, Payload):
                attempt.payloads.append(item)
            else:
                attempt.rejections.append(item)
        _need_end(collector, hour + _HOUR)
    except Exception as error:
        # What was received before the failure is kept; the hour is asked again by the next run.
        attempt.failure = error
        if isinstance(error, CollectorError) and error.raw is not None:
            attempt.rejections.append(Rejection(None, str(error), error.raw))
    attempt.cursor = collector.cursor
    attempt.usage = Usage(collector.usage.requests - requests, collector.usage.units - units)
    return attempt


def _attempt(hour: _Hour) -> dict[str, object]:
    """What is told of an attempt and not of its hour; what of it is new only the lake knows."""
    times = [payload.event.timestamp for payload in hour.payloads]
    return {
        "events": len(hour.payloads),
        "first_event": min(times, default=None),
        "last_event": max(times, default=None),
    }


def _row(collector: Collector, hour: _Hour, earlier: Earlier | None, finished: datetime) -> dict[str, object]:
    before = earlier.events if earlier and collector.resumes else 0
    return {
        "hour": hour.hour,
        "source": collector.source,
        "status": hour.status(earlier),
        "events": len(hour.payloads) + before,
        "rejected": len(hour.rejections),
        "requests": hour.usage.requests,
        "units": hour.usage.units,
        "finished_at": finished,
        "cursor": hour.cursor,
        "failure": hour.kind,
        "retry_at": hour.retry_at,
        "message": hour.message,
    }
