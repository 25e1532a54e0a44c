"""Whether SQLite can write a catalog's log back, which it cannot while a process is within a transaction."""

from __future__ import annotations

import subprocess
import sys

from trend_assets.lake.connection import LakeLocation

_CHECKPOINT = """
import sqlite3, sys
catalog = sqlite3.connect(sys.argv[1], timeout=5, isolation_level=None)
print(catalog.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
"""


def is_free(location: LakeLocation) -> bool:
    """Writes the log back; False where a transaction is in the way. In a process of its own: locks are a process's."""
    command = [sys.executable, "-c", _CHECKPOINT, str(location.sqlite_catalog)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "0"
