"""Lowers the CPU priority of batch work, so that the API and UI stay responsive."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

#: As `nice` has it: of two that want a core, one of this niceness gets a tenth.
_BACKGROUND = 10
#: Where Linux shares the processor out among sessions first (`man 7 sched`), niceness counts inside a session only.
_SESSION = Path("/proc/self/autogroup")


def give_way() -> None:
    """From now on this process, and what it starts, gives way to all that is not in the background."""
    os.setpriority(os.PRIO_PROCESS, 0, max(os.getpriority(os.PRIO_PROCESS, 0), _BACKGROUND))
    if os.getsid(0) == os.getpid():
        # The session is its own; elsewhere it may not be asked for, or not be known.
        with contextlib.suppress(OSError):
            _SESSION.write_text(str(_BACKGROUND))
