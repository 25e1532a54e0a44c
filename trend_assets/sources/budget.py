"""Allowances: what may be spent now, so that a month's or a day's budget lasts to its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: YouTube counts its quota by the day of its headquarters.
PACIFIC = ZoneInfo("America/Los_Angeles")
_HOUR = timedelta(hours=1)


def month(at: datetime) -> tuple[datetime, datetime]:
    """The calendar month (UTC) that holds ``at``."""
    start = at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return start, (start + timedelta(days=32)).replace(day=1)


def pacific_day(at: datetime) -> tuple[datetime, datetime]:
    """The day in Pacific time that holds ``at``, as moments in UTC; 23 or 25 hours twice a year."""
    day = at.astimezone(PACIFIC).date()
    bounds = (datetime.combine(day + timedelta(days=more), time(), PACIFIC) for more in (0, 1))
    start, end = (bound.astimezone(UTC) for bound in bounds)
    return start, end


def allowance(limit: int, used: int, now: datetime, period: tuple[datetime, datetime], least: int = 1) -> int:
    """What one hour may spend, so that a budget lasts to the end of its period.

    Spending follows a straight line through the period; what quiet hours saved may be spent later, but not
    more in one hour than a day's part of what is left.

    Args:
        limit: the budget of the whole period.
        used: what has been spent of it.
        now: when; timezone-aware, within the period.
        period: its start and end; timezone-aware.
        least: what asking costs at least: as long as less has been saved up, nothing is spent.

    Returns:
        Never more than what is left.
    """
    start, end = period
    left = max(limit - used, 0)
    passed = min((now - start + _HOUR) / (end - start), 1.0)
    saved = min(int(limit * passed) - used, left)
    hours = max((end - now) / _HOUR, 1.0)
    most = max(int(left * min(24 / hours, 1.0)), least)
    return min(saved, most) if saved >= least else 0


def share(total: int, weights: Sequence[float]) -> int:
    """The first one's part of ``total`` by weight; what it leaves is shared among the rest in turn.

    Args:
        total: what is there to share.
        weights: of the first and of all after it; positive.
    """
    return round(total * weights[0] / sum(weights))
