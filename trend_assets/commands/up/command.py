"""The `trend up` command: starts the supervisor, prints addresses, and handles Ctrl-C."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from types import FrameType
from typing import Annotated

import typer
from filelock import FileLock, Timeout

from trend_assets.commands.console import as_typed, console
from trend_assets.commands.up.services import Service, answers, services
from trend_assets.commands.up.supervisor import Limits, Supervisor
from trend_assets.errors import TrendError
from trend_assets.settings import Settings, load_settings

#: After which a start that is only checked has failed.
_CHECK_SECONDS = 600


def up(
    check: Annotated[
        bool, typer.Option("--check", help="Stop again once every page has answered; status 1 if one does not.")
    ] = False,
) -> None:
    """Start the Dagster UI with its daemon, and the dashboard with its API (at /docs); Ctrl-C stops them all.

    Each is restarted when it crashes, at most five times in a row. Where a usual port is taken, another is used.

    Example: TREND_HOME=data/demo trend up
    """
    from trend_assets.automation.instance import dagster_environment, open_instance, prepare_home
    from trend_assets.automation.orphans import fail_orphans
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.store import Lake

    settings = _of_demo_if_alone(load_settings())
    prepare_home(settings)
    try:
        # Two daemons on one home would start every scheduled run twice.
        with FileLock(settings.home / "up.lock", timeout=0):
            Lake(lake_location(settings)).close()
            with open_instance(settings) as instance:
                if orphans := fail_orphans(instance):
                    _say(f"{orphans} runs had lost their process: marked as failed")
            _run(settings, {**os.environ, **dagster_environment(settings)}, check)
    except Timeout:
        raise TrendError(
            f"`trend up` runs already on {settings.home}: stop it, or set TREND_HOME to another folder"
        ) from None


def _of_demo_if_alone(settings: Settings) -> Settings:
    """The demo's settings where nobody named a home and no event is in the home's own lake."""
    home, demo = settings.home, settings.home / "demo"
    if "TREND_HOME" in os.environ or not (demo / "lake").exists():
        return settings
    if _holds_event(settings):
        _say(f"this is {home}; the demo: TREND_HOME={demo} trend up")
        return settings
    _say(f"this is the demo in {demo}, for no event is in {home} yet; that one: TREND_HOME={home} trend up")
    os.environ["TREND_HOME"] = str(demo)
    return load_settings()


def _holds_event(settings: Settings) -> bool:
    """Whether there is a lake with an event; a file that was refused leaves one without."""
    from trend_assets.lake.connection import NoLake, lake_location
    from trend_assets.lake.store import Lake

    try:
        with closing(Lake(lake_location(settings), read_only=True)) as lake:
            return not lake.read("SELECT 1 FROM raw_events UNION ALL SELECT 1 FROM events LIMIT 1").is_empty()
    except NoLake:
        return False


def _run(settings: Settings, environment: dict[str, str], check: bool) -> None:
    stopping = _until_signal()
    began = time.monotonic()
    found = services(settings)
    for service in found:
        environment.update(service.variables)
    _say(f"starting {', '.join(service.name for service in found)} …")
    limits = Limits(start_seconds=_CHECK_SECONDS if check else None)
    supervisor = Supervisor(found, settings.logs_folder, environment, _say, limits)
    try:
        supervisor.start(stopping)
        if not stopping():
            for service in reversed(found):
                _say(f"{service.name:<12} {service.url}")
            took = time.monotonic() - began
            _say(f"ready after {took:.0f} s; logs in {settings.logs_folder}; Ctrl-C stops all")
        if check:
            _need_pages(found)
            return
        supervisor.watch(stopping)
        _say("stopping …")
    finally:
        supervisor.stop()


def _need_pages(found: Sequence[Service]) -> None:
    """Raises TrendError where a page does not answer."""
    if silent := [f"{service.name} ({service.url})" for service in found if not answers(service.url)(0)]:
        raise TrendError(f"no page from {', '.join(silent)}: see its log")
    _say("all pages answer")


def _say(text: str) -> None:
    console.print(as_typed(text), soft_wrap=True, markup=False)


def _until_signal() -> Callable[[], bool]:
    """Whether we were told to stop; a second Ctrl-C while stopping changes nothing."""
    stopped = False

    def stop(_: int, __: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    return lambda: stopped
