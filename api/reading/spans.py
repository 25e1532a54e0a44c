"""Parses moments and time spans in requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from api.reading.catalog_snapshot import Within
from trend_assets.errors import TrendError
from trend_assets.periods import hour_start

#: The moments that may be asked for lie from this one on.
EVER = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(2200, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_TICK = timedelta(microseconds=1)


class WrongMoment(TrendError):
    """A moment or span of time that cannot be answered."""


def _in_range(moment: datetime) -> datetime:
    if not EVER <= moment < _LAST:
        raise ValueError("must lie between 1970 and 2200")
    return moment.astimezone(UTC)


def _no_number(given: object) -> object:
    # Pydantic takes a number for seconds since 1970, which is never what was meant.
    if isinstance(given, int | float) or (isinstance(given, str) and not given[:5].endswith("-")):
        raise ValueError("must be a date and time with time zone, e.g. 2026-02-02T12:00:00Z")
    return given


Moment = Annotated[AwareDatetime, AfterValidator(_in_range), BeforeValidator(_no_number)]
Start = Annotated[
    Moment | None,
    Query(description="First hour, with time zone, e.g. 2026-02-02T00:00:00Z; rounded down to a whole one."),
]
End = Annotated[
    Moment | None,
    Query(description="Exclusive end, with time zone, e.g. 2026-02-03T00:00:00Z; rounded up to a whole hour."),
]


@dataclass(frozen=True, slots=True)
class Span:
    """`[start, end)`, UTC."""

    start: datetime
    end: datetime

    def of(self, table: str, column: str = "hour") -> Within:
        """A table's rows of this span."""
        return Within(table, column, self.start, self.end)


def span(
    start: datetime | None, end: datetime | None, newest: datetime | None, default_days: int, max_days: int
) -> Span:
    """The span that was asked for, in whole hours: all that is counted is counted by the hour.

    Args:
        start: as asked; None for `default_days` before the end.
        end: as asked; None for the hour after `newest`.
        newest: the newest moment that the lake knows of; None where it knows none.
        default_days: how long a span is that was not asked for.
        max_days: how long it may be.

    Raises:
        WrongMoment: it ends before it starts, or is longer than `max_days`.
    """
    newest = newest or EVER
    until = end or (start + timedelta(days=default_days) if start and start > newest else newest + _HOUR)
    since = start or until - timedelta(days=default_days)
    if since == until:
        raise WrongMoment(f"the span is empty: it starts and ends at {since.isoformat()}")
    if since > until:
        raise WrongMoment(
            f"the span ends ({until.isoformat()}) before it starts ({since.isoformat()}): swap start and end"
        )
    if until - since > timedelta(days=max_days):
        raise WrongMoment(f"the span is longer than {max_days} days (api.max_days): ask for a shorter one")
    return Span(hour_start(since), hour_start(until + _HOUR - _TICK))
