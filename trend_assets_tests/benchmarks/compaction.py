"""What compaction does to a lake that was filled hour by hour: files, bytes, and the time of a full read."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.maintenance import compact, expire, lake_size, remove_files
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS, RAW_EVENTS, TEMPORAL_EDGES, TOPIC_ACTIVITY
from trend_assets_tests.benchmarks.homes import import_tweets, trend

#: Each hour of these is written by itself, as the hourly job does; a backfill writes a month at once.
_HOURLY = (EVENTS, TOPIC_ACTIVITY, TEMPORAL_EDGES)
_HOUR = timedelta(hours=1)


def as_if_hourly(home: Path, start: datetime, end: datetime) -> None:
    lake = Lake(LakeLocation(home))
    frames = {table: lake.read_table(table, start, end) for table in _HOURLY}
    at = start
    while at < end:
        for table, frame in frames.items():
            lake.write(table, frame.filter(hour=at), at, at + _HOUR)
        at += _HOUR
    lake.close()


def measured(home: Path) -> dict[str, float]:
    lake = Lake(LakeLocation(home), read_only=True)
    size = lake_size(lake)
    on_disk = [path.stat().st_size for path in (home / "lake").rglob("*") if path.is_file()]
    full, day = [], []
    for _ in range(5):
        began = time.perf_counter()
        for table in (RAW_EVENTS, *_HOURLY):
            lake.read(f"SELECT * FROM {table.name}")
        full.append(time.perf_counter() - began)
        began = time.perf_counter()
        lake.read_table(EVENTS, datetime(2014, 1, 15, tzinfo=UTC), datetime(2014, 1, 16, tzinfo=UTC))
        day.append(time.perf_counter() - began)
    lake.close()
    return {
        "files": size.files,
        "lake_mb": round(size.bytes / 1e6, 1),
        "files_on_disk": len(on_disk),
        "on_disk_mb": round(sum(on_disk) / 1e6, 1),
        "full_read_ms": round(1000 * statistics.median(full)),
        "day_read_ms": round(1000 * statistics.median(day)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, choices=(1, 2, 3), default=1)
    options = parser.parse_args()
    start, end = datetime(2014, 1, 1, tzinfo=UTC), datetime(2014, 1 + options.months, 1, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        import_tweets(home, f"2014-0[1-{options.months}]*.gz")
        trend(home, "backfill", "--start", f"{start:%Y-%m-%d}", "--end", f"{end:%Y-%m-%d}", "--no-embeddings")
        figures = {"backfilled": measured(home)}
        as_if_hourly(home, start, end)
        figures["hour_by_hour"] = measured(home)
        lake, now = Lake(LakeLocation(home)), datetime.now(UTC)
        began = time.perf_counter()
        compact(lake)
        expire(lake, now)
        # Nobody reads: the hour of grace of the nightly job is left out.
        remove_files(lake)
        figures["seconds_of_compaction"] = round(time.perf_counter() - began, 1)
        lake.close()
        figures["compacted"] = measured(home)
    print(json.dumps({"load_average": os.getloadavg()[0], **figures}, indent=2))


if __name__ == "__main__":
    main()
