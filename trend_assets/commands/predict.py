"""`trend predict`: the forecast at a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from trend_assets.commands.console import console, utc_moment
from trend_assets.commands.forecast_table import forecast_table
from trend_assets.forecasting.labels import LABELS
from trend_assets.settings import load_settings

_HOUR = timedelta(hours=1)


def predict(
    at: Annotated[str | None, typer.Option(help="The moment (UTC); its full hour is the cut. Default: now.")] = None,
    label: Annotated[str, typer.Option(help="bursts, breaks_out or emerges.")] = "bursts",
    top: Annotated[int, typer.Option(min=1, max=100, help="How many topics are shown.")] = 10,
) -> None:
    """Forecast from what was known at a moment, store it, and show the likeliest topics.

    Example: trend predict --at 2015-03-02T06:00
    """
    from trend_assets.automation.instance import open_instance
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.store import Lake
    from trend_assets.launch import HourRange, materialize_hours
    from trend_assets.operations.history import need_mentions

    if label not in LABELS:
        raise typer.BadParameter(f"--label {label}: expected one of {', '.join(LABELS)}")
    moment = utc_moment(at) if at else datetime.now(UTC)
    cut = moment.replace(minute=0, second=0, microsecond=0)
    settings = load_settings()
    lake = Lake(lake_location(settings), read_only=True)
    need_mentions(lake, cut)
    materialize_hours(open_instance(settings), HourRange(cut - _HOUR, cut), ["predictions"])
    console.print(forecast_table(lake, cut, label, top))
