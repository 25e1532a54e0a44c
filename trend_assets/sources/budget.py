"""Allowances: what may be spent now, so that a month's or a day's budget lasts to its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: YouTube counts its quota by the day of its headquarters.
PACIFIC = ZoneInfo("America/Los_Angeles")


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


def allowance(limit: int, used: int, now: datetime, end: datetime, least: int = 0) -> int:
    """What one hour may spend of what is left until ``end``: an equal share, what quiet hours saved included.

    Args:
        limit: the budget of the whole period.
        used: what has been spent of it.
        now: when; timezone-aware.
        end: when the period ends; timezone-aware.
        least: what a request costs at least: a smaller share is lifted to it while that much is left.

    Returns:
        Never more than what is left; 0 where that is less than ``least``.
    """
    left = max(limit - used, 0)
    if left < max(least, 1):
        return 0
    hours = max(-(-(end - now) // timedelta(hours=1)), 1)
    return min(max(-(-left // hours), least), left)


def share(total: int, weights: Sequence[float]) -> int:
    """The first one's part of ``total`` by weight; what it leaves is shared among the rest in turn.

    Args:
        total: what is there to share.
        weights: of the first and of all after it; positive.
    """
    return round(total * weights[0] / sum(weights))
