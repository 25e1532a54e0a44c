"""The hourly and weekly partitions, both in UTC."""

from __future__ import annotations

from datetime import date

import dagster as dg

from trend_assets.lake.connection import lake_location
from trend_assets.lake.history import oldest_hour
from trend_assets.periods import FIRST_DAY, HOUR_FORMAT
from trend_assets.settings import Settings


def history_start(settings: Settings) -> date:
    """The first day that has partitions: `schedule.history_start`, or the day of the lake's oldest event before it.

    Dagster's UI makes a list of all hours of an asset, so that each year that is not needed costs it time.
    """
    oldest = oldest_hour(lake_location(settings))
    begin = settings.schedule.history_start
    return begin if oldest is None else min(begin, max(oldest.date(), FIRST_DAY))


def hourly(start: date) -> dg.HourlyPartitionsDefinition:
    """Every full hour since the history began; an hour is there once it is over."""
    return dg.HourlyPartitionsDefinition(start_date=f"{start:%Y-%m-%d}-00:00", timezone="UTC", fmt=HOUR_FORMAT)


def weekly(start: date) -> dg.WeeklyPartitionsDefinition:
    """Weeks from Monday 00:00; a week is there from its first moment, when its model is trained."""
    return dg.WeeklyPartitionsDefinition(start_date=f"{start:%Y-%m-%d}", timezone="UTC", day_offset=1, end_offset=1)
