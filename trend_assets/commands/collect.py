"""`trend collect`: collects one hour from the sources, now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from trend_assets.commands.collection_tables import hour_rows, hour_table
from trend_assets.commands.console import console, utc_hour
from trend_assets.errors import TrendError
from trend_assets.periods import hour_start
from trend_assets.settings import Settings, enabled_sources, load_settings

_HOUR = timedelta(hours=1)


def collect(
    source: Annotated[str | None, typer.Option(help="Ask only this source, e.g. twitter.")] = None,
    hour: Annotated[str | None, typer.Option(help="The hour (UTC) to ask for; else the last one that is over.")] = None,
    embeddings: Annotated[bool, typer.Option(help="Embed new texts, too.")] = True,
) -> None:
    """Collect an hour from all enabled sources, or from one, whatever the schedule does.

    What is known already is not added again. A source whose key was refused is asked at once; one that said
    when to come back is left alone until then. Exit status 1 where a source failed.

    Example: trend collect --source twitter --hour 2026-11-25T08:00
    """
    from trend_assets.assets.declare import SOURCE_ASSETS
    from trend_assets.automation.instance import open_instance
    from trend_assets.automation.jobs import FLOW_ASSETS
    from trend_assets.definitions import make_definitions
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.store import Lake
    from trend_assets.launch import HourRange, materialize_hours

    settings, now = load_settings(), datetime.now(UTC)
    _refuse_unknown(settings, source)
    start = utc_hour(hour) if hour else hour_start(now) - _HOUR
    if start + _HOUR > now:
        raise typer.BadParameter(f"the hour {start:%Y-%m-%d %H:%M} UTC is not over yet")
    asked = HourRange(start, start + _HOUR)
    instance, definitions = open_instance(settings), make_definitions(settings)
    sources = SOURCE_ASSETS if source is None else f"sources/{source}"
    materialize_hours(definitions, instance, asked, [sources])
    lake = Lake(lake_location(settings), read_only=True)
    rows = hour_rows(lake, start, now)
    console.print(f"{start:%Y-%m-%d %H:%M} UTC")
    console.print(hour_table(rows, settings, datetime.now(UTC)))
    # Of a simulated source nobody counts what is new.
    if settings.simulator.enabled or any(row["added"] for row in rows):
        left_out = {SOURCE_ASSETS} if embeddings else {SOURCE_ASSETS, "event_embeddings"}
        derived = [name for name in FLOW_ASSETS if name not in left_out]
        materialize_hours(definitions, instance, asked, derived)
        console.print(f"derived anew: {', '.join(derived)}")
    if any(row["status"] == "failed" for row in rows):
        raise typer.Exit(1)


def _refuse_unknown(settings: Settings, source: str | None) -> None:
    enabled = enabled_sources(settings)
    if not enabled:
        raise TrendError("no source is enabled: set e.g. google_trends.enabled, which needs no key, to true")
    if source is not None and source not in enabled:
        raise typer.BadParameter(f"{source!r} is no enabled source: enabled are {', '.join(enabled)}")
