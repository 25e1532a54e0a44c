"""`trend up`: the Dagster UI, its daemon, the API and the dashboard; one Ctrl-C stops them all."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from trend_assets.commands.console import console, errors
from trend_assets.errors import TrendError
from trend_assets.settings import Settings, load_settings

_START_SECONDS = 120
_STOP_SECONDS = 15
_POLL_SECONDS = 0.5


@dataclass(slots=True)
class Service:
    """One process that `trend up` keeps.

    Args:
        name: how people call it.
        command: its arguments.
        url: where people open it; None for one that nobody opens.
        health: an address that answers once it is ready.
        port: the variable under which the others learn its port, and the port.
    """

    name: str
    command: list[str]
    url: str | None = None
    health: str | None = None
    port: tuple[str, int] | None = None
    process: subprocess.Popen[bytes] | None = None


def up() -> None:
    """Start the Dagster UI with its daemon, the API and the dashboard; Ctrl-C stops them all.

    Example: TREND_HOME=data/demo trend up
    """
    from trend_assets.automation.instance import dagster_environment, prepare_home
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.store import Lake

    settings = load_settings()
    prepare_home(settings)
    Lake(lake_location(settings)).close()
    services = _services(settings)
    environment = {**os.environ, **dagster_environment(settings), **_ports(services)}
    stopping = _until_signal()
    try:
        for service in services:
            _start(service, settings, environment)
        _wait_until_ready(services, stopping)
        for service in services:
            if service.url:
                console.print(f"{service.name:<12} {service.url}")
        console.print(f"logs in {settings.logs_folder}; Ctrl-C stops everything")
        _watch(services, stopping)
    finally:
        _stop(services)


def _services(settings: Settings) -> list[Service]:
    workspace = Path(__file__).resolve().parents[2] / "workspace.yaml"
    ui_port = free_port(settings.dagster.host, settings.dagster.port)
    api_port = free_port(settings.api.host, settings.api.port)
    ui = f"http://{settings.dagster.host}:{ui_port}"
    api = f"http://{settings.api.host}:{api_port}"
    python = sys.executable
    return [
        Service(
            "Dagster UI",
            [
                python,
                "-m",
                "dagster_webserver",
                "-w",
                str(workspace),
                "-h",
                settings.dagster.host,
                "-p",
                str(ui_port),
            ],
            ui,
            f"{ui}/server_info",
            ("TREND_DAGSTER__PORT", ui_port),
        ),
        Service("Daemon", [python, "-m", "dagster._daemon", "run", "-w", str(workspace)]),
        Service(
            "API",
            [python, "-m", "uvicorn", "api.app:app", "--host", settings.api.host, "--port", str(api_port)],
            f"{api}/docs",
            f"{api}/openapi.json",
            ("TREND_API__PORT", api_port),
        ),
        *_dashboard(settings),
    ]


def _dashboard(settings: Settings) -> list[Service]:
    """The dashboard, where it is installed."""
    if importlib.util.find_spec("streamlit") is None:
        errors.print("no dashboard: install it with `pip install 'trend-assets[dashboard]'`", markup=False)
        return []
    host = settings.dashboard.host
    port = free_port(host, settings.dashboard.port)
    script = Path(__file__).resolve().parents[2] / "api" / "dashboard.py"
    options = {
        "server.address": host,
        "server.port": port,
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    address = f"http://{host}:{port}"
    command = [sys.executable, "-m", "streamlit", "run", str(script), *flags]
    return [Service("Dashboard", command, address, f"{address}/_stcore/health")]


def _ports(services: list[Service]) -> dict[str, str]:
    """Where a usual port was taken, the others must know which one is used instead."""
    return {name: str(port) for name, port in (service.port for service in services if service.port)}


def free_port(host: str, wanted: int) -> int:
    """`wanted`, or a free port where it is taken, which is said."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
            return wanted
        except OSError:
            pass
    with socket.socket() as probe:
        probe.bind((host, 0))
        found = int(probe.getsockname()[1])
    errors.print(f"port {wanted} is taken: using {found}")
    return found


def _start(service: Service, settings: Settings, environment: dict[str, str]) -> None:
    log = settings.logs_folder / f"{service.name.lower().replace(' ', '_')}.log"
    with log.open("ab") as file:
        # A session of its own, so that a Ctrl-C reaches it through us, once, and with its children.
        service.process = subprocess.Popen(
            service.command, env=environment, stdout=file, stderr=file, start_new_session=True
        )


def _until_signal() -> Callable[[], bool]:
    stopped = False

    def stop(_: int, __: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    return lambda: stopped


def _wait_until_ready(services: list[Service], stopping: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    waiting = [service for service in services if service.health]
    while waiting and not stopping():
        _refuse_dead(services)
        waiting = [service for service in waiting if not _answers(service.health or "")]
        if waiting and time.monotonic() > deadline:
            names = ", ".join(service.name for service in waiting)
            raise TrendError(f"{names} did not answer within {_START_SECONDS} s: see the logs folder")
        time.sleep(_POLL_SECONDS)


def _watch(services: list[Service], stopping: Callable[[], bool]) -> None:
    while not stopping():
        _refuse_dead(services)
        time.sleep(_POLL_SECONDS)
    console.print("stopping …")


def _refuse_dead(services: list[Service]) -> None:
    for service in services:
        if service.process and service.process.poll() is not None:
            raise TrendError(
                f"{service.name} ended with exit status {service.process.returncode}: see its log in the logs folder"
            )


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return 200 <= answer.status < 500
    except (urllib.error.URLError, OSError):
        return False


def _stop(services: list[Service]) -> None:
    running = [service.process for service in services if service.process and service.process.poll() is None]
    for process in running:
        process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + _STOP_SECONDS
    for process in running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(deadline - time.monotonic(), 0.1))
    for service in services:
        if service.process:
            _kill_session(service.process.pid)


def _kill_session(leader: int) -> None:
    """What a service started and did not stop itself must not outlive it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
