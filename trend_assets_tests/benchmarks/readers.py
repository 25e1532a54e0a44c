"""Three processes read the lake in a loop while a backfill writes: failed reads, p50 and p99."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets_tests.benchmarks.homes import import_tweets, start_trend

_QUERIES = (
    "SELECT count(*) FROM events",
    "SELECT topic, sum(mentions) FROM topic_activity WHERE hour >= '2014-01-10' AND hour < '2014-01-11' GROUP BY topic",
    "SELECT count(*), max(timestamp) FROM temporal_edges WHERE hour >= '2014-02-01'",
)


def read_in_a_loop(home: Path, stop: Event, answers: multiprocessing.Queue) -> None:
    lake = Lake(LakeLocation(home), read_only=True)
    seconds, failures = [], []
    while not stop.is_set():
        for query in _QUERIES:
            began = time.perf_counter()
            try:
                lake.read(query)
            except Exception as error:
                failures.append(str(error))
            seconds.append(time.perf_counter() - began)
    answers.put((seconds, failures))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", default="2014-0[1-3]*.gz", help="which tweets are imported")
    parser.add_argument("--end", default="2014-04-01", help="where the backfill from 2014-01-01 ends")
    parser.add_argument("--readers", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        import_tweets(home, options.files)
        context = multiprocessing.get_context("spawn")
        stop, answers = context.Event(), context.Queue()
        readers = [context.Process(target=read_in_a_loop, args=(home, stop, answers)) for _ in range(options.readers)]
        for reader in readers:
            reader.start()
        began = time.perf_counter()
        backfill = start_trend(
            home, "backfill", "--start", "2014-01-01", "--end", options.end, "--no-embeddings", "--chunk-days", 3
        )
        status = backfill.wait()
        took = time.perf_counter() - began
        stop.set()
        results = [answers.get() for _ in readers]
        for reader in readers:
            reader.join()
    times = np.array([second for seconds, _ in results for second in seconds])
    failures = [failure for _, failed in results for failure in failed]
    figures = {
        "backfill_exit_status": status,
        "backfill_seconds": round(took, 1),
        "reads": len(times),
        "failed_reads": len(failures),
        "first_failure": failures[0] if failures else None,
        **{f"p{q}_ms": round(float(np.percentile(times, q)) * 1000, 1) for q in (50, 95, 99)},
        "slowest_ms": round(float(times.max()) * 1000, 1),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
