"""`trend simulate`: the simulated world's posts as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trend_assets.commands.console import console, utc_hour
from trend_assets.settings import load_settings


def simulate(
    start: Annotated[str, typer.Option(help="First day or hour (UTC), not before simulator.start.")],
    end: Annotated[str, typer.Option(help="Where it ends, exclusive (UTC).")],
    out: Annotated[Path, typer.Option(help="Folder for one JSON-lines file a source.")] = Path("simulated"),
) -> None:
    """Write what the simulated world posts and searches, in the platforms' wire formats.

    Example: trend simulate --start 2026-01-05 --end 2026-01-12 --out /tmp/world
    """
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
