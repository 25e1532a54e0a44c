"""`trend up` with its real services: one of them, or itself, ended by force; and a second one in the same home."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil

from trend_assets_tests.faults.deployment import Deployment, kill
from trend_assets_tests.faults.fault import Fault, Ground, Seen
from trend_assets_tests.faults.invariants import broken_in

_SECONDS = 300
#: By what the command line of each service says.
_SERVICES = {"Dagster UI": "dagster_webserver", "Daemon": "dagster._daemon", "Dashboard": "api"}
_VARIABLES = (
    ("TREND_SIMULATOR__ENABLED", "true"),
    ("TREND_SIMULATOR__START", "2014-01-01"),
    ("TREND_SIMULATOR__USERS", "20"),
    # Any free ports.
    ("TREND_DAGSTER__PORT", "38110"),
    ("TREND_API__PORT", "38111"),
)


class Up:
    """A running `trend up`."""

    def __init__(self, deployment: Deployment, log: Path) -> None:
        self._log = log
        self.process: subprocess.Popen[bytes] = deployment.start("up", log=log)

    def said(self) -> str:
        """All that it has printed."""
        return self._log.read_text("utf-8", "replace")

    def family(self) -> list[psutil.Process]:
        """Itself and all below it."""
        with suppress(psutil.NoSuchProcess):
            own = psutil.Process(self.process.pid)
            return [own, *own.children(recursive=True)]
        return []

    def service(self, name: str) -> psutil.Process:
        """The process of a service."""
        word = _SERVICES[name]
        return next(one for one in self.family()[1:] if word in one.cmdline())

    def wait(self, happened: Callable[[], object], what: str) -> float:
        """Seconds until something has happened.

        Raises:
            AssertionError: it has not.
        """
        began = time.monotonic()
        while not happened():
            assert time.monotonic() - began < _SECONDS, f"not within {_SECONDS} s: {what}; {self.said()[-500:]}"
            time.sleep(0.2)
        return time.monotonic() - began

    def crash(self, name: str) -> None:
        """Kills a service, and waits until it is back."""
        before = len(re.findall(f"{name} is back", self.said()))
        self.service(name).kill()
        self.wait(lambda: len(re.findall(f"{name} is back", self.said())) > before, f"{name} is back")

    def ready(self) -> float:
        """Seconds until it says so."""
        return self.wait(lambda: "ready after" in self.said(), "ready")


def _happen(ground: Ground) -> Seen:
    """Ends one after another by force."""
    seen, deployment = Seen(), replace(ground.deployment(), settings=_VARIABLES)
    up = Up(deployment, ground.folder / "up0.log")
    took = []
    try:
        took.append(up.ready())
        second = deployment.trend("up", "--check")
        seen.hear(second.err, "runs already on .*: stop it, or set TREND_HOME")
        seen.times += 1
        for number in range(ground.times):
            name = ground.chance.choice([*_SERVICES, "trend up"])
            seen.times += 1
            if name == "trend up":
                family = up.family()
                os.kill(up.process.pid, signal.SIGKILL)
                up.process.wait()
                up.wait(lambda family=family: not any(map(_lives, family)), "nothing outlives it")
                up = Up(deployment, ground.folder / f"up{number + 1}.log")
                took.append(up.ready())
                continue
            up.crash(name)
    finally:
        family = up.family()
        kill(up.process)
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()
    seen.broken += broken_in(deployment, ground.base)
    seen.told = f"every one came back; ready within {min(took):.0f} to {max(took):.0f} s; a second one is refused"
    return seen


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


FAULTS = (Fault("services", "kill -9 of daemon, UI, API and `trend up`; a second one in the same home", _happen),)
