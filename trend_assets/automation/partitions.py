"""The two clocks of the platform, both UTC."""

from __future__ import annotations

import dagster as dg

from trend_assets.periods import HOUR_FORMAT
from trend_assets.settings import Settings


def hourly(settings: Settings) -> dg.HourlyPartitionsDefinition:
    """Every full hour since the history began; an hour is there once it is over."""
    return dg.HourlyPartitionsDefinition(
        start_date=f"{settings.schedule.history_start.isoformat()}-00:00", timezone="UTC", fmt=HOUR_FORMAT
    )


def weekly(settings: Settings) -> dg.WeeklyPartitionsDefinition:
    """Weeks from Monday 00:00; a week is there from its first moment, when its model is trained."""
    return dg.WeeklyPartitionsDefinition(
        start_date=settings.schedule.history_start.isoformat(), timezone="UTC", day_offset=1, end_offset=1
    )
