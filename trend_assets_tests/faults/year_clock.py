"""The clock of a simulated year, in place of this process' own: import it before anything that takes a clock by name.

What counts in days of this machine's time (snapshots, unused files) is a week older at each nightly maintenance.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from trend_assets.automation import jobs, maintenance
from trend_assets.sources import collector, retrying

_A_WEEK_ON = timedelta(days=9)


class YearClock:
    """What the world's clock shows, and by how much this machine's is wrong."""

    def __init__(self) -> None:
        self.world = datetime.now(UTC)
        self.wrong = timedelta()

    def pause(self, seconds: float) -> None:
        """The pause before a request is made again takes none of this machine's time."""

    def here(self) -> datetime:
        """What this machine takes the time to be."""
        return self.world + self.wrong


class _Later(datetime):
    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return datetime.now(UTC) + _A_WEEK_ON


CLOCK = YearClock()
collector.utc_now = CLOCK.here
retrying.retrying.__defaults__ = (retrying.ATTEMPTS, CLOCK.pause)
maintenance.datetime = _Later  # type: ignore[misc]
# Texts and forecasts take more time than all the rest, and collecting is what is tried.
_LEFT_OUT = ("event_embeddings", "topic_phrases", "near_copies", "topic_labels")
jobs.FLOW_ASSETS = tuple(name for name in jobs.FLOW_ASSETS if name not in _LEFT_OUT)
jobs.FORECAST_ASSETS = ("prediction_outcomes",)
