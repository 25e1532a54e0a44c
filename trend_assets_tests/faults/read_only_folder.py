"""A home that may be read and not written: its disk is mounted read-only, or this user has no right."""

from __future__ import annotations

from trend_assets_tests.faults.deployment import HOURS, done
from trend_assets_tests.faults.disks import make_read_only, small_disk
from trend_assets_tests.faults.fault import Fault, Ground, Seen
from trend_assets_tests.faults.invariants import broken_in, differing

#: SQLite can read a catalog in write-ahead mode only where it can write, or others have it open.
_READING = ("status", "sql", "backup")
_ADVICE = r"give this user the right to write|set TREND_HOME to another folder"


def _happen(ground: Ground) -> Seen:
    """Runs each kind of command on a disk that is mounted read-only."""
    seen, refused = Seen(), 0
    with small_disk(ground.folder / "disk", 64) as disk:
        deployment = ground.base.copied(disk / "home")
        commands = (("import", deployment.posts), ("backfill", *HOURS), ("status",), ("maintain",), ("sql", "SELECT 1"),
                    ("backup", ground.folder / "backup"), ("train", "--week", "2014-01-13"), ("init",),
                    ("up", "--check"))  # fmt: skip
        make_read_only(disk, True)
        for command in commands:
            said = deployment.trend(*command)
            seen.times += 1
            refused += said.status == 1
            if said.status or command[0] not in _READING:
                seen.hear(said.err, _ADVICE)
        doctor = deployment.trend("doctor").out
        seen.expect("BAD home" in doctor and "give this user the right" in doctor, f"the doctor: {doctor}")
        make_read_only(disk, False)
        seen.broken += broken_in(deployment, ground.base)
        done(deployment.trend("backfill", *HOURS))
        seen.broken += differing(deployment, ground.calm)
    seen.told = f"{refused} of {seen.times} commands refused; all went on once it was writable"
    return seen


FAULTS = (Fault("read_only_folder", "the home's disk is read-only", _happen),)
