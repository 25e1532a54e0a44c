"""`trend demo`: runs the whole platform on simulated posts, or on your own files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import yaml

from trend_assets.commands.console import console, progress
from trend_assets.errors import TrendError
from trend_assets.periods import hour_start, monday
from trend_assets.settings import Settings, load_settings

if TYPE_CHECKING:
    from trend_assets.launch import HourRange

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_WEEKS = 4


class Mode(StrEnum):
    """Which part of the demo."""

    FULL = "full"
    COLLECT = "collect"
    PREDICT = "predict"
    STATUS = "status"
    API = "api"


@dataclass(frozen=True, slots=True)
class Plan:
    """The demo's days: history, then one live day, then the day that tells who was right, then what came until now.

    Args:
        start: first hour.
        live: first hour of the live day.
        now: where the last hour ends that is over; None where nothing comes after.
    """

    start: datetime
    live: datetime
    now: datetime | None = None

    @property
    def cut(self) -> datetime:
        """The end of the live day, at which the shown forecast is made."""
        return self.live + _DAY

    @property
    def end(self) -> datetime:
        """Where the day ends that tells who was right."""
        return self.cut + _DAY

    @property
    def week(self) -> datetime:
        """The Monday whose model forecasts the live day."""
        return monday(self.live)


def demo(
    mode: Annotated[Mode, typer.Option(help="What to do.")] = Mode.FULL,
    archive: Annotated[Path | None, typer.Option(help="Your own posts instead of the simulated world.")] = None,
    more: Annotated[list[Path] | None, typer.Argument(help="More files for --archive.")] = None,
    columns: Annotated[str | None, typer.Option(help="Column map for --archive, as in `trend import`.")] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Then go on by itself, hour by hour until now, with the dashboard open.")
    ] = False,
    speed: Annotated[float, typer.Option(min=0.1, max=60, help="With --live: hours of its world a minute.")] = 6,
) -> None:
    """Run the platform from posts to scored forecasts, in a home of its own (data/demo).

    Example: trend demo --mode full

    Example: trend demo --live --speed 6

    Example: trend demo --archive tweets/2014-0*.jsonl.gz
    """
    if live and (archive or mode is not Mode.FULL):
        raise typer.BadParameter("--live goes with the simulated world and --mode full")
    if more and not archive:
        raise typer.BadParameter(f"{more[0]}: say --archive before the files")
    files = [archive, *(more or [])] if archive else []
    settings = _demo_settings(simulated=not files, live=live)
    if mode is Mode.STATUS:
        from trend_assets.commands.status import show_status

        show_status(settings)
        return
    if mode is Mode.API:
        _serve(settings)
        return
    plan = _import(settings, files, columns) if files else _simulated_plan(settings, datetime.now(UTC))
    if not files:
        console.print(
            "[bold]Everything below is a simulated world[/bold]: no real post, person or trend "
            f"(seed {settings.simulator.seed}, home {settings.home})."
        )
    if live and _goes_on(settings, plan, speed):
        return
    if mode in (Mode.FULL, Mode.COLLECT):
        _backfill(settings, plan)
    if mode in (Mode.FULL, Mode.PREDICT):
        _train(settings, plan)
        _live_day(settings, plan)
        _truth(settings, plan)
        _until_now(settings, replace(plan, now=plan.end) if live else plan)
        from trend_assets.commands import demo_report

        demo_report.show(settings, plan.live, plan.cut)
        if not (live and _goes_on(settings, plan, speed)):
            _where_next(settings)


def _goes_on(settings: Settings, plan: Plan, speed: float) -> bool:
    """Lets the world of a demo that is through go on; gives whether it was."""
    from trend_assets.commands.demo_live import go_on, newest_forecast

    newest = newest_forecast(settings)
    if newest is None or newest < plan.end:
        return False
    go_on(settings, newest, speed)
    return True


def _demo_settings(*, simulated: bool, live: bool = False) -> Settings:
    """The settings in force, in a home of the demo's own, so that simulated and real posts never mix."""
    settings = load_settings()
    name = "demo" if simulated else "demo-archive"
    if settings.home.name != name:
        os.environ["TREND_HOME"] = str(settings.home / name)
    if simulated:
        home = settings.home if settings.home.name == name else settings.home / name
        _keep_settings(home, settings, datetime.now(UTC) - live * timedelta(weeks=1))
    return load_settings()


def _keep_settings(home: Path, settings: Settings, now: datetime) -> None:
    """So that whatever opens the demo's home later knows that its world is simulated, and when that began.

    The world's live day is the latest Monday whose next day is over at that time, unless `simulator.start` was set.
    """
    path = home / "trend.yaml"
    if path.exists():
        return
    home.mkdir(parents=True, exist_ok=True)
    chosen = "start" in settings.simulator.model_fields_set
    start = settings.simulator.start if chosen else (monday(now - 2 * _DAY) - timedelta(weeks=_WEEKS)).date()
    simulator = {**settings.simulator.model_dump(), "enabled": True, "start": start}
    # A date of its own, else YAML writes an anchor and an alias.
    values = {"schedule": {"history_start": start.replace(), "enabled": True}, "simulator": simulator}
    path.write_text("# Settings of the demo's simulated world.\n" + yaml.safe_dump(values), encoding="utf-8")


