"""Where the tests' files lie: in memory where there is room, for what waits for a disk does no work."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

MEMORY = Path("/dev/shm")
#: The whole suite leaves less; a container's default is 64 MB.
_ROOM = 6 * 2**30


def keep_in_memory(folder: Path = MEMORY, room: int = _ROOM) -> bool:
    """Lets pytest and all that it starts put temporary files into `folder`; whether it does.

    Commits of SQLite and DuckDB wait for the disk, a third of the time of a test that runs Dagster. Left alone
    are a folder that has no room or in which nothing may be run, and whoever has named another in the environment.
    """
    if "PYTEST_DEBUG_TEMPROOT" in os.environ or not folder.is_dir() or not os.access(folder, os.W_OK):
        return False
    if shutil.disk_usage(folder).free < room or os.statvfs(folder).f_flag & os.ST_NOEXEC:
        return False
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(folder)
    return True
