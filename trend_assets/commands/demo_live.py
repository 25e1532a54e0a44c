"""`trend demo --live`: the simulated world goes on by itself, faster than the clock, beside its dashboard."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from trend_assets.automation.instance import open_instance
from trend_assets.automation.jobs import FLOW_ASSETS, FORECAST_ASSETS
from trend_assets.commands.console import as_typed, console
from trend_assets.commands.up.services import dashboard
from trend_assets.definitions import make_definitions
from trend_assets.errors import TrendError
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.launch import HourRange, materialize_hours
from trend_assets.periods import hour_start
from trend_assets.settings import Settings

_HOUR = timedelta(hours=1)
_START_SECONDS, _STOP_SECONDS = 120, 30


def newest_forecast(settings: Settings) -> datetime | None:
    """Until when the home's demo has gone on; None where it made no forecast yet."""
    if not lake_location(settings).home.is_dir():
        return None
    try:
        lake = Lake(lake_location(settings), read_only=True)
    except TrendError:
        return None
    newest: datetime | None = lake.read("SELECT max(cut) AS cut FROM predictions")["cut"][0]
    lake.close()
    return newest


def go_on(settings: Settings, since: datetime, a_minute: float) -> None:
    """Runs hour after hour of the simulated world until now, each a run of the hourly job; Ctrl-C stops it.

    Args:
        settings: of the demo's home.
        since: where the last hour ended that was forecast.
        a_minute: hours a minute, at most: an hour that takes longer is waited for.
    """
    hours = HourRange(since, hour_start(datetime.now(UTC)))
    definitions, instance = make_definitions(settings), open_instance(settings)

    def run(hour: HourRange) -> None:
        materialize_hours(definitions, instance, hour, [*FLOW_ASSETS, *FORECAST_ASSETS])
        console.print(f"{hour.end:%Y-%m-%d %H:%M}: collected and forecast")

    with _dashboard(settings) as url:
        console.print(
            f"\n{hours.hours:,} hours are left until now, {a_minute:g} a minute. Watch them on {url} (Ctrl-C stops it)."
        )
        try:
            paced(hours.each(), 60 / a_minute, run)
        except KeyboardInterrupt:
            console.print(as_typed("stopped; `trend demo --live` goes on from here"))
            return
    console.print(as_typed("The world has come to now: `trend up` goes on by the clock."))


def paced(
    hours: Iterable[HourRange],
    seconds: float,
    run: Callable[[HourRange], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Runs each hour, so many seconds after the last one began, or at once where that took longer."""
    for hour in hours:
        began = clock()
        run(hour)
        sleep(max(0.0, began + seconds - clock()))


@contextmanager
def _dashboard(settings: Settings) -> Iterator[str]:
    """The dashboard in a process of its own, which ends with this block; gives its address."""
    service = dashboard(settings)
    settings.logs_folder.mkdir(parents=True, exist_ok=True)
    with (settings.logs_folder / service.log_name).open("ab") as log:
        process = subprocess.Popen(service.command, env={**os.environ, **service.variables}, stdout=log, stderr=log)
    try:
        began = time.time()
        while not service.healthy(began):
            if process.poll() is not None or time.time() - began > _START_SECONDS:
                raise TrendError(f"the dashboard does not start: see {settings.logs_folder / service.log_name}")
            time.sleep(0.5)
        yield service.url
    finally:
        process.terminate()
        process.wait(_STOP_SECONDS)
