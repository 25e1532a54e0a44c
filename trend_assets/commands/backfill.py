"""`trend backfill`: materializes the hourly assets over a range of the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from trend_assets.commands.console import console, errors, progress, utc_hour
from trend_assets.commands.priority import give_way
from trend_assets.errors import TrendError
from trend_assets.settings import Settings, enabled_sources, load_settings
from trend_assets.words import counted

if TYPE_CHECKING:
    from trend_assets.lake.store import Lake
    from trend_assets.launch import HourRange


#: Fewer near copies than one of so many posts are usual, and change little.
_MENTIONED_COPIES = 10
_COPIES = """
    SELECT (SELECT count(*) FROM events WHERE hour >= $start AND hour < $end),
           (SELECT count(*) FROM near_copies WHERE hour >= $start AND hour < $end AND len(repeated) > 0)
"""


def backfill(
    start: Annotated[str, typer.Option(help="First day or hour (UTC).")],
    end: Annotated[str, typer.Option(help="Where it ends, exclusive (UTC).")],
    embeddings: Annotated[bool, typer.Option(help="Embed the texts, too.")] = True,
    forecasts: Annotated[bool, typer.Option(help="Forecast at every hour, too.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="Only this asset, e.g. temporal_graph.")] = None,
    chunk_days: Annotated[int, typer.Option(min=1, help="Days a run: bounds memory, and what is done again.")] = 31,
) -> None:
    """Materialize the hourly assets for every hour of a range, as Dagster runs.

    Example: trend backfill --start 2014-01-01 --end 2015-07-01 --no-embeddings
    """
    from trend_assets.automation.instance import open_instance
    from trend_assets.automation.jobs import FLOW_ASSETS, FORECAST_ASSETS, GRAPH_ASSET, GRAPH_ASSETS
    from trend_assets.definitions import make_definitions
    from trend_assets.launch import HourRange, materialize_hours

    give_way()
    first, last = utc_hour(start), utc_hour(end)
    if first >= last:
        raise typer.BadParameter(f"--start {start} is not before --end {end}")
    assets = [name for name in FLOW_ASSETS if embeddings or name != "event_embeddings"]
    if forecasts:
        assets += FORECAST_ASSETS
    settings = load_settings()
    if only:
        assets = [name for asked in only for name in (GRAPH_ASSETS if asked == GRAPH_ASSET else (asked,))]
        sources = [f"sources/{source}" for source in enabled_sources(settings)]
        known = (*FLOW_ASSETS, *sources, GRAPH_ASSET, *FORECAST_ASSETS)
        if unknown := [name for name in only if name not in known]:
            raise typer.BadParameter(f"--only {unknown[0]}: expected one of {', '.join(known)}")
    hours = HourRange(first, last)
    instance, definitions = open_instance(settings), make_definitions(settings)
    with progress("hours") as bar:
        task = bar.add_task("backfill", total=hours.hours)
        for chunk in hours.chunks(chunk_days):
            bar.update(task, description=f"{chunk.start:%Y-%m-%d %H:%M}")
            materialize_hours(definitions, instance, chunk, assets)
            bar.advance(task, chunk.hours)
            if not errors.is_terminal:
                console.print(f"{chunk.start:%Y-%m-%d %H:%M} to {chunk.end:%Y-%m-%d %H:%M}: done")
    _need_posts(settings)
    console.print(f"{counted(hours.hours, 'hour')} materialized: {', '.join(assets)}.")
    _lead_on(settings, assets, hours)


def _lead_on(settings: Settings, assets: list[str], hours: HourRange) -> None:
    """Says what to type next where the hours are those that a forecast or a training reads."""
    from trend_assets.commands.next_steps import after_backfill, after_forecasts, show_next
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.store import Lake
    from trend_assets.operations.history import need_mentions, newest_mention

    lake = Lake(lake_location(settings), read_only=True)
    if "predictions" in assets:
        need_mentions(lake, hours.end)
        show_next(after_forecasts(hours.end, newest_mention(lake)))
    elif "temporal_edges" in assets:
        _tell_copies(lake, hours)
        show_next(after_backfill(lake, settings))


def _tell_copies(lake: Lake, hours: HourRange) -> None:
    """Posts from a template would else vanish from the counts without a word."""
    posts, copies = lake.read(_COPIES, {"start": hours.start, "end": hours.end}).row(0)
    if copies * _MENTIONED_COPIES > posts:
        console.print(
            f"{copies:,} of {counted(posts, 'post')} are near copies of one in the 24 hours before: they count for no "
            "topic again, unless enrichment.copies_count_once is false.",
            soft_wrap=True,
        )


def _need_posts(settings: Settings) -> None:
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.store import Lake

    lake = Lake(lake_location(settings), read_only=True)
    if lake.read("SELECT 1 FROM raw_events LIMIT 1").is_empty():
        raise TrendError(
            "there was nothing to backfill: no source that is enabled gave anything, and nothing has been "
            "imported yet: run `trend import FILE` first"
        )
