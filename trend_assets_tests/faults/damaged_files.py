"""Files of the lake that are missing, truncated or garbled, as after a broken disk or a hasty `rm`."""

from __future__ import annotations

import itertools
import os
import shlex
from pathlib import Path
from random import Random

from trend_assets_tests.faults.deployment import HOURS, Deployment, done
from trend_assets_tests.faults.fault import Fault, Ground, Seen
from trend_assets_tests.faults.invariants import broken_in, differing

_WAYS = ("missing", "truncated", "garbled")
_TABLES = ("events", "raw_events", "temporal_edges", "topic_activity", "nodes")


def damage(path: Path, way: str, chance: Random) -> None:
    """Does it to a file."""
    size = path.stat().st_size
    if way == "missing":
        path.unlink()
    elif way == "truncated":
        os.truncate(path, chance.randrange(size))
    else:
        with path.open("r+b") as file:
            file.seek(size // 10)
            file.write(chance.randbytes(size // 2))


def _data_file(deployment: Deployment, table: str) -> Path:
    return max((deployment.home / "lake" / "files" / "main" / table).glob("*.parquet"), key=lambda f: f.stat().st_size)


def _happen(ground: Ground) -> Seen:
    """Damages a file, reads what the user is told, and does what that says."""
    seen, cases = Seen(), list(itertools.product(_TABLES, _WAYS))
    for table, way in cases if ground.times >= len(cases) else ground.chance.sample(cases, ground.times):
        seen.times += 1
        deployment = ground.calm.copied(ground.folder / f"{table}_{way}")
        damage(_data_file(deployment, table), way, ground.chance)
        used = deployment.trend("sql", f"SELECT bit_xor(hash(COLUMNS(*))) FROM {table}")
        seen.expect(used.status == 1, f"{table} {way}: read without a word")
        seen.hear(used.err, "trend repair")
        if way != "garbled":
            found = deployment.trend("doctor").out
            seen.expect("BAD files" in found and "trend repair" in found, f"{table} {way}: the doctor sees nothing")
        _repair(deployment, seen)
        for wrong in (*broken_in(deployment, ground.calm), *differing(deployment, ground.calm)):
            seen.broken.append(f"{table} {way}: {wrong}")
    seen.told = "let go by `trend repair`, made again as it says"
    return seen


def _repair(deployment: Deployment, seen: Seen) -> None:
    """Lets go of what is damaged, and types what is advised."""
    said = done(deployment.trend("repair", "--let-go"))
    for line in said.out.splitlines():
        if "trend backfill" in line:
            days = {"FIRST_DAY": HOURS[1], "TODAY": HOURS[3]}
            words = [days.get(word, word) for word in shlex.split(line.partition("trend ")[2].partition("(")[0])]
            done(deployment.trend(*words))
        elif "import the same files again" in line:
            done(deployment.trend("import", deployment.posts))
    seen.expect("can be read" in deployment.trend("repair").out, "something is damaged after the repair")


FAULTS = (Fault("damaged_files", "files of the lake are missing, truncated, garbled", _happen, quick=True),)
