"""A clock that is a day ahead or behind for some hours, as after a change of battery or a wrong setting."""

from __future__ import annotations

import json
import subprocess
import sys

from trend_assets_tests.faults.fault import Fault, Ground, Seen

# With the late pass: an hour that is made up for may name a video whose comments of later hours were asked for before.
_YEAR = ["--days", "2", "--hourly-days", "1", "--sleep", "6", "--faults", "0", "--no-training", "--late"]


def _happen(ground: Ground) -> Seen:
    """Two days of ticks; twice three of them in a row take the time to be a day earlier or later."""
    jumps = min(2, ground.times)
    command = ["-m", "trend_assets_tests.faults.year", *_YEAR, "--jumps", str(jumps), "--seed"]
    # In a process of its own: what is replaced there must be so before anything takes a clock by name.
    run = subprocess.run([sys.executable, *command, str(ground.chance.randrange(1000))], capture_output=True)
    seen = Seen(times=jumps)
    if not run.stdout:
        seen.broken.append(run.stderr.decode()[-500:])
        return seen
    figures = json.loads(run.stdout)
    for source, found in figures["by_source"].items():
        kept = not found["missing"] and not found["more_than_once"] and not found["not_the_servers"]
        seen.expect(kept, f"{source}: {found}")
    seen.expect(not figures["hours_without_a_reason"], f"without a reason: {figures['hours_without_a_reason']}")
    seen.told = f"{figures['ticks']} ticks; every hour was made up for within {figures['ticks_after_the_end']} more"
    return seen


FAULTS = (Fault("clock_jump", "the clock is a day ahead or behind for three hours", _happen),)