def _simulated_plan(settings: Settings, now: datetime) -> Plan:
    start = datetime.combine(settings.simulator.start, time(), UTC)
    return Plan(start, start + timedelta(weeks=_WEEKS), hour_start(now))


def _import(settings: Settings, files: list[Path], columns: str | None) -> Plan:
    from trend_assets.commands.import_archive import column_map, import_all
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.store import Lake

    lake = Lake(lake_location(settings))
    reports = import_all(lake, files, column_map(settings, columns), settings)
    if any(report.failed for report in reports):
        raise typer.Exit(1)
    first, last = lake.read("SELECT min(hour), max(hour) FROM raw_events").row(0)
    if first is None or last - first < timedelta(weeks=2):
        raise TrendError("these files span less than two weeks: the demo needs history, a live day and its truth")
    return Plan(first.replace(hour=0), last.replace(hour=0) - _DAY)


@contextmanager
def _step(title: str) -> Iterator[None]:
    began = datetime.now(UTC)
    with console.status(title):
        yield
    console.print(f"{title}: {(datetime.now(UTC) - began).total_seconds():.0f} s")


def _materializer(settings: Settings) -> Callable[[HourRange, Sequence[str]], str]:
    """Materializes assets for the hours of a range, in one run."""
    from trend_assets.automation.instance import open_instance
    from trend_assets.definitions import make_definitions
    from trend_assets.launch import materialize_hours

    return partial(materialize_hours, make_definitions(settings), open_instance(settings))


def _backfill(settings: Settings, plan: Plan) -> None:
    from trend_assets.automation.jobs import FLOW_ASSETS
    from trend_assets.launch import HourRange

    materialize = _materializer(settings)
    hours = HourRange(plan.start, plan.live)
    with _step(f"{hours.hours:,} hours of history: collected, enriched, embedded, made a graph"):
        for chunk in hours.chunks(31):
            materialize(chunk, FLOW_ASSETS)


def _train(settings: Settings, plan: Plan) -> None:
    from trend_assets.automation.instance import open_instance
    from trend_assets.definitions import make_definitions
    from trend_assets.launch import materialize_week

    with _step(f"TGN of the week of {plan.week:%Y-%m-%d} trained"):
        materialize_week(make_definitions(settings), open_instance(settings), plan.week)


def _live_day(settings: Settings, plan: Plan) -> None:
    """Each hour a run of the scheduled job, as in production."""
    from trend_assets.automation.jobs import FLOW_ASSETS, FORECAST_ASSETS
    from trend_assets.launch import HourRange

    materialize = _materializer(settings)
    hours = list(HourRange(plan.live, plan.cut).each())
    with _step("a live day, hour by hour, each a run of the hourly job"), progress("hours") as bar:
        for hour in bar.track(hours, description=f"{plan.live:%Y-%m-%d}"):
            materialize(hour, [*FLOW_ASSETS, *FORECAST_ASSETS])


def _truth(settings: Settings, plan: Plan) -> None:
    from trend_assets.automation.jobs import FLOW_ASSETS
    from trend_assets.launch import HourRange

    materialize = _materializer(settings)
    with _step("the day after, and the score of each forecast"):
        materialize(HourRange(plan.cut, plan.end), [*FLOW_ASSETS, "prediction_outcomes"])


def _until_now(settings: Settings, plan: Plan) -> None:
    """The hours since, so that whoever opens the demo finds it up to date, and the schedule goes on from there."""
    from trend_assets.automation.jobs import FLOW_ASSETS, FORECAST_ASSETS
    from trend_assets.launch import HourRange

    if plan.now is None or plan.now < plan.end:
        return
    materialize = _materializer(settings)
    since, day_after = HourRange(plan.end, plan.now), HourRange(plan.cut, plan.now)
    with _step(f"{since.hours:,} hours since then, and their forecasts"):
        if since.hours:
            materialize(since, FLOW_ASSETS)
        materialize(day_after, FORECAST_ASSETS)


def _serve(settings: Settings) -> None:
    import uvicorn

    from trend_assets.settings.exposure import refuse_open_api

    refuse_open_api(settings.api)
    console.print(f"http://{settings.api.host}:{settings.api.port}/docs (Ctrl-C stops it)")
    uvicorn.run("api.app:app", factory=True, host=settings.api.host, port=settings.api.port, log_level="warning")


def _where_next(settings: Settings) -> None:
    from trend_assets.commands.next_steps import Step, show_next

    home = settings.home
    shown = home.relative_to(Path.cwd()) if home.is_relative_to(Path.cwd()) else home
    console.print()
    show_next(
        [
            Step(f"TREND_HOME={shown} trend up", "dashboard, API and Dagster UI; goes on every hour"),
            Step(f'TREND_HOME={shown} trend sql "from predictions limit 5"', "asks the lake in SQL"),
        ]
    )
