"""What a read and a write of one row cost in CPU, by DuckDB's threads: what an hour with hardly a post consists of.

python -m trend_assets_tests.benchmarks.catalog_cost
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import COLLECTION_STATUS

_QUERY = "SELECT status, message FROM collection_status WHERE source = 'x' LIMIT 1"
_HOUR = datetime(2026, 1, 1, tzinfo=UTC)
_ROW = {"source": "x", "hour": _HOUR, "status": "empty", "events": 0, "rejected": 0, "requests": 0,
        "finished_at": _HOUR, "message": "", "failure": ""}  # fmt: skip


def cpu_ms(act: Callable[[], object], times: int) -> float:
    """CPU milliseconds of all threads, on average, once it is warm."""
    act()
    began = time.process_time()
    for _ in range(times):
        act()
    return round((time.process_time() - began) / times * 1000, 1)


def measured(threads: int, folder: Path) -> dict[str, object]:
    """Of a new lake on SQLite."""
    lake = Lake(replace(LakeLocation(folder), threads=threads))
    empty = cpu_ms(lambda: lake.read(_QUERY), 20)
    write = cpu_ms(lambda: lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame([_ROW])), 10)
    held = cpu_ms(lambda: lake.read(_QUERY), 20)
    lake.close()
    return {"threads": threads, "read_of_an_empty_table": empty, "read_with_rows": held, "write_of_a_row": write}


def main() -> None:
    """Prints a line for each number of threads."""
    for threads in (2, 1):
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measured(threads, Path(folder))), flush=True)


if __name__ == "__main__":
    main()
