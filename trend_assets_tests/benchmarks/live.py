"""Hours of the simulated world through the mock server, the real daemon and its schedule, on a compressed clock.

    python -m trend_assets_tests.benchmarks.live --hours 48 [--faults 0.05] [--kills 20] [--downtime 6]

The mock server, the daemon, its code server and every run share one clock, which is set forward by an hour once the
runs of a tick have ended: the daemon evaluates the schedule, the code server launches a process a run. At the end
the clock goes on until no hour is left that a later run could still get. Then each post that the server had must
be in `raw_events` exactly once, and `collection_status` must explain every hour that is not complete.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from dagster import DagsterInstance, DagsterRunStatus

from trend_assets.automation.instance import dagster_environment, open_instance
from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.settings import Settings
from trend_assets.simulator.faults import Faults
from trend_assets.simulator.server import MockServer
from trend_assets.simulator.timeline import Comment, Post, Search
from trend_assets.simulator.world import Volume, World
from trend_assets.sources.youtube.followed import FOLLOWED
from trend_assets_tests.benchmarks.homes import REPOSITORY
from trend_assets_tests.benchmarks.live_clock import VARIABLE, read_clock, set_clock

HOUR = timedelta(hours=1)
_SOURCES = ("twitter", "youtube", "google_trends")
_OPEN = (DagsterRunStatus.QUEUED, DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.NOT_STARTED)
_TICK_SECONDS, _MOST_EXTRA_TICKS = 600, 48


def environment(
    home: Path, server: MockServer, countries: list[str], weekday: int, late: bool, recollect: int
) -> dict[str, str]:
    """Settings as a user's, with dummies for keys; no budget binds, and YouTube's charts are left out."""
    variables = {
        "TREND_HOME": str(home),
        VARIABLE: str(home / "clock"),
        "DAGSTER_DAEMON_HEARTBEAT_TOLERANCE": "1000000000",
        "TREND_SCHEDULE__ENABLED": "true",
        "TREND_SCHEDULE__RECOLLECT_HOURS": str(recollect),
        "TREND_SCHEDULE__LATE_PASS": str(late).lower(),
        # Not a day that is simulated: a training is no part of this.
        "TREND_SCHEDULE__TRAINING_WEEKDAY": str(weekday),
        "TREND_TWITTER__QUERIES": '[{"text": "lang:en OR -lang:en"}]',
        "TREND_TWITTER__MONTHLY_POSTS": "100000000",
        "TREND_TWITTER__BEARER_TOKEN": "dummy",
        "TREND_YOUTUBE__QUERIES": '[""]',
        "TREND_YOUTUBE__REGIONS": "[]",
        "TREND_YOUTUBE__SEARCH_PAGES": "10",
        "TREND_YOUTUBE__DAILY_UNITS": "100000000",
        "TREND_YOUTUBE__API_KEY": "dummy",
        "TREND_GOOGLE_TRENDS__REGIONS": json.dumps(countries),
    }
    for name in _SOURCES:
        variables |= {f"TREND_{name.upper()}__ENABLED": "true", f"TREND_{name.upper()}__BASE_URL": server.url}
    return {**os.environ, **dagster_environment(Settings(home=home)), **variables, "PYTHONPATH": str(REPOSITORY)}


@contextmanager
def daemon(home: Path, variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The daemon with its code server, until the end of the block."""
    workspace = home / "workspace.yaml"
    module = {"module_name": "trend_assets_tests.benchmarks.live_location", "location_name": "trend_assets"}
    workspace.write_text(yaml.safe_dump({"load_from": [{"python_module": module}]}), encoding="utf-8")
    command = [sys.executable, "-m", "trend_assets_tests.benchmarks.live_daemon", "run", "-w", str(workspace)]
    with (home / "daemon.log").open("ab") as log:
        process = subprocess.Popen(
            command, env=variables, cwd=REPOSITORY, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Ticks:
    """The daemon's ticks, as its instance records them."""

    def __init__(self, instance: DagsterInstance, process: subprocess.Popen[bytes], chance: random.Random) -> None:
        self.instance, self.process, self.chance = instance, process, chance
        self.runs: list[str] = []
        self.killed: list[str] = []

    def wait_until_watched(self) -> None:
        """Until the daemon knows the schedule."""
        self._until(lambda: any(state.name == "hourly_collection" for state in self.instance.all_instigator_state()))

    def finish(self, moment: datetime, kill: bool) -> int:
        """Waits until the tick of a moment has launched its runs and they have ended; how many there were."""
        found: list[str] = []

        def evaluated() -> bool:
            for state in self.instance.all_instigator_state():
                if state.name == "hourly_collection":
                    ticks = self.instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
                    if ticks and ticks[0].timestamp == moment.timestamp() and ticks[0].status.value != "STARTED":
                        if ticks[0].error:
                            raise SystemExit(f"the tick of {moment} failed: {ticks[0].error.message}")
                        found[:] = ticks[0].run_ids
                        return True
            return False

        self._until(evaluated)
        self.runs += found
        if kill and found:
            self._kill(found[0])
        self._until(lambda: all(self._status(run) not in _OPEN for run in found))
        return len(found)

    def _status(self, run: str) -> DagsterRunStatus:
        record = self.instance.get_run_by_id(run)
        return record.status if record else DagsterRunStatus.NOT_STARTED

    def _kill(self, run: str) -> None:
        """`kill -9` of the run's process at a moment of its life."""
        pids: list[int] = []

        def started() -> bool:
            for entry in self.instance.all_logs(run):
                event = entry.dagster_event
                if (
                    event
                    and event.event_type_value == "ENGINE_EVENT"
                    and "pid" in (event.event_specific_data.metadata or {})
                ):
                    pids.append(int(str(event.event_specific_data.metadata["pid"].value)))
            return bool(pids) or self._status(run) not in _OPEN

        self._until(started)
        time.sleep(self.chance.uniform(0, 4))
        if pids and self._status(run) in _OPEN:
            with suppress(ProcessLookupError):
                os.kill(pids[-1], signal.SIGKILL)
                self.killed.append(run)

    def _until(self, true) -> None:  # type: ignore[no-untyped-def]
        deadline = time.monotonic() + _TICK_SECONDS
        while not true():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit("the daemon does not get on: see daemon.log in the home")
            time.sleep(0.2)


def happened(world: World, source: str, start: datetime, end: datetime) -> Counter[str]:
    """Content ids that the server had; Trends names a term once a country and hour."""
    ids: set[str] = set()
    for event in world.events(source, start, end):  # type: ignore[arg-type]
        if isinstance(event, Search):
            at = datetime.fromtimestamp(event.milliseconds / 1000, UTC)
            ids.add(f"{event.country}:{' '.join(event.term.split()).casefold()}:{at:%Y-%m-%dT%H}")
        elif isinstance(event, Post) or not hasattr(event, "video") or event.video.milliseconds >= _ms(world.start):
            # A comment under a video from before the world's start is under one that the server does not know.
            ids.add(event.id)  # type: ignore[union-attr]
    return Counter(ids)


def not_followed(world: World, start: datetime, end: datetime) -> set[str]:
    """Comments under videos of more than two days before their hour, which are not asked for."""
    comments = (event for event in world.events("youtube", start, end) if isinstance(event, Comment))
    oldest = int(FOLLOWED / timedelta(milliseconds=1))
    return {
        one.id for one in comments if one.milliseconds - one.milliseconds % 3_600_000 - oldest > one.video.milliseconds
    }


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def compared(
    lake: Lake, world: World, start: datetime, end: datetime, deleted: frozenset[str]
) -> dict[str, dict[str, int]]:
    """Both sides by source; what was deleted before it was read can no longer be had."""
    found, never = {}, not_followed(world, start, end)
    for source in _SOURCES:
        query = "SELECT content_id FROM raw_events WHERE source = ? AND hour >= ? AND hour < ?"
        have = Counter(lake.read(query, [source, start, end])["content_id"])
        had = happened(world, source, start, end)
        found[source] = {
            "server_had": len(had),
            "lake_has": sum(have.values()),
            "missing": len(had.keys() - have.keys()),
            "missing_because_deleted": len((had.keys() - have.keys()) & deleted),
            "missing_because_not_followed": len((had.keys() - have.keys()) & never),
            "more_than_once": sum(count > 1 for count in have.values()),
            "not_the_servers": len(have.keys() - had.keys()),
        }
    return found


def incomplete(lake: Lake, start: datetime, end: datetime) -> list[tuple[object, ...]]:
    """Hours and sources without a state that is an end, with what is told of them."""
    states = dict.fromkeys(
        (hour, source)
        for hour in (start + index * HOUR for index in range(int((end - start) / HOUR)))
        for source in _SOURCES
    )
    query = "SELECT hour, source, status, message FROM collection_status WHERE hour >= ? AND hour < ?"
    told = {
        (hour, source): (status, message) for hour, source, status, message in lake.read(query, [start, end]).rows()
    }
    left = [(key, told.get(key)) for key in states]
    return [
        (str(hour), source, *(state or ("no state", "")))
        for (hour, source), state in left
        if not state or state[0] not in ("complete", "empty")
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, default=48)
    parser.add_argument("--faults", type=float, default=0.0)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--downtime", type=int, default=0, help="hours in the middle at which nothing ticks")
    parser.add_argument("--late", action="store_true", help="with the late pass")
    parser.add_argument("--recollect", type=int, default=0, help="hours that each tick asks for again")
    parser.add_argument("--events-per-day", type=float, default=3000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder) / "home"
        home.mkdir(parents=True)
        print(json.dumps(measured(options, home), indent=2))


def measured(options: argparse.Namespace, home: Path) -> dict[str, object]:
    """The figures of one run."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    # Room behind the last hour for the ticks that fetch what is missing.
    start = now - (options.hours + _MOST_EXTRA_TICKS + 2) * HOUR
    end = start + options.hours * HOUR
    # Few enough videos that the comments of all of them are followed.
    world = World(options.seed, start, events_per_day=options.events_per_day, volume=Volume(videos=0.035))
    faults = Faults(options.faults, seed=options.seed)
    chance = random.Random(options.seed)
    # Not the first: what comes before the first hour that was begun is none that was missed.
    killed_at = set(chance.sample(range(1, options.hours), options.kills))
    down = range(options.hours // 2, options.hours // 2 + options.downtime)
    set_clock(home / "clock", start + timedelta(minutes=5))
    began = time.perf_counter()
    with MockServer(world, lambda: read_clock(home / "clock"), faults=faults) as server:
        countries = sorted({event.country for event in world.events("google_trends", start, end)})  # type: ignore[union-attr]
        weekday = (start.weekday() - 1) % 7
        variables = environment(home, server, countries, weekday, options.late, options.recollect)
        with open_instance(Settings(home=home)) as instance, daemon(home, variables) as process:
            ticks, extra = Ticks(instance, process, chance), 0
            ticks.wait_until_watched()
            for index in range(options.hours):
                if index not in down:
                    tick = start + (index + 1) * HOUR + timedelta(minutes=10)
                    set_clock(home / "clock", tick + timedelta(seconds=1))
                    ticks.finish(tick, kill=index in killed_at)
            lake = Lake(LakeLocation(home), read_only=True)
            straight = len(incomplete(lake, start, end))
            while incomplete(lake, start, end) and extra < _MOST_EXTRA_TICKS:
                extra += 1
                tick = end + extra * HOUR + timedelta(minutes=10)
                set_clock(home / "clock", tick + timedelta(seconds=1))
                ticks.finish(tick, kill=False)
            statuses = Counter(ticks._status(run).value for run in ticks.runs)
    return {
        "hours": options.hours,
        "seconds": round(time.perf_counter() - began, 1),
        "ticks_after_the_end": extra,
        "runs": dict(statuses),
        "killed": len(ticks.killed),
        "requests": len(server.requests),
        "faults_made": dict(Counter(faults.made)),
        "incomplete_at_the_last_hour": straight,
        "incomplete_at_the_end": incomplete(lake, start, end),
        "attempts": dict(
            lake.read("SELECT purpose || ' ' || status, count(*) FROM collection_attempts GROUP BY 1 ORDER BY 1").rows()
        ),
        "observations": lake.read("SELECT source, count(*) FROM observations GROUP BY source ORDER BY source").rows(),
        "by_source": compared(lake, world, start, end, faults.deleted),
    }


if __name__ == "__main__":
    main()
