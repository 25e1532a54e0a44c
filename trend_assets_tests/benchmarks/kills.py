"""`kill -9` of a backfill at random moments.

After each the lake opens and no partition is half written; at the end its tables equal those of a run that nobody
disturbed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import tempfile
import time
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.table import Table
from trend_assets.lake.tables import EVENTS, NODES, RAW_EVENTS, TEMPORAL_EDGES, TOPIC_ACTIVITY
from trend_assets_tests.benchmarks.homes import import_tweets, start_trend, trend

_COMPARED = (RAW_EVENTS, EVENTS, TOPIC_ACTIVITY, TEMPORAL_EDGES, NODES)
_START = "2014-01-01"


def rows(home: Path, table: Table) -> pl.DataFrame:
    lake = Lake(LakeLocation(home), read_only=True)
    return lake.read_table(table).drop("collected_at", strict=False).sort(list(table.key))


def half_written(home: Path) -> list[str]:
    """Hours in which a derived table holds other rows than its source makes: none, or the write was torn."""
    lake = Lake(LakeLocation(home))
    torn = lake.read(
        """
        WITH raw AS (SELECT hour, count(*) AS n FROM raw_events GROUP BY hour),
             made AS (SELECT hour, count(*) AS n FROM events GROUP BY hour)
        SELECT made.hour FROM made JOIN raw USING (hour) WHERE made.n <> raw.n
        """
    )
    return [str(hour) for hour in torn["hour"]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--end", default="2014-04-01")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    arguments = ("backfill", "--start", _START, "--end", options.end, "--no-embeddings", "--chunk-days", 7)
    with tempfile.TemporaryDirectory() as folder:
        calm, stormy = Path(folder) / "calm", Path(folder) / "stormy"
        for home in (calm, stormy):
            import_tweets(home, "2014-0[1-3]*.gz")
        began = time.perf_counter()
        trend(calm, *arguments)
        whole = time.perf_counter() - began
        survived, torn = 0, []
        for _ in range(options.kills):
            process = start_trend(stormy, *arguments)
            time.sleep(chance.uniform(1, whole))
            survived += process.poll() is None
            os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
            process.wait()
            torn += half_written(stormy)
        trend(stormy, *arguments)
        for table in _COMPARED:
            assert_frame_equal(rows(stormy, table), rows(calm, table))
    print(
        json.dumps(
            {
                "kills": options.kills,
                "killed_while_running": survived,
                "undisturbed_seconds": round(whole, 1),
                "torn_partitions": torn,
                "tables_equal": [table.name for table in _COMPARED],
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
