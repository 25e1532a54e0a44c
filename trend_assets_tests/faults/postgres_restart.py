"""A PostgreSQL server with the catalog that crashes and comes back in the middle of commits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from random import Random

from trend_assets_tests.faults.deployment import HOURS, Deployment, done
from trend_assets_tests.faults.fault import Fault, Ground, Missing, Seen
from trend_assets_tests.faults.invariants import broken_in, wrong_after_going_on
from trend_assets_tests.postgres_server import PostgresServer, binaries

_ADVICE = r"see whether the server runs|try again|correct lake.catalog_url"


@contextmanager
def server() -> Iterator[PostgresServer]:
    """A running one.

    Raises:
        Missing: none is installed.
    """
    programs = binaries()
    if programs is None:
        raise Missing("Debian's package postgresql")
    made = PostgresServer(programs)
    made.start()
    try:
        yield made
    finally:
        made.remove()


def on_postgres(deployment: Deployment, url: str) -> Deployment:
    """The same home with its catalog in a database; empty."""
    files = f"{deployment.home / 'postgres_files'}/"
    return replace(
        deployment,
        settings=(("TREND_LAKE__CATALOG_URL", url), ("TREND_LAKE__DATA_PATH", files)),
    )


class _Storm(threading.Thread):
    """Crashes a server at random moments, and starts it again."""

    def __init__(self, running: PostgresServer, chance: Random, pause: tuple[float, float]) -> None:
        super().__init__(daemon=True)
        self._running, self._chance, self._pause = running, chance, pause
        self.crashes, self.over = 0, threading.Event()

    def run(self) -> None:
        while not self.over.wait(self._chance.uniform(*self._pause)):
            self._running.stop()
            self.crashes += 1
            self._running.start()


@contextmanager
def storm(running: PostgresServer, chance: Random, pause: tuple[float, float]) -> Iterator[_Storm]:
    """Crashes until the end of the block; the server runs behind it."""
    blowing = _Storm(running, chance, pause)
    blowing.start()
    try:
        yield blowing
    finally:
        blowing.over.set()
        blowing.join()


def _happen(ground: Ground) -> Seen:
    """Imports and backfills through the crashes, and again until all is done."""
    seen, failed = Seen(), 0
    with server() as running:
        deployment = on_postgres(ground.deployment(), running.create("trend"))
        done(deployment.trend("import", deployment.posts))
        with storm(running, ground.chance, (0.5, 6)) as blowing:
            until = time.monotonic() + 300
            while blowing.crashes < ground.times and time.monotonic() < until:
                for command in (("import", deployment.posts), ("backfill", *HOURS)):
                    said = deployment.trend(*command)
                    if said.status:
                        failed += 1
                        seen.hear(said.err, _ADVICE)
        seen.times = blowing.crashes
        seen.broken += broken_in(deployment, ground.calm)
        seen.broken += wrong_after_going_on(deployment, ground.calm)
    seen.told = f"{failed} commands failed; all went on behind it"
    return seen


FAULTS = (Fault("postgres_restart", "PostgreSQL crashes and comes back in the middle of commits", _happen),)
