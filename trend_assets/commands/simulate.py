"""`trend simulate`: writes simulated posts to files, or serves them through mock platform APIs."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer

from trend_assets.commands.console import console, utc_hour
from trend_assets.settings import load_settings

#: More than X's recent search and YouTube's chart look back.
_SERVED_DAYS = timedelta(days=8)


def simulate(
    start: Annotated[str | None, typer.Option(help="First day or hour (UTC), not before simulator.start.")] = None,
    end: Annotated[str | None, typer.Option(help="Where it ends, exclusive (UTC).")] = None,
    out: Annotated[Path, typer.Option(help="Folder for one JSON-lines file a source.")] = Path("simulated"),
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Serve the world on this port instead, as it is now.")
    ] = None,
    faults: Annotated[float, typer.Option(min=0, max=1, help="With --port: the share of requests that go wrong.")] = 0,
    kind: Annotated[list[str] | None, typer.Option(help="With --faults: only this kind; may be repeated.")] = None,
) -> None:
    """Write what the simulated world posts and searches, in the platforms' wire formats, or serve it.

    Example: trend simulate --start 2026-01-05 --end 2026-01-12 --out /tmp/world

    Example: trend simulate --port 8123 --faults 0.05 --kind 429 --kind cut
    """
    if port is not None:
        _serve(port, faults, kind, start)
        return
    if start is None or end is None:
        raise typer.BadParameter("give --start and --end for files, or --port to serve")
    _write(start, end, out)


def _write(start: str, end: str, out: Path) -> None:
    from trend_assets.assets.collectors import simulated_collectors

    first, last = utc_hour(start), utc_hour(end)
    if first >= last:
        raise typer.BadParameter(f"--start {start} is not before --end {end}")
    out.mkdir(parents=True, exist_ok=True)
    for collector in simulated_collectors(load_settings().simulator):
        path = out / f"{collector.source}.jsonl"
        count = 0
        with path.open("w", encoding="utf-8") as file:
            for payload in collector.collect(first, last):
                file.write(payload.raw_data + "\n")
                count += 1
        console.print(f"{count:,} simulated payloads of {collector.source} in {path}")


def _serve(port: int, rate: float, kinds: list[str] | None, start: str | None) -> None:
    from trend_assets.simulator.faults import KINDS, Faults
    from trend_assets.simulator.server import MockServer
    from trend_assets.simulator.world import World

    unknown = sorted(set(kinds or ()) - set(KINDS))
    if unknown:
        raise typer.BadParameter(f"--kind {unknown[0]} is none of {', '.join(KINDS)}")
    simulator = load_settings().simulator
    midnight = datetime.combine(datetime.now(UTC).date(), time(), UTC)
    begin = utc_hour(start) if start else midnight - _SERVED_DAYS
    world = World(seed=simulator.seed, start=begin, users=simulator.users)
    server = MockServer(world, faults=Faults(rate, kinds or KINDS), port=port)
    server.open()
    world.hour(datetime.now(UTC))
    console.print(
        f"the simulated world since {begin:%Y-%m-%d %H:%M} UTC, on {server.url}; Ctrl-C stops it. Try it with"
    )
    for name in ("TWITTER", "YOUTUBE", "GOOGLE_TRENDS", "BLUESKY"):
        console.print(f"  TREND_{name}__ENABLED=true TREND_{name}__BASE_URL={server.url}", soft_wrap=True)
    console.print(f"  TREND_MASTODON__ENABLED=true TREND_MASTODON__INSTANCES='[\"{server.url}\"]'", soft_wrap=True)
    console.print("  TREND_TWITTER__BEARER_TOKEN=any TREND_YOUTUBE__API_KEY=any", soft_wrap=True)
    try:
        server.serve()
    except KeyboardInterrupt:
        console.print("stopped")
