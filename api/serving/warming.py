"""Cache warming: requests the most common answers as soon as the API runs."""

from __future__ import annotations

import asyncio
import logging

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: As the dashboard's pages ask. Other questions are made from the same answers of the lake.
FIRST = (
    "/summary?label=emerges",
    "/predictions/cards?label=emerges&k=10",
    "/topics?limit=20",
    "/accuracy?label=emerges",
    "/predictions/horizons",
    "/summary",
    "/training/status",
    "/collection/status",
    "/metrics",
    "/openapi.json",
)

#: Its name.
TASK = "warming"

_log = logging.getLogger("api")


class Warming:
    """ASGI middleware: sends the most common requests to the application, one by one, once it has started.

    Args:
        app: is asked; what stands before this (keys, quotas, counting) does not see the questions.
        paths: with their queries.
    """

    def __init__(self, app: ASGIApp, paths: tuple[str, ...] = FIRST) -> None:
        self._app = app
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes everything on; asks once the application has started."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        asking: list[asyncio.Task[None]] = []

        async def started(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                asking.append(asyncio.create_task(self._ask(scope), name=TASK))

        async def until_stopped() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                for task in asking:
                    task.cancel()
            return message

        await self._app(scope, until_stopped, started)

    async def _ask(self, started: Scope) -> None:
        async def behind(scope: Scope, receive: Receive, send: Send) -> None:
            await self._app({**scope, "app": started.get("app")}, receive, send)

        # A question that fails fails again where somebody asks it, and tells him why.
        transport = httpx.ASGITransport(behind, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            for path in self._paths:
                answer = await client.get(path)
                _log.debug("asked %s at the start: %d", path, answer.status_code)
