"""`kill -9` of commands at random moments: a backfill that also collects, an import, the maintenance."""

from __future__ import annotations

import gzip
import time
from dataclasses import replace

from trend_assets_tests.benchmarks.homes import shared_data
from trend_assets_tests.faults.deployment import HOURS, Deployment, done, kill
from trend_assets_tests.faults.fault import Fault, Ground, Seen
from trend_assets_tests.faults.invariants import broken_in, differing

#: A source of the test's own gives posts of the same hours, so that what is killed also collects.
_SIMULATED = (
    ("TREND_SIMULATOR__ENABLED", "true"),
    ("TREND_SIMULATOR__START", "2014-01-01"),
    ("TREND_SIMULATOR__USERS", "60"),
)


def _commands(deployment: Deployment, more: str) -> dict[str, tuple[object, ...]]:
    return {"import": ("import", more), "backfill": ("backfill", *HOURS), "maintain": ("maintain",)}


def _happen(ground: Ground) -> Seen:
    """Kills commands, and lets them be run to their end at last; a calm deployment does the same."""
    seen, killed = Seen(), 0
    more = ground.folder / "more.jsonl"
    source = sorted((shared_data() / "tweets").glob("2014-01*.gz"))[0]
    more.write_bytes(gzip.decompress(source.read_bytes()))
    calm, stormy = (replace(ground.deployment(name), settings=_SIMULATED) for name in ("calm", "stormy"))
    seconds = {}
    for name, command in _commands(calm, str(more)).items():
        began = time.monotonic()
        assert calm.start(*command).wait() == 0
        seconds[name] = time.monotonic() - began
    for _ in range(ground.times):
        name = ground.chance.choice(list(seconds))
        process = stormy.start(*_commands(stormy, str(more))[name])
        time.sleep(ground.chance.uniform(0.2, 1) * seconds[name])
        killed += kill(process)
        seen.times += 1
        # Of what a killed command had not come to nobody knows yet: compared with what was there before it.
        seen.broken += [f"{name}: {wrong}" for wrong in broken_in(stormy, ground.base)]
    for command in _commands(stormy, str(more)).values():
        done(stormy.trend(*command))
    seen.broken += [*broken_in(stormy, calm), *differing(stormy, calm)]
    seen.told = f"{killed} killed while running; tables equal those of a calm run"
    return seen


FAULTS = (Fault("kills", "kill -9 of import, backfill and maintenance at random moments", _happen),)
