"""The `trend up` command: starts the supervisor, prints addresses, and handles Ctrl-C."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from types import FrameType

from filelock import FileLock, Timeout

from trend_assets.commands.console import console
from trend_assets.commands.up.services import services
from trend_assets.commands.up.supervisor import Supervisor
from trend_assets.errors import TrendError
from trend_assets.settings import Settings, load_settings


def up() -> None:
    """Start the Dagster UI with its daemon, the API and the dashboard; Ctrl-C stops them all.

    Each is restarted when it crashes, at most five times in a row. Where a usual port is taken, another is used.

    Example: TREND_HOME=data/demo trend up
    """
    from trend_assets.automation.instance import dagster_environment, prepare_home
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.store import Lake

    settings = load_settings()
    prepare_home(settings)
    try:
        # Two daemons on one home would start every scheduled run twice.
        with FileLock(settings.home / "up.lock", timeout=0):
            Lake(lake_location(settings)).close()
            _run(settings, {**os.environ, **dagster_environment(settings)})
    except Timeout:
        raise TrendError(
            f"`trend up` runs already on {settings.home}: stop it, or set TREND_HOME to another folder"
        ) from None


def _run(settings: Settings, environment: dict[str, str]) -> None:
    stopping = _until_signal()
    began = time.monotonic()
    found = services(settings)
    for service in found:
        environment.update(service.variables)
    _say(f"starting {', '.join(service.name for service in found)} …")
    supervisor = Supervisor(found, settings.logs_folder, environment, _say)
    try:
        supervisor.start(stopping)
        if not stopping():
            for service in reversed(found):
                _say(f"{service.name:<12} {service.url}")
            took = time.monotonic() - began
            _say(f"ready after {took:.0f} s; logs in {settings.logs_folder}; Ctrl-C stops all")
        supervisor.watch(stopping)
        _say("stopping …")
    finally:
        supervisor.stop()


def _say(text: str) -> None:
    console.print(text, soft_wrap=True, markup=False)


def _until_signal() -> Callable[[], bool]:
    """Whether we were told to stop; a second Ctrl-C while stopping changes nothing."""
    stopped = False

    def stop(_: int, __: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    return lambda: stopped
