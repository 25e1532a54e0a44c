"""`trend mcp`: answers assistants by the Model Context Protocol."""

from __future__ import annotations

from trend_assets.settings import load_settings


def mcp() -> None:
    """Answer an assistant's questions by the Model Context Protocol (MCP), over standard input and output.

    The assistant starts this command itself; put it into the assistant's settings. It only reads.

    Example: claude mcp add trends -e TREND_HOME=$PWD/data/demo -- .venv/bin/trend mcp
    """
    # The API takes a second to load, which no other command needs.
    from api.mcp_server import mcp_server

    mcp_server(load_settings()).run("stdio")
