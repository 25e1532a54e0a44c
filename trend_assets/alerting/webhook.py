"""The webhook channel: Slack's and Discord's incoming webhooks, or signed JSON for any other receiver."""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from trend_assets import __version__
from trend_assets.alerting.channel import NotDelivered, delivery_id, network_problem, short, trusted
from trend_assets.alerting.history import Entry
from trend_assets.alerting.texts import headline, lines
from trend_assets.settings import WebhookSettings

_DISCORD_LENGTH = 2000
_SLACK_LENGTH = 3500
#: Bytes of an answer that are looked at.
_READ = 2000
_PASSING = {408, 425, 429}


def slack(entries: Sequence[Entry]) -> dict[str, Any]:
    """As Slack's incoming webhooks take it; nothing in it mentions anybody or becomes a link."""
    told = [f"*{_escaped(headline(entries))}*", *(_escaped(line) for line in lines(entries))]
    return {"text": _cut("\n".join(told), _SLACK_LENGTH)}


def discord(entries: Sequence[Entry]) -> dict[str, Any]:
    """As Discord's webhooks take it; nobody is mentioned."""
    told = "\n".join((headline(entries), *lines(entries)))
    return {"content": _cut(told, _DISCORD_LENGTH), "allowed_mentions": {"parse": []}}


def plain(entries: Sequence[Entry]) -> dict[str, Any]:
    """Every field of every alert."""
    return {
        "alerts": [
            {
                "id": entry.id,
                "raised_at": entry.raised_at.isoformat(),
                "rule": entry.alert.rule,
                "severity": entry.alert.severity,
                "subject": entry.alert.subject,
                "message": entry.alert.message,
            }
            for entry in entries
        ]
    }


_BODIES: Mapping[str, Callable[[Sequence[Entry]], dict[str, Any]]] = {
    "slack": slack,
    "discord": discord,
    "json": plain,
}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 in hex over `timestamp.body`, as the header `X-Trend-Signature` has it behind `sha256=`."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class _WithoutPath(logging.Filter):
    """httpx logs the addresses that it asks, and a webhook's path is its password."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                f"{arg.scheme}://{arg.host}/…" if isinstance(arg, httpx.URL) else arg for arg in record.args
            )
        return True


_WITHOUT_PATH = _WithoutPath()


class Webhook:
    """One webhook.

    Args:
        settings: its address, which may be a secret itself, and the secret that signs.
        seconds: how long a connection, and then an answer, may take.
        now: epoch seconds, for the signature's time.
    """

    def __init__(self, settings: WebhookSettings, seconds: float, now: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._seconds = seconds
        self._now = now
        logging.getLogger("httpx").addFilter(_WITHOUT_PATH)

    @property
    def name(self) -> str:
        """`webhook:` and its name."""
        return f"webhook:{self._settings.name}"

    def send(self, entries: Sequence[Entry]) -> str:
        """Posts one message.

        Raises:
            NotDelivered: no connection, or an answer other than 2xx.
        """
        body = orjson.dumps(_BODIES[self._settings.format](entries))
        parts = urlsplit(self._settings.url.get_secret_value())
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            # Redirects are not followed: a signed message is for the address in the settings alone.
            with (
                httpx.Client(timeout=self._seconds, verify=trusted(), follow_redirects=False) as client,
                client.stream("POST", parts.geturl(), content=body, headers=self._headers(body, entries)) as answer,
            ):
                said = "" if answer.is_success else _beginning(answer, self._seconds)
        except (httpx.HTTPError, OSError) as error:
            raise network_problem(error, parts.hostname or "", port, self._seconds) from None
        if answer.is_success:
            return f"{parts.hostname} answered {answer.status_code}"
        raise _refused(answer, said, parts.hostname or "")

    def _headers(self, body: bytes, entries: Sequence[Entry]) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"trend_assets/{__version__}",
            "X-Trend-Delivery": delivery_id(entries),
        }
        if self._settings.secret is not None:
            timestamp = str(int(self._now()))
            headers["X-Trend-Timestamp"] = timestamp
            headers["X-Trend-Signature"] = (
                f"sha256={signature(self._settings.secret.get_secret_value(), timestamp, body)}"
            )
        return headers


def _beginning(answer: httpx.Response, seconds: float) -> str:
    """What a server says, as far as it is short and comes soon: it might never end."""
    until, found = time.monotonic() + seconds, b""
    for part in answer.iter_bytes():
        found += part
        if len(found) >= _READ or time.monotonic() > until:
            break
    return found[:_READ].decode("utf-8", "replace")


def _refused(answer: httpx.Response, text: str, host: str) -> NotDelivered:
    status = answer.status_code
    said = f": {short(text)}" if text.strip() and "<" not in text else ""
    why = {
        400: "does not accept the message: check alerts.webhooks.format",
        401: "refuses us: the address or its token is not, or no longer, valid",
        403: "refuses us: the address or its token is not, or no longer, valid",
        404: "knows no such address: check that it is complete",
        410: "says that the address is gone: make a new webhook",
        429: "was asked too often",
    }.get(status)
    if why is None and answer.is_redirect:
        why = "sends us elsewhere: put the final address into the settings"
    if why is None:
        why = "has trouble of its own" if status >= 500 else "refuses the message"
    return NotDelivered(f"{host} {why} (HTTP {status}{said})", passing=status in _PASSING or status >= 500)
