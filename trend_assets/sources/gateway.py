"""A `requests` adapter that sends a client library's requests to the base URL of the settings, with a time-out."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import HTTPAdapter

from trend_assets.sources.collector import Usage


class Gateway(HTTPAdapter):
    """A transport for `requests` that stands in for one host.

    Args:
        host: what the library asks for, ``https://…``.
        base_url: where it really goes; usually the same.
        timeout: seconds to wait for an answer, where the library names none.
        usage: is told the time of each answer.
    """

    def __init__(self, host: str, base_url: str, timeout: float, usage: Usage | None = None) -> None:
        self._usage = usage or Usage()
        self._host, self._base_url, self._timeout = host, base_url.rstrip("/"), timeout
        super().__init__()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Sends it to the base address."""
        if request.url is not None and request.url.startswith(self._host):
            request.url = self._base_url + request.url.removeprefix(self._host)
        response = super().send(request, stream, timeout or self._timeout, verify, cert, proxies)
        self._usage.note_date(response.headers.get("Date"))
        return response
