"""User activity by the hour of the week."""

from __future__ import annotations

import math
from collections.abc import Sequence

HOURS_PER_WEEK = 168

#: Relative activity by local hour, midnight first: low before dawn, a first peak at noon, a second in the
#: evening, the shape that all studies of posting times agree on (e.g. Golder & Macy 2011, Science 333).
_BY_LOCAL_HOUR = (
    0.30, 0.18, 0.10, 0.07, 0.06, 0.10, 0.25, 0.50, 0.75, 0.85, 0.90, 0.95,
    1.10, 1.00, 0.90, 0.90, 0.95, 1.05, 1.20, 1.40, 1.55, 1.50, 1.15, 0.65,
)  # fmt: skip


def weekly_activity(utc_offset: int, lateness: float, week: Sequence[float]) -> list[float]:
    """Relative activity of one person for each UTC hour of the week, Monday 00:00 first.

    Args:
        utc_offset: hours ahead of UTC where the person lives.
        lateness: hours by which the person's day is shifted; positive for an owl.
        week: factor by local weekday, Monday first.
    """
    activity = []
    for hour in range(HOURS_PER_WEEK):
        local = (hour + utc_offset) % HOURS_PER_WEEK
        clock = (local - lateness) % 24
        before = math.floor(clock)
        share = clock - before
        level = (1 - share) * _BY_LOCAL_HOUR[before % 24] + share * _BY_LOCAL_HOUR[(before + 1) % 24]
        activity.append(level * week[local // 24])
    return activity


def hour_of_week(epoch_hour: int) -> int:
    """Hours since Monday 00:00 UTC for an hour counted from 1970-01-01, which was a Thursday."""
    return (epoch_hour + 3 * 24) % HOURS_PER_WEEK
