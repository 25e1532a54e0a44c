"""Delivers open alerts to every channel once; failed deliveries are retried at once and at later ticks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from filelock import FileLock, Timeout
from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_before_delay, wait_exponential_jitter

from trend_assets.alerting.channel import Channel, NotDelivered
from trend_assets.alerting.history import AlertHistory, Entry
from trend_assets.alerting.mail import Mail
from trend_assets.alerting.quiet import quiet_hours
from trend_assets.alerting.services import Service
from trend_assets.alerting.webhook import Webhook
from trend_assets.lake.store import Lake
from trend_assets.settings import Settings

#: Less than the minute that Dagster allows a sensor.
_TICK_SECONDS = 40.0
_ATTEMPTS = 3
_GIVE_UP = timedelta(hours=24)
#: Between ticks the wait grows with an alert's age, up to this.
_LONGEST_WAIT = timedelta(hours=1)
_SHORTEST_WAIT = timedelta(seconds=45)
#: More at once, or what quiet hours held back, come as one message.
_SINGLE = 5


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What one tick did: alerts delivered to all channels, still to be tried, held back, given up."""

    delivered: int = 0
    retrying: int = 0
    held: int = 0
    given_up: int = 0

    def __str__(self) -> str:
        counts = {
            "delivered": self.delivered,
            "to be tried again": self.retrying,
            "held back by quiet hours": self.held,
            "given up": self.given_up,
        }
        return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing to deliver"


def channels(settings: Settings) -> list[Channel]:
    """The channels that the settings name; the log is none of them: it is written when an alert is raised."""
    seconds = settings.alerts.timeout_seconds
    found: list[Channel] = [Webhook(webhook, seconds) for webhook in settings.alerts.webhooks]
    found += [Service(service, seconds) for service in settings.alerts.services]
    if settings.mail.host:
        found.append(Mail(settings.mail, seconds))
    return found


def send(channel: Channel, entries: Sequence[Entry], seconds: float, attempts: int = _ATTEMPTS) -> tuple[str, int]:
    """Sends one message, again after a growing wait where the failure may pass.

    Args:
        seconds: how long all of it may take.
        attempts: how often at most.

    Returns:
        What the channel said, and how many attempts it took.

    Raises:
        NotDelivered: the last failure.
    """
    retrying = Retrying(
        stop=stop_after_attempt(attempts) | stop_before_delay(seconds),
        wait=wait_exponential_jitter(multiplier=0.5, max=5, jitter=0.5),
        retry=retry_if_exception(lambda error: isinstance(error, NotDelivered) and error.passing),
        reraise=True,
    )
    try:
        said = retrying(channel.send, entries)
    except NotDelivered as error:
        error.attempts = int(retrying.statistics["attempt_number"])
        raise
    return said, int(retrying.statistics["attempt_number"])


def dispatch(lake: Lake, settings: Settings, now: datetime) -> Dispatched | None:
    """Delivers what is open; None where another process is at it.

    Args:
        lake: open for writing.
        settings: channels and quiet hours.
        now: timezone-aware.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(settings.home / "alerts.delivery.lock", timeout=0):
            return _Tick(AlertHistory(lake, settings), settings, now).run()
    except Timeout:
        return None


class _Tick:
    """One round over everything that is open."""

    def __init__(self, history: AlertHistory, settings: Settings, now: datetime) -> None:
        self._history = history
        self._now = now
        self._quiet = quiet_hours(settings.alerts).contains(now)
        self._channels = channels(settings)
        self._deadline = time.monotonic() + _TICK_SECONDS
        self._open: dict[str, Entry] = {}
        self._digest = False

    def run(self) -> Dispatched:
        self._open = {entry.id: entry for entry in self._history.open_entries()}
        if not self._open:
            return Dispatched()
        if self._quiet:
            self._hold()
        # Looked up once: what fails on one channel is still to be tried on the others.
        due = [entry.id for entry in self._open.values() if self._is_due(entry)]
        self._digest = any(self._open[key].state == "held" for key in due) or len(due) > _SINGLE
        for index, channel in enumerate(self._channels):
            seconds = (self._deadline - time.monotonic()) / (len(self._channels) - index)
            self._tell(channel, [self._open[key] for key in due], max(seconds, 1.0))
        self._close([self._open[key] for key in due])
        states = [entry.state for entry in self._open.values()]
        return Dispatched(
            states.count("delivered"), states.count("retrying"), states.count("held"), states.count("given_up")
        )

    def _hold(self) -> None:
        held = [
            replace(entry, state="held")
            for entry in self._open.values()
            if entry.alert.severity != "critical" and entry.state != "held"
        ]
        self._keep(held)

    def _is_due(self, entry: Entry) -> bool:
        if self._quiet and entry.alert.severity != "critical":
            return False
        if entry.last_attempt_at is None:
            return True
        age = entry.last_attempt_at - entry.raised_at
        return self._now - entry.last_attempt_at >= min(max(age / 4, _SHORTEST_WAIT), _LONGEST_WAIT)

    def _tell(self, channel: Channel, due: list[Entry], seconds: float) -> None:
        until = time.monotonic() + seconds
        for batch in self._batches([entry for entry in due if channel.name not in entry.channels]):
            try:
                _, tried = send(channel, batch, until - time.monotonic())
            except NotDelivered as error:
                self._keep([self._failed(entry, channel, error) for entry in batch])
                if error.passing:
                    # What this channel does not take now it will not take a moment later.
                    return
                continue
            self._keep([self._told(entry, channel, tried) for entry in batch])

    def _failed(self, entry: Entry, channel: Channel, error: NotDelivered) -> Entry:
        return replace(
            entry,
            state="retrying",
            attempts=entry.attempts + error.attempts,
            last_attempt_at=self._now,
            last_error=f"{channel.name}: {error}",
        )

    def _told(self, entry: Entry, channel: Channel, tried: int) -> Entry:
        told = replace(
            entry.delivered(channel.name, self._now), attempts=entry.attempts + tried, last_attempt_at=self._now
        )
        missing = {other.name for other in self._channels} - told.channels
        return told if missing else replace(told, state="delivered")

    def _close(self, due: list[Entry]) -> None:
        """What has nobody left to be told of, and what nobody took for a day."""
        wanted = {channel.name for channel in self._channels}
        over = []
        for entry in due:
            if entry.state == "delivered":
                continue
            if not wanted - entry.channels:
                over.append(replace(entry, state="delivered"))
            elif self._now - entry.raised_at >= _GIVE_UP and entry.last_error:
                over.append(replace(entry, state="given_up"))
            elif entry.state == "held":
                over.append(replace(entry, state="waiting"))
        self._keep(over)

    def _keep(self, entries: Sequence[Entry]) -> None:
        if entries:
            self._history.record(entries)
            self._open.update((entry.id, entry) for entry in entries)

    def _batches(self, entries: Sequence[Entry]) -> Iterator[list[Entry]]:
        """Messages: each critical alert its own; the others too, or one digest of them."""
        yield from ([entry] for entry in entries if entry.alert.severity == "critical")
        others = [entry for entry in entries if entry.alert.severity != "critical"]
        if others and self._digest:
            yield others
        else:
            yield from ([entry] for entry in others)
