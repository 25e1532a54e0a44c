"""Posts a second from the mock server over loopback into `raw_events`, the lake's write included, and memory.

    python -m trend_assets_tests.benchmarks.throughput --posts 20000 --hours 4

The mock server is a process of its own. What bounds it is told by the collecting process' own CPU time (what is left is
waiting for the mock server) and by a profile of one hour.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import multiprocessing
import os
import pstats
import tempfile
import time
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from trend_assets.simulator.server import MockServer
from trend_assets.simulator.serving import Limits
from trend_assets.simulator.world import Volume, World

HOUR = timedelta(hours=1)
#: Functions of the profile, by what they stand for; their time includes what they call.
_PARTS = {
    "waiting_for_the_mock_server_and_http": ("adapters.py", "send"),
    "json_of_answers": ("wire/values.py", "loads"),
    "splitting_pages": ("twitter/pages.py", "split_v2_page"),
    "parsing_posts": ("twitter/v2.py", "parse_v2"),
    "json_of_payloads": ("wire/values.py", "dumps"),
    "frames": ("frames.py", "raw_frame"),
    "writing_the_lake": ("store.py", "write"),
}


def serve(start: datetime, posts: int, hours: int, answer: Connection) -> None:
    """The mock server, with the hours already made up."""
    world = World(7, start, users=5000, events_per_day=posts * 24 / 0.75, volume=Volume(warm_up_hours=1))
    counts = [
        sum(1 for _ in world.events("twitter", start + at * HOUR, start + (at + 1) * HOUR)) for at in range(hours)
    ]
    server = MockServer(world, limits=Limits(x_requests=1_000_000))
    server.open()
    answer.send((server.url, counts))
    server.serve()


def peak_mb() -> float:
    """Resident memory now, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def collect_hour(start: datetime) -> int:
    """One hour as the asset collects it; the rows added."""
    from trend_assets.assets.collection_run import collect_hours
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.io_manager import open_lake
    from trend_assets.lake.tables import RAW_EVENTS
    from trend_assets.settings import load_settings

    settings = load_settings()
    lake = open_lake(lake_location(settings))
    asked = collect_hours(lake, settings, start, start + HOUR, "new")
    added = lake.write(RAW_EVENTS, asked.collected.raw)
    asked.finish()
    return added


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=20_000, help="posts an hour, about")
    parser.add_argument("--hours", type=int, default=4)
    options = parser.parse_args()
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - (options.hours + 1) * HOUR
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    server = context.Process(target=serve, args=(start, options.posts, options.hours, there), daemon=True)
    server.start()
    url, counts = here.recv()
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {
            "TREND_HOME": home, "TREND_TWITTER__ENABLED": "true", "TREND_TWITTER__BASE_URL": url,
            "TREND_TWITTER__BEARER_TOKEN": "dummy", "TREND_TWITTER__MONTHLY_POSTS": "1000000000",
            "TREND_TWITTER__QUERIES": '[{"text": "lang:en OR -lang:en"}]',
        }  # fmt: skip
        rows = []
        for at, had in enumerate(counts[:-1]):
            wall, cpu = time.perf_counter(), time.process_time()
            added = collect_hour(start + at * HOUR)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            figures = {"had": had, "added": added, "a_second": round(added / wall), "a_cpu_second": round(added / cpu)}
            rows.append({**figures, "resident_mb": round(peak_mb())})
        profile = cProfile.Profile()
        profile.runcall(collect_hour, start + (len(counts) - 1) * HOUR)
    server.kill()
    print(json.dumps({"hours": rows, "profile": parts(profile)}, indent=2))


def parts(profile: cProfile.Profile) -> dict[str, float]:
    """Shares of the profiled time."""
    stats = pstats.Stats(profile)
    total = stats.total_tt  # type: ignore[attr-defined]
    found = dict.fromkeys(_PARTS, 0.0)
    for (file, _, function), (_, _, _, cumulative, _) in stats.stats.items():  # type: ignore[attr-defined]
        for name, (wanted_file, wanted) in _PARTS.items():
            if (
                function == wanted
                and file.endswith(f"/{wanted_file}")
                and (name != "waiting_for_the_mock_server_and_http" or "requests" in file)
            ):
                found[name] = max(found[name], round(cumulative / total, 3))
    return {"seconds": round(total, 1), **found}


if __name__ == "__main__":
    main()
