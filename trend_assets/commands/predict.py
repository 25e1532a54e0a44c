"""`trend predict`: forecasts at a given moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from trend_assets.commands.console import console, utc_moment
from trend_assets.commands.forecast_report import show_forecast
from trend_assets.commands.next_steps import Step, show_next, written
from trend_assets.forecasting.labels import LABELS
from trend_assets.periods import hour_start
from trend_assets.settings import load_settings
from trend_assets.words import DEFAULT_LABEL, TITLES

_HOUR = timedelta(hours=1)
_LABELS = "; ".join(f"{label}: {title[:1].lower()}{title[1:]}" for label, title in TITLES.items()) + "."


def predict(
    at: Annotated[
        str | None, typer.Option(help="The moment (UTC): what was posted until its full hour is known. Default: now.")
    ] = None,
    label: Annotated[str, typer.Option(help=_LABELS)] = DEFAULT_LABEL,
    horizon: Annotated[
        int | None,
        typer.Option(min=1, max=168, help="Hours ahead, as forecast.further_horizons has them; default: 24."),
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=100, help="How many topics are shown.")] = 10,
    spam: Annotated[bool, typer.Option("--spam", help="Show topics that look like spam, too.")] = False,
    newest: Annotated[
        bool, typer.Option(help="Show the newest forecast of that hour, not the first one, which is scored.")
    ] = False,
) -> None:
    """Forecast from what was known at a moment, store it, and show the topics likeliest to grow.

    A forecast that is there stays: another one of the same hour is stored beside it where it differs. Where the
    lake knows what came of it, it says so. Below the table stand the reasons, and how earlier forecasts came out.

    Example: trend predict --at 2015-03-02T06:00
    """
    from trend_assets.automation.instance import open_instance
    from trend_assets.definitions import make_definitions
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.store import Lake
    from trend_assets.launch import HourRange, materialize_hours
    from trend_assets.operations.history import label_settings, need_mentions, newest_mention

    if label not in LABELS:
        raise typer.BadParameter(f"--label {label}: expected one of {', '.join(LABELS)}")
    moment = utc_moment(at) if at else datetime.now(UTC)
    cut = hour_start(moment)
    settings = load_settings()
    labels = label_settings(settings.forecast)
    name = settings.forecast.label(label, horizon)
    if name not in labels.hours_of:
        known = ", ".join(map(str, labels.horizons))
        raise typer.BadParameter(
            f"--horizon {horizon}: `{label}` is not forecast so far ahead. Horizons are {known} h; "
            "forecast.further_horizons adds some for `emerges`"
        )
    lake = Lake(lake_location(settings), read_only=True)
    need_mentions(lake, cut)
    instance, definitions = open_instance(settings), make_definitions(settings)
    materialize_hours(definitions, instance, HourRange(cut - _HOUR, cut), ["predictions"])
    due = cut + timedelta(hours=labels.hours_of[name])
    # What is not collected yet has not come true yet either.
    last = newest_mention(lake)
    if due <= last:
        materialize_hours(definitions, instance, HourRange(due - _HOUR, due), ["prediction_outcomes"])
    show_forecast(lake, settings, cut, name, top, newest=newest, spam=spam)
    if cut - last >= timedelta(hours=labels.window_hours):
        console.print(f"The newest mention of a topic is in the hour until {written(last)} UTC.")
        show_next([Step(f"trend predict --at {written(last)}", "the newest hour")])
