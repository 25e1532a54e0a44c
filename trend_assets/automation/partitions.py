"""The two clocks of the platform, both UTC."""

from __future__ import annotations

from datetime import datetime

import dagster as dg

from trend_assets.lake.store import utc
from trend_assets.settings import Settings

#: Dagster's format of an hour's partition key.
HOUR_FORMAT = "%Y-%m-%d-%H:%M"
WEEK_FORMAT = "%Y-%m-%d"


def hourly(settings: Settings) -> dg.HourlyPartitionsDefinition:
    """Every full hour since the history began; an hour is there once it is over."""
    return dg.HourlyPartitionsDefinition(
        start_date=f"{settings.schedule.history_start}-00:00", timezone="UTC", fmt=HOUR_FORMAT
    )


def weekly(settings: Settings) -> dg.WeeklyPartitionsDefinition:
    """Weeks from Monday 00:00; a week is there from its first moment, when its model is trained."""
    return dg.WeeklyPartitionsDefinition(
        start_date=settings.schedule.history_start, timezone="UTC", day_offset=1, end_offset=1
    )


def hour_key(moment: datetime) -> str:
    """The partition key of the hour that holds a timezone-aware moment.

    Raises:
        ValueError: the moment has no time zone.
    """
    return utc(moment).replace(minute=0).strftime(HOUR_FORMAT)


def week_key(moment: datetime) -> str:
    """The partition key of a week that begins at a timezone-aware moment.

    Raises:
        ValueError: the moment has no time zone.
    """
    return utc(moment).strftime(WEEK_FORMAT)
