"""API keys: authentication, scopes, rate limits, and the limit of a request's size."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.serving.problems import problem
from trend_assets.settings import ApiKey, ApiSettings

_LARGEST_BODY = 64 * 1024
_BODY_SECONDS = 10
_CALLERS = 10_000
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
#: The documentation and the dashboard's own files tell nothing of the lake.
_OPEN = ("/docs", "/openapi.json", "/page/")
_FRONT_DOOR = "/"


@dataclass(slots=True)
class _Allowance:
    left: float
    at: float


@dataclass(frozen=True, slots=True)
class _Refusal(Exception):
    status: int
    title: str
    detail: str
    headers: Mapping[str, str]


class Guard:
    """ASGI middleware: keys and their scopes, requests a minute, size and slowness of bodies.

    Reading needs `read` or `operate` where the settings ask for a key; what could change something needs `operate`.

    Args:
        app: what it stands before.
        settings: the keys and limits.
    """

    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        self._app = app
        self._settings = settings
        self._allowances: dict[str, _Allowance] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or refuses it with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._admit(scope)
            if scope["method"] in _CHANGING:
                receive = _replayed(await _body(receive, Headers(scope=scope)), receive)
        except _Refusal as refusal:
            answer = problem(refusal.status, refusal.title, refusal.detail, refusal.headers)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _admit(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        given = _given(headers)
        key = self._known(given) if given else None
        client = scope["client"][0] if scope.get("client") else "unknown"
        self._count(f"key {key.name}" if key else f"address {client}")
        reading = scope["method"] not in _CHANGING
        told = scope["path"] == _FRONT_DOOR or scope["path"].startswith(_OPEN)
        if told or (reading and self._settings.open_reads and not given):
            return
        if key is None:
            detail = "this key is not known" if given else "send a key: `Authorization: Bearer KEY`"
            challenge = {"WWW-Authenticate": "Bearer"}
            command = "trend api-key NAME" if reading else "trend api-key NAME --operate"
            raise _Refusal(401, "a key is needed", f"{detail}; `{command}` makes one", challenge)
        if not reading and "operate" not in key.scopes:
            raise _Refusal(403, "not allowed", f"the key {key.name!r} may read only: this needs the scope operate", {})

    def _known(self, given: str) -> ApiKey | None:
        """Every key is compared, in constant time, so that the time taken tells nothing."""
        hashed = hashlib.sha256(given.encode()).hexdigest()
        found = None
        for key in self._settings.keys:
            if hmac.compare_digest(hashed, key.sha256):
                found = key
        return found

    def _count(self, caller: str) -> None:
        """A bucket that fills up within a minute."""
        most, now = float(self._settings.requests_per_minute), time.monotonic()
        if len(self._allowances) >= _CALLERS:
            self._allowances = {name: kept for name, kept in self._allowances.items() if now - kept.at < 60}
        allowance = self._allowances.setdefault(caller, _Allowance(most, now))
        allowance.left = min(most, allowance.left + (now - allowance.at) * most / 60)
        allowance.at = now
        if allowance.left < 1:
            wait = max(1, round(60 / most))
            detail = f"more than {most:g} requests a minute (api.requests_per_minute): wait {wait} s"
            raise _Refusal(429, "too many requests", detail, {"Retry-After": str(wait)})
        allowance.left -= 1


def _given(headers: Headers) -> str | None:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


async def _body(receive: Receive, headers: Headers) -> bytes:
    too_large = _Refusal(413, "the body is too large", f"at most {_LARGEST_BODY} bytes are taken", {})
    declared = headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared) > _LARGEST_BODY:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > _LARGEST_BODY:
                    raise too_large
                if not message.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        detail = f"the body did not arrive within {_BODY_SECONDS} s"
        raise _Refusal(408, "too slow", detail, {"Connection": "close"}) from None


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
