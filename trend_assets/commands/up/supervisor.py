"""A process supervisor: starts, health-checks and restarts services, and ends them with all their children."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trend_assets.commands.priority import let_group_give_way
from trend_assets.commands.up.keeper import PROGRAM as KEEPER
from trend_assets.commands.up.keeper import end_groups
from trend_assets.commands.up.services import Service
from trend_assets.commands.up.starter import PROGRAM as STARTER
from trend_assets.errors import TrendError

_POLL_SECONDS = 0.25
_STOP_SECONDS = 10.0
_CHILDREN_SECONDS = 1.0
#: Between the health checks of a service that is not ready yet.
_CHECK_SECONDS = 0.5


class ServiceFailed(TrendError):
    """A service did not come up."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient a supervisor is.

    Args:
        start_seconds: how long services may take to be healthy at first; for ever where it is None.
        news_seconds: how often it is told which services are awaited.
        restarts: how often a service is started again until it has been healthy for `calm_seconds`.
        back_off_seconds: before the first restart; twice as long before each further one.
        calm_seconds: how long a service runs until its crashes are forgotten.
    """

    start_seconds: float | None = None
    news_seconds: float = 20.0
    restarts: int = 5
    back_off_seconds: float = 1.0
    calm_seconds: float = 300.0


@dataclass(slots=True)
class _Kept:
    """A service, its process, and how it has fared."""

    service: Service
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    ready: bool = False
    crashes: int = 0
    restart_at: float | None = None
    next_check: float = 0.0


class Supervisor:
    """Keeps services running until told to stop.

    Args:
        services: what to run.
        logs: the folder that takes a file for each.
        environment: the processes' environment.
        say: tells people what happens.
        limits: how patient it is.
    """

    def __init__(
        self,
        services: Sequence[Service],
        logs: Path,
        environment: Mapping[str, str],
        say: Callable[[str], None],
        limits: Limits | None = None,
    ) -> None:
        self._kept = [_Kept(service) for service in services]
        self._logs = logs
        self._environment = dict(environment)
        self._say = say
        self._limits = limits or Limits()
        self._keeper = _Keeper()

    def start(self, stopping: Callable[[], bool]) -> None:
        """Starts all and waits until each is healthy.

        Raises:
            ServiceFailed: one ended, or was not healthy in time.
        """
        for kept in self._kept:
            self._launch(kept)
        began = told = time.monotonic()
        while not stopping() and not all(kept.ready for kept in self._kept):
            for kept in self._kept:
                self._refuse_ended(kept)
                self._check(kept)
            now = time.monotonic()
            late = ", ".join(kept.service.name for kept in self._kept if not kept.ready)
            if self._limits.start_seconds is not None and now - began > self._limits.start_seconds:
                raise ServiceFailed(
                    f"{late} not healthy within {self._limits.start_seconds:.0f} s: see the logs in {self._logs}"
                )
            if late and now - told > self._limits.news_seconds:
                told = now
                self._say(f"waiting for {late} ({now - began:.0f} s); Ctrl-C stops all")
            time.sleep(_POLL_SECONDS)

    def watch(self, stopping: Callable[[], bool]) -> None:
        """Restarts what crashes, until told to stop."""
        while not stopping():
            self._keeper.ensure([kept.process.pid for kept in self._kept if kept.process])
            for kept in self._kept:
                self._look_after(kept)
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """Ends all services with their children."""
        processes = [kept.process for kept in self._kept if kept.process]
        for process in processes:
            # A leader that is asked first ends its children in order.
            process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < deadline and any(process.poll() is None for process in processes):
            time.sleep(0.05)
        end_groups({process.pid for process in processes}, _CHILDREN_SECONDS)
        for process in processes:
            process.wait()
        self._keeper.close()

    def _look_after(self, kept: _Kept) -> None:
        now = time.monotonic()
        if kept.process is None:
            if kept.restart_at is not None and now >= kept.restart_at:
                kept.restart_at = None
                self._launch(kept)
            return
        status = kept.process.poll()
        if status is not None:
            self._crashed(kept, status)
        elif not kept.ready:
            self._check(kept)
            if kept.ready:
                self._say(f"{kept.service.name} is back after {time.time() - kept.started:.0f} s")
        elif time.time() - kept.started > self._limits.calm_seconds:
            kept.crashes = 0

    def _crashed(self, kept: _Kept, status: int) -> None:
        self._end(kept)
        kept.crashes += 1
        how = f"was killed by signal {-status}" if status < 0 else f"ended with exit status {status}"
        said = f"{kept.service.name} {how} (its log: {self._logs / kept.service.log_name})"
        if kept.crashes > self._limits.restarts:
            self._say(
                f"{said}; not started again after {self._limits.restarts} restarts: fix the cause and run "
                "`trend up` anew. The others go on."
            )
            return
        wait = self._limits.back_off_seconds * 2 ** (kept.crashes - 1)
        kept.restart_at = time.monotonic() + wait
        self._say(f"{said}; restart {kept.crashes} of {self._limits.restarts} in {wait:g} s")

    def _launch(self, kept: _Kept) -> None:
        pipe = self._keeper.pipe()
        with (self._logs / kept.service.log_name).open("ab") as log:
            # A group of its own, so that a Ctrl-C reaches it through us, once, and ends it with its children. It
            # announces itself before it becomes the service: we could be killed before we know its id.
            kept.process = subprocess.Popen(
                [sys.executable, "-I", "-S", STARTER, str(pipe), *kept.service.command],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(pipe,),
            )
        kept.started = time.time()
        kept.ready = False

    def _end(self, kept: _Kept) -> None:
        """What a crashed service leaves behind must not hold its port."""
        if kept.process:
            end_groups({kept.process.pid}, _CHILDREN_SECONDS)
            self._keeper.forget(kept.process.pid)
        kept.process = None

    def _check(self, kept: _Kept) -> None:
        now = time.monotonic()
        if not kept.ready and now >= kept.next_check:
            kept.ready = kept.service.healthy(kept.started)
            if kept.ready and kept.service.background and kept.process:
                # Not before: on a busy machine it would never be.
                let_group_give_way(kept.process.pid)
            kept.next_check = time.monotonic() + _CHECK_SECONDS

    def _refuse_ended(self, kept: _Kept) -> None:
        status = kept.process.poll() if kept.process else None
        if status is not None:
            raise ServiceFailed(
                f"{kept.service.name} ended with exit status {status}: see {self._logs / kept.service.log_name}"
            )


class _Keeper:
    """Our end of the pipe to the process that ends the services if we are killed."""

    def __init__(self) -> None:
        self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-I", KEEPER],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )

    def pipe(self) -> int:
        assert self._process.stdin
        return self._process.stdin.fileno()

    def forget(self, group: int) -> None:
        self._tell(b"-%d\n" % group)

    def ensure(self, groups: Sequence[int]) -> None:
        """Starts another keeper where somebody killed it."""
        if self._process.poll() is None:
            return
        self._process = self._started()
        for group in groups:
            self._tell(b"+%d\n" % group)

    def close(self) -> None:
        """Lets the keeper end; there is nothing left for it to do."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: bytes) -> None:
        # Where somebody killed it, the next look starts another, which is told of all.
        with contextlib.suppress(BrokenPipeError):
            os.write(self.pipe(), line)
