"""The interface of delivery channels (log, mail, webhook), and the error of a failed delivery."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
from collections.abc import Sequence
from typing import Protocol

import certifi

from trend_assets.alerting.history import Entry
from trend_assets.errors import TrendError


class NotDelivered(TrendError):
    """A channel did not take an alert; the message says why in a sentence and holds no secret.

    Args:
        message: why, and what to do.
        passing: whether asking again a moment later may help.
    """

    def __init__(self, message: str, *, passing: bool) -> None:
        super().__init__(message)
        self.passing = passing
        #: How often the channel was asked.
        self.attempts = 1


class Channel(Protocol):
    """One way to tell people."""

    @property
    def name(self) -> str:
        """As it stands in the history, e.g. `webhook:ops`."""
        ...

    def send(self, entries: Sequence[Entry]) -> str:
        """Tells of one alert, or of several in one message.

        Returns:
            What was said about it, e.g. the server's answer; for people.

        Raises:
            NotDelivered: it was not taken.
        """
        ...


def delivery_id(entries: Sequence[Entry]) -> str:
    """Names one message: the same when it is tried again, so that a receiver can know it again."""
    return hashlib.blake2b("".join(entry.id for entry in entries).encode(), digest_size=16).hexdigest()


def trusted() -> ssl.SSLContext:
    """Certificates that this machine trusts (`SSL_CERT_FILE` too), and those of Mozilla's list."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def network_problem(error: BaseException, host: str, port: int, seconds: float) -> NotDelivered:
    """What is wrong between here and a server, from the exception that a client library raised."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return NotDelivered(f"the name {host} is not known: check the address", passing=_is_temporary(cause))
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = _certificate(cause.verify_message)
            return NotDelivered(f"the certificate of {host} is not trusted ({reason})", passing=False)
        if isinstance(cause, ssl.SSLError):
            return NotDelivered(f"{host}:{port} does not speak TLS as expected: check the port", passing=False)
        if isinstance(cause, ConnectionRefusedError):
            return NotDelivered(f"nothing listens at {host}:{port} (connection refused)", passing=True)
    if any(isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__ for cause in causes):
        return NotDelivered(f"{host}:{port} did not answer within {seconds:g} s", passing=True)
    return NotDelivered(f"the connection to {host}:{port} broke ({type(causes[0]).__name__})", passing=True)


def _causes(error: BaseException | None) -> Sequence[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _is_temporary(error: socket.gaierror) -> bool:
    return error.errno == socket.EAI_AGAIN


def _certificate(verify_message: str) -> str:
    return verify_message[:1].lower() + verify_message[1:]


def short(text: str, length: int = 160) -> str:
    """A server's own words on one line, without control characters, cut where they are long."""
    clean = " ".join(re.sub(r"[^\x20-\x7e\u00a0-\U0010ffff]+", " ", text).split())
    return clean if len(clean) <= length else f"{clean[: length - 1]}…"
