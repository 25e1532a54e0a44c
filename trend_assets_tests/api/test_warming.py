"""What most people ask first has been asked before they come."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from api.app import create_app
from api.serving.warming import FIRST, TASK, Warming
from trend_assets.settings import DagsterSettings, Settings

#: Their answers are made anew each time.
NEVER_KEPT = {"/metrics"}


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """An application that starts takes the signals that stop it."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


async def run(app: Any, meanwhile: Callable[[], Awaitable[Any]]) -> Any:
    """Starts an application, does something, stops it."""
    given: asyncio.Queue[Message] = asyncio.Queue()
    said: list[str] = []

    async def send(message: Message) -> None:
        said.append(message["type"])

    await given.put({"type": "lifespan.startup"})
    running = asyncio.create_task(app({"type": "lifespan"}, given.get, send))
    found = await asyncio.wait_for(meanwhile(), 60)
    await given.put({"type": "lifespan.shutdown"})
    await asyncio.wait_for(running, 60)
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    return found


async def warm() -> None:
    """Waits until everything was asked."""
    while not (found := [task for task in asyncio.all_tasks() if task.get_name() == TASK]):
        await asyncio.sleep(0.01)
    await found[0]


async def asked_then(home: Path) -> dict[str, tuple[int, str | None]]:
    """How the first questions are answered by an application that has started."""
    app = create_app(Settings(home=home, dagster=DagsterSettings(port=1)))

    async def ask() -> dict[str, tuple[int, str | None]]:
        await warm()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            answers = {path: await client.get(path) for path in FIRST}
        return {path: (answer.status_code, answer.headers.get("cache-status")) for path, answer in answers.items()}

    return await run(app, ask)


@pytest.mark.usefixtures("lake")
def test_the_first_questions_have_been_answered(home: Path) -> None:
    found = asyncio.run(asked_then(home))
    assert found == {path: (200, None if path in NEVER_KEPT else "trend; hit") for path in FIRST}


def test_without_a_lake_it_starts_as_well(home: Path) -> None:
    found = asyncio.run(asked_then(home))
    assert found["/topics?limit=20"][0] == 503 and found["/openapi.json"][0] == 200


def test_it_is_stopped_while_it_asks() -> None:
    asked = asyncio.Event()

    async def never_answers(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            asked.set()
            await asyncio.Event().wait()
        for kind in ("startup", "shutdown"):
            assert (await receive())["type"] == f"lifespan.{kind}"
            await send({"type": f"lifespan.{kind}.complete"})

    async def left() -> list[str]:
        await run(Warming(never_answers), asked.wait)
        await asyncio.sleep(0)
        return [task.get_name() for task in asyncio.all_tasks() if task.get_name() == TASK]

    assert asyncio.run(left()) == []
