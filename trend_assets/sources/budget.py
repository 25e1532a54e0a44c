"""Budgets: how much of a monthly or daily quota may be used now, so that it lasts to its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

_HOUR = timedelta(hours=1)


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
