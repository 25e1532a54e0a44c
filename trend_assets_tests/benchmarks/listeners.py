"""Many idle listeners of `/stream`, and whether a new forecast reaches each."""

from __future__ import annotations

import asyncio
import resource
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import PREDICTIONS

_REACH_SECONDS = 30.0
_AT_ONCE = 50


async def listen(url: str, home: Path, listeners: int, idle_seconds: float) -> dict[str, Any]:
    """Opens the streams, waits, writes one forecast, and counts whom it reached.

    Args:
        url: of the API.
        home: of its lake, which gets one more cut.
        listeners: how many.
        idle_seconds: before the forecast is written.

    Returns:
        How many were connected and reached, seconds from the commit until the first, the median and the last heard.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, listeners + 1000)), hard))
    heard: list[float] = []
    connected: list[float] = []
    marker: list[bytes] = []
    gate = asyncio.Semaphore(_AT_ONCE)
    tasks = [asyncio.create_task(_listener(url, gate, connected, marker, heard)) for _ in range(listeners)]
    deadline = time.monotonic() + 60
    while len(connected) < listeners and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    await asyncio.sleep(idle_seconds)
    still = sum(not task.done() for task in tasks)
    cut = await asyncio.to_thread(_next_cut, home)
    marker.append(cut.strftime('"cut":"%Y-%m-%dT%H:%M').encode())
    await asyncio.to_thread(_write, home, cut)
    written = time.monotonic()
    await asyncio.wait(tasks, timeout=_REACH_SECONDS)
    for task in tasks:
        task.cancel()
    delays = np.array(heard) - written
    reached = {"first": delays.min(), "median": np.median(delays), "last": delays.max()} if heard else {}
    return {
        "connected": len(connected),
        "connected_after_idling": still,
        "reached": len(heard),
        "seconds_to_reach": {name: round(float(value), 2) for name, value in reached.items()},
    }


async def _listener(
    url: str, gate: asyncio.Semaphore, connected: list[float], marker: list[bytes], heard: list[float]
) -> None:
    """A client as thin as can be: a thousand of anything more would measure the client."""
    address = urlsplit(url)
    async with gate:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(b"GET /stream HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
        await reader.readuntil(b"event: status")
    connected.append(time.monotonic())
    try:
        while line := await reader.readline():
            if marker and line.startswith(b"data:") and marker[0] in line:
                heard.append(time.monotonic())
                return
    finally:
        writer.close()


def _next_cut(home: Path) -> Any:
    lake = Lake(LakeLocation(home), read_only=True)
    newest = lake.read("SELECT max(cut) AS cut FROM predictions")["cut"][0]
    lake.close()
    return newest + timedelta(hours=1)


def _write(home: Path, cut: Any) -> None:
    """The forecast before, once more, an hour later."""
    lake = Lake(LakeLocation(home))
    hour = timedelta(hours=1)
    before = lake.read_table(PREDICTIONS, cut - 2 * hour, cut - hour)
    moved = before.with_columns(hour=before["hour"] + hour, cut=before["cut"] + hour)
    lake.write(PREDICTIONS, moved, cut - hour, cut)
    lake.close()
