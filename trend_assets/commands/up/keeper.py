"""Ends the services of a `trend up` that was killed and could not end them itself.

A process of its own, started by its path, so that it loads nothing but the standard library: it reads from
a pipe which process groups began (`+PID`) and ended (`-PID`). The pipe's end is the end of whoever wrote it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

#: What is started.
PROGRAM = __file__
_PATIENCE_SECONDS = 5.0


def main() -> None:
    """Reads standard input to its end and ends the groups that are left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        sign, group = line[0], int(line[1:])
        (groups.add if sign == "+" else groups.discard)(group)
    end_groups(groups)


def end_groups(groups: set[int], patience: float = _PATIENCE_SECONDS) -> None:
    """Asks process groups to end, and kills what is left of them after `patience` seconds."""
    _signal(groups, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and _signal(groups, 0):
        time.sleep(0.1)
    _signal(groups, signal.SIGKILL)


def _signal(groups: set[int], number: int) -> bool:
    """Sends a signal to every group; whether any had a process to get it."""
    reached = False
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
            reached = True
    return reached


if __name__ == "__main__":
    main()
