"""Tools for assistants by the Model Context Protocol: the API's answers, read-only, over standard input and output."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

import httpx
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import Field

from api.app import create_app
from api.models.common import Label, Made, SourceName
from trend_assets import __version__
from trend_assets.settings import Settings

_INSTRUCTIONS = (
    "Forecasts of which topics will rise, made from collected posts, and how often they were right. All times are UTC. "
    "Where there is no answer, `reason` says why. `simulated` says whether the posts were made up for a demo."
)
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)

_Label = Annotated[
    Label, Field(description="emerges: will grow; bursts: unusually high for this topic; breaks_out: new and rising.")
]
_Ahead = Annotated[int | None, Field(ge=1, le=168, description="Hours ahead, e.g. 6 or 168; default: a day.")]
_Limit = Annotated[int, Field(ge=1, le=100, description="How many at most.")]
_From = Annotated[datetime | None, Field(description="First hour, with a time zone; default: a week ago.")]
_Until = Annotated[datetime | None, Field(description="Where the span ends, exclusive; default: now.")]


class _StrictServer(MCPServer):
    """Refuses arguments that a tool does not take: left out in silence, the answer would be to another question."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Calls a tool; `ToolError` names the arguments that it takes where there are others."""
        taken = self._tool_input_schema(name)
        if taken is not None and (unknown := sorted(arguments.keys() - taken["properties"].keys())):
            raise ToolError(f"{name} takes no {', '.join(unknown)}; it takes {', '.join(taken['properties'])}")
        return await super().call_tool(name, arguments, context)


def mcp_server(settings: Settings) -> MCPServer:
    """A server whose tools ask the API inside this process.

    Args:
        settings: where the lake is. Keys of the API are not asked for: who starts this may read the lake itself.
    """
    app = create_app(settings.model_copy(update={"api": settings.api.model_copy(update={"open_reads": True})}))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://mcp", timeout=None)

    @asynccontextmanager
    async def lifespan(_: MCPServer) -> AsyncIterator[None]:
        async with app.router.lifespan_context(app), client:
            yield

    server = _StrictServer("trend_assets", version=__version__, instructions=_INSTRUCTIONS, lifespan=lifespan)

    async def ask(path: str, **parameters: Any) -> dict[str, Any]:
        given = {name: _text(value) for name, value in parameters.items() if value is not None}
        answer = await client.get(path, params=given)
        if answer.is_error:
            raise ToolError(answer.json()["detail"])
        found: dict[str, Any] = answer.json()
        return found

    @server.tool(annotations=_READS)
    async def rising_topics(
        label: _Label = Label.EMERGES,
        horizon: _Ahead = None,
        at: Annotated[datetime | None, Field(description="As it was seen at this moment; default: now.")] = None,
        source: Annotated[SourceName | None, Field(description="Only topics that this source named.")] = None,
        language: Annotated[str | None, Field(description="Only topics of posts in it (BCP 47, e.g. de).")] = None,
        community: Annotated[str | None, Field(description="As mastodon:fosstodon.org: topics of posts there.")] = None,
        spam: Annotated[bool | None, Field(description="True: topics that look like spam, too.")] = None,
        limit: _Limit = 10,
    ) -> dict[str, Any]:
        """The topics likeliest to rise, with the calibrated probability, the expected size, and what came true."""
        asked = {"label": label, "horizon": horizon, "at": at, "source": source, "language": language}
        return await ask("/predictions/top", **asked, community=community, spam=spam, k=limit)

    @server.tool(annotations=_READS)
    async def topic(
        name: Annotated[str, Field(description="As #tag, $cashtag or phrase.")],
        start: _From = None,
        end: _Until = None,
    ) -> dict[str, Any]:
        """One topic: mentions by hour, forecasts and outcomes, sample posts, who writes of it, related topics."""
        return await ask(f"/topics/{quote(name, safe='')}", start=start, end=end)

    @server.tool(annotations=_READS)
    async def search_topics(
        words: Annotated[str, Field(description="What to look for.")],
        by_meaning: Annotated[bool, Field(description="False: topics that begin with the words.")] = True,
        start: _From = None,
        end: _Until = None,
        limit: _Limit = 20,
    ) -> dict[str, Any]:
        """Topics whose posts mean nearly the same as some words, or whose names begin with them."""
        return await ask("/topics", start=start, end=end, limit=limit, **{"similar" if by_meaning else "prefix": words})

    @server.tool(annotations=_READS)
    async def accuracy(
        label: _Label = Label.EMERGES,
        horizon: _Ahead = None,
        made: Annotated[
            Made, Field(description="When they were made; `scored` counts those of each kind.")
        ] = Made.LIVE,
        start: Annotated[
            datetime | None, Field(description="First hour, with a time zone; default: twelve weeks ago.")
        ] = None,
        end: _Until = None,
    ) -> dict[str, Any]:
        """How right the forecasts were beside counting, week by week, and how well their confidence held."""
        return await ask("/accuracy", label=label, horizon=horizon, made=made, start=start, end=end)

    @server.tool(annotations=_READS)
    async def collection() -> dict[str, Any]:
        """What was collected hour by hour, gaps and their reasons, and quotas left."""
        return await ask("/collection/status")

    return server


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
