"""`trend mcp`, asked by the protocol's own client over standard input and output."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client, StdioServerParameters

from api.app import create_app
from api.mcp_server import mcp_server
from trend_assets.settings import Settings
from trend_assets_tests.api.conftest import CUT, fill

TOOLS = {"rising_topics", "topic", "search_topics", "accuracy", "collection"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("mcp")
    fill(home)
    return home


def in_session(server: Any, questions: Callable[[Client], Awaitable[None]]) -> None:
    async def session() -> None:
        async with Client(server) as client:
            await questions(client)

    asyncio.run(session())


async def ask(client: Client, tool: str, **given: Any) -> Any:
    answer = await client.call_tool(tool, given)
    assert not answer.is_error, answer
    return answer.structured_content


def test_the_command_lists_its_tools_and_answers_three_questions(home: Path) -> None:
    command = StdioServerParameters(
        command=sys.executable,
        args=["-c", "from trend_assets.cli import main; main()", "mcp"],
        env={**os.environ, "TREND_HOME": str(home)},
    )

    async def questions(client: Client) -> None:
        listed = (await client.list_tools()).tools
        assert {tool.name for tool in listed} == TOOLS
        assert all(tool.description and tool.annotations and tool.annotations.read_only_hint for tool in listed)
        rising = await ask(client, "rising_topics", limit=3)
        assert [row["topic"] for row in rising["items"]] == ["#topic0", "#topic1", "#topic2"]
        story = await ask(client, "topic", name="$cash / flow")
        assert story["mentions"] == 1
        measured = await ask(client, "accuracy", label="emerges")
        assert measured["cuts"] == 2 and measured["reason"] is None
        week = await ask(client, "accuracy", horizon=168)
        assert (week["horizon_hours"], week["cuts"]) == (168, 0) and week["reason"]

    in_session(command, questions)


def test_it_says_what_the_api_says_though_reading_needs_a_key(home: Path) -> None:
    settings = Settings(home=home)
    closed = settings.model_copy(update={"api": settings.api.model_copy(update={"open_reads": False})})

    async def questions(client: Client) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(settings)), base_url="http://a") as api:
            for tool, given, path in (
                ("rising_topics", {"at": CUT.isoformat()}, f"/predictions/top?at={CUT:%Y-%m-%dT%H:%M}Z"),
                ("search_topics", {"words": "#topic", "by_meaning": False}, "/topics?prefix=%23topic&limit=20"),
                ("collection", {}, "/collection/status"),
            ):
                assert json.loads(json.dumps(await ask(client, tool, **given))) == (await api.get(path)).json()

    in_session(mcp_server(closed), questions)


def test_an_error_says_what_to_do(home: Path) -> None:
    async def questions(client: Client) -> None:
        answer = await client.call_tool("topic", {"name": "#nothing"})
        assert answer.is_error and "`search_topics`" in answer.content[0].text
        naive = await client.call_tool("rising_topics", {"at": "2024-01-02T00:00:00"})
        assert naive.is_error and "names no time zone" in naive.content[0].text
        unknown = await client.call_tool("rising_topics", {"days": 3})
        assert unknown.is_error and "takes no days; it takes label, horizon" in unknown.content[0].text

    in_session(mcp_server(Settings(home=home)), questions)
