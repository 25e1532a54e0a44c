"""Quiet hours: only critical alerts are delivered during them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from zoneinfo import ZoneInfo

from trend_assets.settings import AlertSettings


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From a wall-clock time to another, every day; they may span midnight, and follow daylight saving.

    Args:
        begin: first quiet minute.
        end: first minute that is not quiet any more; as `begin`: there are no quiet hours.
        zone: whose wall clock.
    """

    begin: time = time()
    end: time = time()
    zone: tzinfo = UTC

    def contains(self, moment: datetime) -> bool:
        """Whether a timezone-aware moment is in them."""
        now = moment.astimezone(self.zone).time()
        if self.begin <= self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end


def quiet_hours(settings: AlertSettings) -> QuietHours:
    """The quiet hours that the settings have, or none."""
    if not settings.quiet_hours:
        return QuietHours()
    begin, _, end = settings.quiet_hours.partition("-")
    return QuietHours(time.fromisoformat(begin), time.fromisoformat(end), ZoneInfo(settings.timezone))
