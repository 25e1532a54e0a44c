"""The dashboard's data source: an HTTP client of the API that revalidates by ETag."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx
import streamlit as st

from trend_assets.settings import load_settings

_SECONDS = 15


class ApiProblem(Exception):
    """The API did not answer, or with a problem; the message is for people."""


class Absent(ApiProblem):
    """There is nothing of that name."""


@dataclass(slots=True)
class Source:
    """One API, and its last answers by ETag.

    Args:
        client: speaks to it.
    """

    client: httpx.Client
    known: dict[str, tuple[str, Any]] = field(default_factory=dict)

    def get(self, path: str, **parameters: Any) -> Any:
        """The answer to a question; parameters that are None are not asked for.

        Raises:
            ApiProblem: there is no answer.
        """
        asked = {name: value for name, value in parameters.items() if value is not None}
        request = self.client.build_request("GET", path, params=asked)
        etag, before = self.known.get(str(request.url), ("", None))
        if etag:
            request.headers["If-None-Match"] = etag
        try:
            answer = self.client.send(request)
        except httpx.HTTPError:
            raise self._silent() from None
        if answer.status_code == 304:
            return before
        if answer.is_success or path == "/health":
            if "etag" in answer.headers:
                self._remember(str(request.url), answer)
            return answer.json()
        raise (Absent if answer.status_code == 404 else ApiProblem)(_words(answer))

    def find(self, path: str, **parameters: Any) -> Any | None:
        """As `get`; None where there is no such thing.

        Raises:
            ApiProblem: there is no answer.
        """
        try:
            return self.get(path, **parameters)
        except Absent:
            return None

    def text(self, path: str) -> str:
        """An answer that is no JSON.

        Raises:
            ApiProblem: there is no answer.
        """
        try:
            answer = self.client.get(path)
        except httpx.HTTPError:
            raise self._silent() from None
        if not answer.is_success:
            raise ApiProblem(_words(answer))
        return answer.text

    def _silent(self) -> ApiProblem:
        return ApiProblem(f"The API does not answer at {self.client.base_url}: start it with `trend up`.")

    def _remember(self, url: str, answer: httpx.Response) -> None:
        if len(self.known) > 500:
            self.known.clear()
        self.known[url] = (answer.headers["etag"], answer.json())


def _words(answer: httpx.Response) -> str:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = f"it answered {answer.status_code}"
    if answer.status_code == 401:
        detail += ", and set dashboard.api_key"
    return f"The API says: {detail}"


@st.cache_resource
def source() -> Source:
    """The API that the settings name; one for all who look."""
    settings = load_settings()
    host = "127.0.0.1" if settings.api.host in {"0.0.0.0", "::"} else settings.api.host
    key = settings.dashboard.api_key
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
    client = httpx.Client(
        base_url=f"http://{host}:{settings.api.port}", headers=headers, timeout=_SECONDS, trust_env=False
    )
    return Source(client)
