"""The history of alerts in the lake: one row an alert; a repeated alert within a window is stored once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import orjson
from filelock import FileLock

from trend_assets.alerting.alert import Alert
from trend_assets.alerting.lines import CHANNEL, write_line
from trend_assets.lake.store import Lake, write_frame
from trend_assets.lake.tables import ALERTS
from trend_assets.settings import Settings

#: ``waiting``: not tried yet. ``held``: quiet hours. ``retrying``: tried in vain. The others are over.
State = Literal["waiting", "held", "retrying", "delivered", "given_up"]

_OPEN = "SELECT * FROM alerts WHERE state IN ('waiting', 'held', 'retrying') ORDER BY raised_at, id"
_RECENT = "SELECT rule, subject FROM alerts WHERE raised_at > ?"
_LOCK_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """One alert in the history.

    Args:
        alert: what is told.
        id: of this occurrence.
        raised_at: when it was noticed; timezone-aware.
        state: how the telling stands.
        attempts: how often a channel was tried.
        last_attempt_at: when last.
        last_error: why the last attempt that failed did, in words.
        delivered_at: channel to the ISO time at which it took the alert.
    """

    alert: Alert
    id: str
    raised_at: datetime
    state: State = "waiting"
    attempts: int = 0
    last_attempt_at: datetime | None = None
    last_error: str | None = None
    delivered_at: tuple[tuple[str, str], ...] = ()

    @property
    def channels(self) -> set[str]:
        """Channels that took it."""
        return {name for name, _ in self.delivered_at}

    def delivered(self, channel: str, now: datetime) -> Entry:
        """The entry once a channel took it."""
        return replace(self, delivered_at=(*self.delivered_at, (channel, now.isoformat())))

    def row(self) -> dict[str, Any]:
        """As the table has it."""
        return {
            "id": self.id,
            "raised_at": self.raised_at,
            "rule": self.alert.rule,
            "severity": self.alert.severity,
            "subject": self.alert.subject,
            "message": self.alert.message,
            "state": self.state,
            "attempts": self.attempts,
            "last_attempt_at": self.last_attempt_at,
            "last_error": self.last_error,
            "delivered_at": orjson.dumps(dict(self.delivered_at)).decode(),
        }


def entry(row: dict[str, Any]) -> Entry:
    """An entry from its row."""
    return Entry(
        alert=Alert(row["rule"], row["subject"], row["message"]),
        id=row["id"],
        raised_at=row["raised_at"],
        state=row["state"],
        attempts=row["attempts"],
        last_attempt_at=row["last_attempt_at"],
        last_error=row["last_error"],
        delivered_at=tuple(orjson.loads(row["delivered_at"]).items()),
    )


class AlertHistory:
    """The table `alerts`, kept by any number of processes of one home.

    Args:
        lake: open for writing.
        settings: how often the same alert may be raised, and where the lock is.
    """

    def __init__(self, lake: Lake, settings: Settings) -> None:
        self._lake = lake
        self._settings = settings

    def add(self, alerts: Iterable[Alert], now: datetime) -> list[Entry]:
        """Writes those of the alerts that were not raised within the last `alerts.repeat_hours`, in the log too.

        Args:
            alerts: what was noticed; muted rules are passed over.
            now: timezone-aware.

        Returns:
            The new entries.
        """
        wanted = {(a.rule, a.subject): a for a in alerts if a.rule not in self._settings.alerts.muted}
        if not self._unknown(wanted, now):
            return []
        # A look and a write that others do at the same time: PostgreSQL would let both of them insert.
        with self._lock():
            fresh = [self._noticed(wanted[key], now) for key in self._unknown(wanted, now)]
            self._write(fresh)
        for item in fresh:
            write_line(self._settings, item.alert, now)
        return fresh

    def _unknown(self, wanted: dict[tuple[str, str], Alert], now: datetime) -> list[tuple[str, str]]:
        if not wanted:
            return []
        since = now - timedelta(hours=self._settings.alerts.repeat_hours)
        known = set(self._lake.read(_RECENT, [since]).iter_rows())
        return [key for key in wanted if key not in known]

    def _noticed(self, alert: Alert, now: datetime) -> Entry:
        identity = "\0".join((alert.rule, alert.subject, now.astimezone(UTC).isoformat()))
        made = Entry(alert, hashlib.blake2b(identity.encode(), digest_size=16).hexdigest(), now)
        # The log takes it in any case; where nobody else is to be told, that is all.
        others = self._settings.alerts.webhooks or self._settings.alerts.services or self._settings.mail.host
        return replace(made.delivered(CHANNEL, now), state="waiting" if others else "delivered")

    def _lock(self) -> FileLock:
        self._settings.home.mkdir(parents=True, exist_ok=True)
        return FileLock(self._settings.home / "alerts.lock", timeout=_LOCK_SECONDS)

    def open_entries(self) -> list[Entry]:
        """What is still to be told, the oldest first."""
        return [entry(row) for row in self._lake.read(_OPEN).iter_rows(named=True)]

    def record(self, entries: Sequence[Entry]) -> None:
        """Writes entries as they stand now, in one transaction."""
        with self._lock():
            self._write(entries)

    def _write(self, entries: Sequence[Entry]) -> None:
        if entries:
            with self._lake.transaction() as connection:
                write_frame(connection, ALERTS, ALERTS.frame(item.row() for item in entries))
