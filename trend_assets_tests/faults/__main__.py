"""Tries faults on small real deployments of this machine, and prints what came of each.

    python -m trend_assets_tests.faults [NAMES …] [--times N] [--seed S] [--json OUT]

Every fault is followed by what must hold (`invariants`) and by the question whether the user was told what to do. The
exit status is 1 where something does not hold. As root on Linux: some faults need a small disk of their own.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from trend_assets_tests.faults import (
    clock_jump,
    cut_network,
    damaged_files,
    full_disk,
    kills,
    locked_catalog,
    old_lakes,
    poison,
    postgres_restart,
    read_only_folder,
    services,
    storage_trouble,
)
from trend_assets_tests.faults.deployment import make_base, make_calm
from trend_assets_tests.faults.fault import Fault, Ground, Missing, Seen
from trend_assets_tests.scratch import MEMORY

_MODULES = (
    damaged_files,
    full_disk,
    read_only_folder,
    locked_catalog,
    postgres_restart,
    storage_trouble,
    kills,
    services,
    clock_jump,
    cut_network,
    poison,
    old_lakes,
)
FAULTS: dict[str, Fault] = {fault.name: fault for module in _MODULES for fault in module.FAULTS}


def try_all(names: list[str], seed: int, times: int, folder: Path) -> list[dict[str, object]]:
    """Tries faults one after another; what came of each."""
    base = make_base(folder / "base")
    calm = make_calm(base, folder / "calm")
    rows = []
    for name in names:
        place, began = folder / name, time.monotonic()
        place.mkdir()
        try:
            seen = FAULTS[name].happen(Ground(place, base, calm, random.Random(f"{seed} {name}"), times))
        except Missing as missing:
            seen = Seen(told=f"not tried: {missing}")
        except (AssertionError, TimeoutError) as error:
            seen = Seen(times=1, broken=[f"it does not go on: {error}"])
        rows.append(_row(FAULTS[name], seen, time.monotonic() - began))
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return rows


def _row(fault: Fault, seen: Seen, seconds: float) -> dict[str, object]:
    return {
        "fault": fault.name,
        "what": fault.tells,
        "times": seen.times,
        "seen": seen.told,
        "invariants": ("hold" if seen.times else "-") if not seen.broken else "BROKEN: " + "; ".join(seen.broken),
        "message": seen.message,
        "seconds": round(seconds, 1),
    }


def _table(rows: list[dict[str, object]]) -> Table:
    names = ("fault", "times", "seen", "invariants", "message", "seconds")
    table = Table(*names, show_lines=True)
    for row in rows:
        table.add_row(*(str(row[name]) for name in names))
    return table


def main() -> None:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAMES", help=f"of {', '.join(FAULTS)}; all without any")
    parser.add_argument("--times", type=int, default=5, help="how often a fault that hits at random is tried")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="OUT")
    options = parser.parse_args()
    if unknown := set(options.names) - FAULTS.keys():
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="trend_faults_", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        rows = try_all(options.names or list(FAULTS), options.seed, options.times, Path(folder))
    Console().print(_table(rows))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")
    sys.exit(any(str(row["invariants"]).startswith("BROKEN") for row in rows))


if __name__ == "__main__":
    main()
