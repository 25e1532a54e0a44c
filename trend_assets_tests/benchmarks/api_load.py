"""The API under load: requests at a steady rate over all GET routes, then listeners of `/stream`.

    python -m trend_assets_tests.benchmarks.api_load                          # 10^6 made-up events, 5 minutes
    python -m trend_assets_tests.benchmarks.api_load --home data/demo --seconds 40
    python -m trend_assets_tests.benchmarks.api_load --backfill               # writes at the same time
    python -m trend_assets_tests.benchmarks.api_load --processes 3 --rate 500 --backfill --listeners 0

Requests go out when they are due, whether or not earlier ones were answered, so that a server that stalls is seen.
Latencies are told apart by what the server says of its cache (`Cache-Status`): `known` (304 to If-None-Match), `kept`
(from memory), `made` (the lake was asked).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.settings import Settings
from trend_assets_tests.benchmarks.homes import environment, import_tweets, start_trend
from trend_assets_tests.benchmarks.listeners import listen
from trend_assets_tests.benchmarks.requests_mix import Mix, run_load
from trend_assets_tests.benchmarks.synthetic_lake import make_lake

_START_SECONDS = 60


@contextlib.contextmanager
def served(home: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The API of a home as a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = {
        **environment(home),
        "TREND_API__PORT": str(port),
        "TREND_API__REQUESTS_PER_MINUTE": "1000000",
        "TREND_DAGSTER__PORT": "1",
    }
    with tempfile.NamedTemporaryFile(suffix=".log") as log:
        process = subprocess.Popen([sys.executable, "-m", "api"], env=variables, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url)
            yield url, psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            errors = [
                line for line in Path(log.name).read_text().splitlines() if " 200 " not in line and "304" not in line
            ]
            print("\n".join(line for line in errors if "INFO" not in line)[:4000], file=sys.stderr)


def _wait(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/topics", timeout=30):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the API did not come up")


class Memory:
    """Samples of processes' resident memory and CPU time while something runs."""

    def __init__(self, processes: Sequence[psutil.Process], every: float = 2.0) -> None:
        self._processes = processes
        self._every = every
        self.megabytes: list[float] = []
        self._cpu = 0.0
        self._began = 0.0

    async def __aenter__(self) -> Memory:
        self._cpu, self._began = self._cpu_seconds(), time.monotonic()
        self._task = asyncio.create_task(self._sample())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        self._look()

    def _look(self) -> None:
        self.megabytes.append(sum(process.memory_info().rss for process in self._processes) / 2**20)

    async def _sample(self) -> None:
        while True:
            self._look()
            await asyncio.sleep(self._every)

    def _cpu_seconds(self) -> float:
        return float(sum(sum(process.cpu_times()[:2]) for process in self._processes))

    def figures(self) -> dict[str, Any]:
        """Megabytes by tenth of the run, and the share of one core."""
        parts = [part for part in np.array_split(np.array(self.megabytes), 10) if len(part)]
        spent = (self._cpu_seconds() - self._cpu) / (time.monotonic() - self._began)
        return {"memory_mb": [round(float(part.mean())) for part in parts], "cpu_of_one_core": round(spent, 2)}


@contextlib.contextmanager
def writing(home: Path, enabled: bool) -> Iterator[None]:
    """A backfill of real tweets into the same lake, if asked for, from its first commit on."""
    if not enabled:
        yield
        return
    import_tweets(home, "2014-0[1-6]*.gz")
    backfill = start_trend(
        home, "backfill", "--start", "2014-01-01", "--end", "2014-07-01", "--no-embeddings", "--chunk-days", 1
    )
    try:
        lake = Lake(lake_location(Settings(home=home)), read_only=True)
        before = lake.snapshot()
        while lake.snapshot() == before and backfill.poll() is None:
            time.sleep(0.5)
        yield
        print(f"the backfill {'was still writing' if backfill.poll() is None else 'had ended'}", file=sys.stderr)
    finally:
        if backfill.poll() is None:
            os.killpg(backfill.pid, signal.SIGTERM)
            backfill.wait()


async def measure(
    urls: list[str], servers: list[psutil.Process], home: Path, options: argparse.Namespace
) -> dict[str, Any]:
    mix = await asyncio.to_thread(Mix.of_lake, home, options.uncached, options.seed)
    with writing(home, options.backfill):
        async with Memory(servers) as memory:
            load = await run_load(urls, mix, options.rate, options.seconds)
    figures = {"load": {**load, **memory.figures()}}
    if options.listeners:
        async with Memory(servers[:1], every=0.5) as memory:
            heard = await listen(urls[0], home, options.listeners, options.listen_seconds)
        figures["stream"] = {**heard, **memory.figures()}
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="a lake's home; it gets one more forecast (default: a made-up lake)")
    parser.add_argument("--events", type=int, default=1_000_000, help="in the made-up lake")
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second")
    parser.add_argument("--processes", type=int, default=1, help="of the API, asked in turn")
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--uncached", type=float, default=0.1, help="share of requests that nobody asked before")
    parser.add_argument("--backfill", action="store_true", help="write real tweets at the same time")
    parser.add_argument("--listeners", type=int, default=1000, help="of /stream; 0 for none")
    parser.add_argument("--listen-seconds", type=float, default=20.0, help="idle, before a forecast is written")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder)
        if options.home is None:
            make_lake(home, options.events)
        with contextlib.ExitStack() as stack:
            running = [stack.enter_context(served(home)) for _ in range(options.processes)]
            urls, servers = [url for url, _ in running], [server for _, server in running]
            figures = asyncio.run(measure(urls, servers, home, options))
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
