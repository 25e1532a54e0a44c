"""A program outside, such as a SQLite shell, that keeps the catalog locked."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trend_assets_tests.faults.deployment import HOURS, done
from trend_assets_tests.faults.fault import Fault, Ground, Seen
from trend_assets_tests.faults.invariants import broken_in, differing

_HOLDER = """
import sqlite3, sys, time
catalog = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
catalog.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
catalog.execute("ROLLBACK")
"""


@contextmanager
def locked(catalog: Path, seconds: float) -> Iterator[None]:
    """The catalog is locked by a process of its own, for so long or until the end of the block."""
    command = [sys.executable, "-c", _HOLDER, str(catalog), str(seconds)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "locked\n"
        yield
    finally:
        holder.kill()
        holder.wait()


def _happen(ground: Ground) -> Seen:
    """Imports and backfills while the catalog is locked, for seconds and for longer than anyone waits."""
    seen, deployment, waited = Seen(), ground.deployment(), []
    more = ground.folder / "more.jsonl"
    more.write_bytes(deployment.posts.read_bytes())
    catalog = deployment.location.sqlite_catalog
    for command in (("import", more), ("backfill", *HOURS), ("maintain",)):
        seconds = ground.chance.uniform(3, 15)
        with locked(catalog, seconds):
            began = time.monotonic()
            done(deployment.trend(*command))
            waited.append(time.monotonic() - began)
        seen.times += 1
    with locked(catalog, 600):
        done(deployment.trend("status"))
        seen.hear(deployment.trend("import", more).err, "fuser .*and try again")
        seen.times += 1
    seen.broken += [*broken_in(deployment, ground.calm), *differing(deployment, ground.calm)]
    seen.told = f"reads go on; writes waited {min(waited):.0f} to {max(waited):.0f} s, and gave up after two minutes"
    return seen


FAULTS = (Fault("locked_catalog", "another program has the SQLite catalog locked", _happen),)
