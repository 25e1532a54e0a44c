"""Writers and readers on one lake, each a process, for minutes: failures, p50, p99, memory, what is lost or doubled.

    python -m trend_assets_tests.benchmarks.lake_load [--catalog sqlite postgres] [--minutes 10] [--writers 8]

Each writer does what a collected hour does to the lake: posts of which half were written before or are being written by
a neighbour, the state of the hour, and the counts of an hour that others replace, too. At the end no key is there twice
and no post that was written is missing.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import psutil

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import COLLECTION_STATUS, RAW_EVENTS, TOPIC_ACTIVITY
from trend_assets_tests.lake.test_store import activity, raw
from trend_assets_tests.postgres_server import PostgresServer, binaries
from trend_assets_tests.processes import context, process

_START = datetime(2026, 1, 5, tzinfo=UTC)
_HOURS = 48
_POSTS = 100
_QUERIES = (
    "SELECT count(*) FROM raw_events",
    "SELECT topic, sum(mentions) FROM topic_activity GROUP BY topic",
    "SELECT source, max(hour), count(*) FROM collection_status GROUP BY source",
)


def _state(number: int, hour: datetime, posts: int) -> pl.DataFrame:
    row = {"source": f"source{number}", "hour": hour, "status": "complete", "events": posts, "rejected": 0}
    return COLLECTION_STATUS.frame([{**row, "requests": 1, "finished_at": hour, "message": "", "failure": ""}])


def write_in_a_loop(location: LakeLocation, number: int, stop: Event, answers: Queue[Any]) -> None:
    """Until it is stopped; what was acknowledged, how long each commit took and what failed."""
    lake = Lake(location)
    seconds: list[float] = []
    failures: list[str] = []
    written, turn = 0, 0
    while not stop.is_set():
        hour = _START + timedelta(hours=(turn + number) % _HOURS)
        first = (turn // 2) * _POSTS
        # The even and the odd neighbour write the same posts, and every second batch was written before.
        posts = raw(*(f"w{number // 2}:{first + index}" for index in range(_POSTS)), hour=_START)
        steps = (
            (RAW_EVENTS, posts, ()),
            (COLLECTION_STATUS, _state(number, hour, _POSTS), ()),
            (TOPIC_ACTIVITY, activity(hour, *range(1, 20)), (hour, hour + timedelta(hours=1))),
        )
        for table, frame, span in steps:
            began = time.perf_counter()
            try:
                lake.write(table, frame, *span)
                if table is RAW_EVENTS:
                    written = first + _POSTS
            except Exception as error:
                failures.append(f"{type(error).__name__}: {error}"[:300])
            seconds.append(time.perf_counter() - began)
        turn += 1
    answers.put(("writes", number, seconds, failures, written))


def read_in_a_loop(location: LakeLocation, number: int, stop: Event, answers: Queue[Any]) -> None:
    """Until it is stopped; how long each read took and what failed."""
    lake = Lake(location, read_only=True)
    seconds: list[float] = []
    failures: list[str] = []
    while not stop.is_set():
        for query in _QUERIES:
            began = time.perf_counter()
            try:
                lake.read(query)
            except Exception as error:
                failures.append(f"{type(error).__name__}: {error}"[:300])
            seconds.append(time.perf_counter() - began)
    answers.put(("reads", number, seconds, failures, 0))


@contextmanager
def _place(catalog: str, folder: Path) -> Iterator[LakeLocation]:
    if catalog == "sqlite":
        yield LakeLocation(folder / "home", threads=1)
        return
    programs = binaries()
    if programs is None:
        raise SystemExit("Debian's package postgresql is missing")
    server = PostgresServer(programs)
    server.start()
    try:
        url = server.create("load")
        yield LakeLocation(folder / "home", catalog_url=url, data_path=str(folder / "files"), threads=1)
    finally:
        server.remove()


def _wrong(location: LakeLocation, acknowledged: dict[int, int]) -> list[str]:
    """What is doubled or lost."""
    lake, found = Lake(location, read_only=True), []
    for table in (RAW_EVENTS, COLLECTION_STATUS, TOPIC_ACTIVITY):
        key = ", ".join(table.key)
        doubled = lake.read(f"SELECT count(*) - count(DISTINCT ({key})) FROM {table.name}").item()
        if doubled:
            found.append(f"{table.name}: {doubled} doubled")
    for pair, posts in acknowledged.items():
        there = lake.read("SELECT count(DISTINCT id) FROM raw_events WHERE starts_with(id, ?)", [f"w{pair}:"]).item()
        if there < posts:
            found.append(f"{posts - there} posts of pair {pair} are lost")
    return found


def _megabytes(one: BaseProcess) -> float:
    """What a process has for itself alone."""
    with suppress(psutil.NoSuchProcess):
        return float(psutil.Process(one.pid).memory_full_info().uss) / 2**20
    return 0.0


def measured(location: LakeLocation, writers: int, readers: int, seconds: float) -> dict[str, Any]:
    """The figures of one catalog."""
    Lake(location).close()
    stop, answers = context().Event(), context().Queue()
    loops = [(write_in_a_loop, number) for number in range(writers)]
    loops += [(read_in_a_loop, number) for number in range(readers)]
    running = [process(loop, location, number, stop, answers) for loop, number in loops]
    for one in running:
        one.daemon = True
        one.start()
    ended, most = threading.Timer(seconds, stop.set), 0.0
    ended.start()
    while not stop.wait(2):
        most = max(most, sum(map(_megabytes, running)))
    told = [answers.get() for _ in running]
    for one in running:
        one.join()
    acknowledged: dict[int, int] = {}
    for kind, number, _, _, written in told:
        if kind == "writes":
            acknowledged[number // 2] = max(acknowledged.get(number // 2, 0), written)
    return {
        "minutes": round(seconds / 60, 1),
        **{kind: _figures([one for one in told if one[0] == kind]) for kind in ("writes", "reads")},
        "memory_mb_of_all": round(most),
        "posts": sum(acknowledged.values()),
        "wrong": _wrong(location, acknowledged),
    }


def _figures(told: list[Any]) -> dict[str, Any]:
    taken = np.array([second for one in told for second in one[2]])
    failures = [failure for one in told for failure in one[3]]
    by = {f"p{q}_ms": round(float(np.percentile(taken, q)) * 1000) for q in (50, 99)}
    return {"n": len(taken), "failed": len(failures), **by, "max_ms": round(taken.max() * 1000), "why": failures[:2]}


def main() -> None:
    """Parses the command line; the exit status is 1 where something is doubled, lost or failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalog", nargs="+", choices=("sqlite", "postgres"), default=["sqlite", "postgres"])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--readers", type=int, default=8)
    options = parser.parse_args()
    bad = False
    for catalog in options.catalog:
        with tempfile.TemporaryDirectory() as folder, _place(catalog, Path(folder)) as location:
            figures = measured(location, options.writers, options.readers, options.minutes * 60)
        print(json.dumps({catalog: figures}, indent=2), flush=True)
        bad |= bool(figures["wrong"] or figures["writes"]["failed"] or figures["reads"]["failed"])
    raise SystemExit(bad)


if __name__ == "__main__":
    main()
