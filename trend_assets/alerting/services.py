"""The channel of every other service (Telegram, Matrix, ntfy, Teams, Pushover …), through Apprise's addresses."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

from trend_assets.alerting.channel import NotDelivered, short
from trend_assets.alerting.history import Entry
from trend_assets.alerting.texts import headline, lines
from trend_assets.settings import ServiceSettings

#: How Apprise begins a line of its log.
_LOGGED = re.compile(r"^\S+ \S+ - (?:WARNING|ERROR) - (?P<said>.+)$", re.MULTILINE)
#: Parts of an address that are shorter are words, such as names of hosts and rooms.
_SECRET_FROM = 6
_SEVERITIES = {"critical": "failure", "warning": "warning", "info": "info"}


class Service:
    """One service that Apprise knows.

    Args:
        settings: its name here and its address, which holds its secrets.
        seconds: how long a connection, and then an answer, may take.
    """

    def __init__(self, settings: ServiceSettings, seconds: float) -> None:
        self._settings = settings
        self._seconds = seconds

    @property
    def name(self) -> str:
        """`apprise:` and its name."""
        return f"apprise:{self._settings.name}"

    def send(self, entries: Sequence[Entry]) -> str:
        """Sends one message as plain text.

        Raises:
            NotDelivered: Apprise knows no such service, or the service did not take it.
        """
        # Taken where it is used: most have no such channel, and every run would load it.
        from apprise import Apprise, AppriseAsset, LogCapture, NotifyFormat, NotifyType, PersistentStoreMode

        # Nothing is written to the disk, and a secret goes to the address in the settings alone.
        asset = AppriseAsset(
            app_id="trend_assets", storage_mode=PersistentStoreMode.MEMORY, secure_logging=True, http_redirects=False
        )
        with LogCapture(level=logging.WARNING) as log:
            service = Apprise.instantiate(self._settings.url.get_secret_value(), asset=asset)
            if service is None:
                raise NotDelivered(self._unreadable(), passing=False)
            service.socket_connect_timeout = service.socket_read_timeout = self._seconds
            told = Apprise(service, asset=asset).notify(
                title=headline(entries),
                body="\n".join(lines(entries)),
                notify_type=NotifyType(_SEVERITIES[_worst(entries)]),
                body_format=NotifyFormat.TEXT,
            )
            said = log.getvalue()
        if not told:
            raise NotDelivered(self._without_secrets(said), passing=True)
        return f"{service.service_name} took it"

    def _unreadable(self) -> str:
        kind = self._settings.url.get_secret_value().partition("://")[0]
        return f"Apprise cannot read the address {kind}://…: https://appriseit.com/services/ has how it is written"

    def _without_secrets(self, log: str) -> str:
        """What Apprise logged last, if no part of the address is in it."""
        found = _LOGGED.findall(log)
        last = short(found[-1]) if found else ""
        parts = re.split(r"[/:@?&=]+", self._settings.url.get_secret_value().partition("://")[2])
        secrets = [part for part in parts if len(part) >= _SECRET_FROM and not _is_host(part, last)]
        if not last or any(part in last for part in secrets):
            return "the service did not take it: check the address in alerts.services"
        return last


def _worst(entries: Sequence[Entry]) -> str:
    return min((entry.alert.severity for entry in entries), key=list(_SEVERITIES).index)


def _is_host(part: str, told: str) -> bool:
    """Whether a part of an address is named as the place that was asked."""
    return f" to {part}" in told and "." in part
