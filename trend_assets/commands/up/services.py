"""The services that `trend up` runs: Dagster's UI and daemon, the API with the dashboard."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trend_assets.commands.up.ports import address, free_port
from trend_assets.settings import Settings
from trend_assets.settings.exposure import refuse_open_api, refuse_open_ui

_ANSWER_SECONDS = 3
_HEARTBEATS = "{ instance { daemonHealth { allDaemonStatuses { daemonType required lastHeartbeatTime } } } }"

#: Whether a service that was started at a moment (seconds since 1970) does its work.
Check = Callable[[float], bool]


@dataclass(frozen=True, slots=True)
class Service:
    """One process that `trend up` keeps.

    Args:
        name: how people call it.
        command: its arguments.
        url: where people see it.
        healthy: whether it does its work.
        variables: what the others must know of it, as environment variables.
        background: whether it gives way to the others once it is healthy.
    """

    name: str
    command: tuple[str, ...]
    url: str
    healthy: Check
    variables: Mapping[str, str] = field(default_factory=dict)
    background: bool = False

    @property
    def log_name(self) -> str:
        """The file of its log."""
        return f"{self.name.lower().replace(' ', '_')}.log"


def services(settings: Settings) -> list[Service]:
    """The three services, on free ports."""
    from trend_assets.automation.instance import workspace_file

    workspace = str(workspace_file(settings))
    refuse_open_ui(settings.dagster)
    host = settings.dagster.host
    port = free_port(host, settings.dagster.port, "Dagster UI")
    ui = address(host, port)
    return [
        Service(
            "Dagster UI",
            _python("dagster_webserver", "-w", workspace, "-h", host, "-p", str(port)),
            ui,
            answers(f"{ui}/server_info"),
            {"TREND_DAGSTER__PORT": str(port)},
        ),
        # It has no address of its own: the UI shows it. Its runs give way with it.
        Service(
            "Daemon",
            _python("dagster._daemon", "run", "-w", workspace),
            f"{ui}/deployment/daemons",
            _beats(ui),
            background=True,
        ),
        dashboard(settings),
    ]


def dashboard(settings: Settings) -> Service:
    """The API with the dashboard, on a free port."""
    refuse_open_api(settings.api)
    host = settings.api.host
    port = free_port(host, settings.api.port, "Dashboard and API")
    url = address(host, port)
    # The lake may be empty: the API is up when it answers, whatever it has to say.
    ready = answers(f"{url}/openapi.json")
    return Service("Dashboard", _python("api"), url, ready, {"TREND_API__PORT": str(port)})


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def answers(url: str) -> Check:
    """Whether an address gives an answer that is fine."""
    return lambda _: _ask(url) is not None


def _beats(ui: str) -> Check:
    """Every daemon has beaten since the start; Dagster itself believes a heartbeat for half an hour."""

    def beats(started: float) -> bool:
        answer = _ask(f"{ui}/graphql", json.dumps({"query": _HEARTBEATS}).encode())
        try:
            statuses: list[dict[str, Any]] = json.loads(answer or b"")["data"]["instance"]["daemonHealth"][
                "allDaemonStatuses"
            ]
        except (ValueError, KeyError, TypeError):
            return False
        return all((item["lastHeartbeatTime"] or 0) >= started for item in statuses if item["required"])

    return beats


def _ask(url: str, body: bytes | None = None) -> bytes | None:
    """The answer; None where there is none, or none that is fine."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"} if body else {})
    # Straight to this machine, whatever proxy the environment names.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_ANSWER_SECONDS) as answer:
            return bytes(answer.read())
    except (urllib.error.URLError, OSError):
        return None
