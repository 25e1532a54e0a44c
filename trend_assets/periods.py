"""Names and bounds of hours, weeks, months and budget days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: How Dagster writes an hour and a week as partition keys.
HOUR_FORMAT = "%Y-%m-%d-%H:%M"
WEEK_FORMAT = "%Y-%m-%d"

#: What is dated earlier has no partition: most of it is a mistake, and each hour since costs something.
FIRST_DAY = date(1980, 1, 1)

#: YouTube counts its quota by the day of its headquarters.
_PACIFIC = ZoneInfo("America/Los_Angeles")


def utc(moment: datetime) -> datetime:
    """The same moment in UTC.

    Raises:
        ValueError: it has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone: give one, e.g. {moment.isoformat()}+00:00")
    return moment.astimezone(UTC)


def hour_start(moment: datetime) -> datetime:
    """Where the hour begins that holds a timezone-aware moment, in UTC.

    Raises:
        ValueError: the moment has no time zone.
    """
    return utc(moment).replace(minute=0, second=0, microsecond=0)


def hour_key(moment: datetime) -> str:
    """The partition key of the hour that holds a timezone-aware moment.

    Raises:
        ValueError: the moment has no time zone.
    """
    return hour_start(moment).strftime(HOUR_FORMAT)


def week_key(moment: datetime) -> str:
    """The partition key of a week that begins at a timezone-aware moment.

    Raises:
        ValueError: the moment has no time zone.
    """
    return utc(moment).strftime(WEEK_FORMAT)


def monday(moment: datetime) -> datetime:
    """Monday 00:00 of the week that holds a moment, in the moment's time zone."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


def month(at: datetime) -> tuple[datetime, datetime]:
    """The calendar month (UTC) that holds ``at``."""
    start = at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return start, (start + timedelta(days=32)).replace(day=1)


def pacific_day(at: datetime) -> tuple[datetime, datetime]:
    """The day in Pacific time that holds ``at``, as moments in UTC; 23 or 25 hours twice a year."""
    day = at.astimezone(_PACIFIC).date()
    bounds = (datetime.combine(day + timedelta(days=more), time(), _PACIFIC) for more in (0, 1))
    start, end = (bound.astimezone(UTC) for bound in bounds)
    return start, end
