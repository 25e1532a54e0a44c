"""An HTTP client for public APIs without keys; failures become `CollectorError`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import requests

from trend_assets.sources.collector import Clock, CollectorError, Usage, moment, not_too_late
from trend_assets.sources.event import Rejected
from trend_assets.sources.wire.values import loads, mapping, text

_PAUSE = timedelta(minutes=5)
#: When requests that one run may not send any more may be sent by the next one.
_NEXT_RUN = timedelta(minutes=10)
_KEPT_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its JSON value and its headers."""

    value: Any
    headers: Mapping[str, str]


class PublicApi:
    """One service at one address.

    Args:
        service: its name, for messages.
        base_url: where it is.
        timeout: seconds to wait for an answer.
        reset: reads from an answer's headers when a rate limit ends; timezone-aware.
        now: the clock, timezone-aware.
        usage: grows with every request, by one unit each.
        most: how many requests may be sent in all; None for no bound.
    """

    def __init__(
        self,
        service: str,
        base_url: str,
        timeout: float,
        reset: Callable[[Mapping[str, str]], datetime | None],
        now: Clock,
        usage: Usage,
        most: int | None = None,
    ) -> None:
        self._service, self._base_url, self._timeout = service, base_url.rstrip("/"), timeout
        self._reset, self._now, self._usage, self._most = reset, now, usage, most
        self._session = requests.Session()
        # Without it, requests would send what `.netrc` holds for the host.
        self._session.auth = _nobody

    def get(self, path: str, parameters: Mapping[str, Any]) -> Reply:
        """The answer to one request.

        Raises:
            CollectorError: there is none, or none that can be read.
        """
        if self._most is not None and self._usage.requests >= self._most:
            raise CollectorError(
                "quota",
                f"the {self._most:,} requests of one run are spent before all was asked of {self._service}: "
                "the next run goes on; raise the source's setting requests, or ask for less",
                self._now() + _NEXT_RUN,
            )
        self._usage.requests += 1
        self._usage.units += 1
        try:
            # No answer of these interfaces lies at another address: who sends one there is not the service.
            response = self._session.get(
                self._base_url + path, params=parameters, timeout=self._timeout, allow_redirects=False
            )
        except requests.RequestException as error:
            raise CollectorError("network", f"{self._service} cannot be reached ({type(error).__name__})") from None
        self._usage.note_date(response.headers.get("Date"))
        if response.status_code != 200:
            raise self._refused(response)
        try:
            return Reply(loads(response.content), response.headers)
        except Rejected as error:
            raw = response.content[:_KEPT_CHARACTERS].decode("utf-8", "backslashreplace")
            raise CollectorError("answer", f"{self._service}'s answer cannot be read: {error}", raw=raw) from None

    def too_many(self, headers: Mapping[str, str]) -> CollectorError:
        """The rate limit is reached: until when, as the service says, else for a few minutes."""
        until = not_too_late(self._reset(headers) or self._now() + _PAUSE, self._now())
        return CollectorError(
            "rate_limit", f"{self._service}'s rate limit is reached: the next run after {moment(until)} goes on", until
        )

    def _refused(self, response: requests.Response) -> CollectorError:
        status, said = response.status_code, _said(response.content)
        if status == 429:
            return self.too_many(response.headers)
        if status >= 500:
            return CollectorError("server", f"{self._service} has trouble of its own (status {status})")
        if status in (401, 403):
            return CollectorError("auth", f"{self._service} gives this to signed-in users only ({said or status})")
        if 300 <= status < 400:
            return CollectorError("request", f"{self._service} answers from another address: set the right one")
        return CollectorError(
            "request", f"{self._service} did not accept the request (status {status}): {said or 'no reason given'}"
        )


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _said(body: bytes) -> str:
    """What an error answer says, on one line."""
    try:
        answer = mapping(loads(body))
    except Rejected:
        return ""
    return " ".join((text(answer.get("message")) or text(answer.get("error")) or "").split())[:160]
