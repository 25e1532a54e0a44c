"""A disk that is full, or that becomes full in the middle of a command."""

from __future__ import annotations

from trend_assets_tests.faults.deployment import HOURS, Deployment
from trend_assets_tests.faults.disks import fill, small_disk
from trend_assets_tests.faults.fault import Fault, Ground, Seen
from trend_assets_tests.faults.invariants import broken_in, wrong_after_going_on

_MEGABYTES = 64
_ADVICE = r"free some space|see whether the disk has room"
_ROOM = (0, 1 << 14, 1 << 16, 1 << 17, 1 << 18, 1 << 19, 3 << 18, 1 << 20, 3 << 19, 1 << 21)


def _happen(ground: Ground) -> Seen:
    """Lets room of a random size be left for commands, frees the disk, and runs them again."""
    seen, stopped = Seen(), 0
    for number in range(ground.times):
        left = 0 if number == 0 else ground.chance.choice(_ROOM) + ground.chance.randrange(1 << 14)
        with small_disk(ground.folder / f"disk{number}", _MEGABYTES) as disk:
            deployment = ground.base.copied(disk / "home")
            filler = fill(disk, left)
            for command in (("import", deployment.posts), ("backfill", *HOURS), ("status",), ("doctor",)):
                stopped += _try(deployment, command, seen)
            filler.unlink()
            seen.times += 1
            seen.broken += broken_in(deployment, ground.base)
            seen.broken += wrong_after_going_on(deployment, ground.calm)
    seen.told = f"{stopped} of {4 * seen.times} commands stopped; all went on once there was room"
    return seen


def _try(deployment: Deployment, command: tuple[object, ...], seen: Seen) -> bool:
    said = deployment.trend(*command)
    if command == ("doctor",):
        seen.expect(
            "BAD disk" in said.out and "free some space" in said.out, f"the doctor sees no full disk: {said.out}"
        )
    elif said.status:
        seen.hear(said.err, _ADVICE)
    return said.status != 0


FAULTS = (Fault("full_disk", "the disk is full, or becomes so in the middle", _happen),)
