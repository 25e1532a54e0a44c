"""Lowers the CPU priority of batch work, so that the API and UI stay responsive."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

#: As `nice` has it: of two that want a core, one of this niceness gets a tenth.
_BACKGROUND = 10


def give_way() -> None:
    """From now on this process, and what it starts, gives way to all that is not in the background."""
    os.setpriority(os.PRIO_PROCESS, 0, max(os.getpriority(os.PRIO_PROCESS, 0), _BACKGROUND))
    if os.getsid(0) == os.getpid():
        _let_session_give_way(os.getpid())


def let_group_give_way(leader: int) -> None:
    """From now on a process group, whose leader has a session of its own, gives way; what it starts does, too."""
    os.setpriority(os.PRIO_PGRP, leader, max(os.getpriority(os.PRIO_PGRP, leader), _BACKGROUND))
    _let_session_give_way(leader)


def _let_session_give_way(leader: int) -> None:
    """Where Linux shares the processor out among sessions first (`man 7 sched`), niceness counts inside one only."""
    # Elsewhere a session may not be asked for, or not be known.
    with contextlib.suppress(OSError):
        Path(f"/proc/{leader}/autogroup").write_text(str(_BACKGROUND))
