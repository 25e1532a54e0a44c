"""A year of hourly ticks through the schedules' own code, on a compressed clock, against the simulated services.

    python -m trend_assets_tests.faults.year [--days 365] [--hourly-days 5] [--awake 4] [--sleep 116] [--faults 0.05]

The first and the last days tick every hour. Between them the machine sleeps for `--sleep` hours and then is awake for
`--awake` hourly ticks, in which the bounded catch-up must make up for what it has slept through. Requests fail, the
clock is a day wrong for some ticks, the lake is maintained every night in which the machine is awake and a model
trained every week. At the end the clock goes on until nothing can be had any more. Then every hour must be complete or
marked with its reason, and every post there exactly once.

Thinned, so that a year takes hours of one core and not days: the ticks (all 8,760 hours are collected, most of them by
catching up, up to twelve in a run), the posts (`--events-per-day`), an epoch a training, and what an hour makes of its
posts (`year_clock`: no vectors, phrases, near copies, labels and forecasts).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from trend_assets_tests.faults.year_clock import CLOCK  # isort: skip - before anything that takes a clock by name

import dagster as dg

from trend_assets.automation.instance import open_instance
from trend_assets.definitions import make_definitions
from trend_assets.lake.connection import lake_location
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.maintenance import lake_size
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import FORGOTTEN, NEAR_COPIES, PREDICTIONS, TOPIC_PHRASES
from trend_assets.settings import Settings, load_settings
from trend_assets.simulator.faults import KINDS, Faults
from trend_assets.simulator.server import MockServer
from trend_assets.simulator.world import Volume, World
from trend_assets_tests.benchmarks.live import compared, environment, incomplete
from trend_assets_tests.scratch import MEMORY

HOUR = timedelta(hours=1)
_LOG = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
#: The most that the setting allows: a sleep of days is made up for.
_CATCH_UP_HOURS = 168
_MOST_EXTRA = 96
_ANYTHING = {"VARCHAR": "''", "TIMESTAMPTZ": "now()", "VARCHAR[]": "[]", "BOOLEAN": "false"}
#: All but a line that stays silent, for which one would have to wait in real time.
_KINDS = tuple(kind for kind in KINDS if kind != "stalled")


@dataclass(slots=True)
class Machine:
    """What ticks: the schedules of the code location, and the runs that they ask for, one after another.

    Args:
        settings: of the home.
        instance: its records.
        chance: of what goes wrong.
    """

    settings: Settings
    instance: dg.DagsterInstance
    chance: random.Random
    repository: Any = None
    keys: set[str] = field(default_factory=set)
    statuses: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.repository = make_definitions(self.settings).get_repository_def()

    def tick(self, name: str) -> float:
        """Evaluates a schedule at the time that it is here, and does its runs; seconds."""
        began = time.perf_counter()
        schedule = self.repository.get_schedule_def(name)
        context = dg.build_schedule_context(
            scheduled_execution_time=CLOCK.here(),
            instance=self.instance,
            repository_def=self.repository,
            resources={"lake": LakeResource(self.settings), "settings": self.settings},
        )
        requests = schedule.evaluate_tick(context).run_requests or []
        for request in sorted(requests, key=lambda one: -int(one.tags.get("dagster/priority", 0))):
            # Dagster starts no run of a key that has had one.
            key = f"{name} {request.run_key}" if request.run_key else ""
            if key not in self.keys or not key:
                self.keys.add(key)
                self._run(schedule.job_name, request)
        return time.perf_counter() - began

    def _run(self, job: str, request: dg.RunRequest) -> None:
        result = self.repository.get_job(job).execute_in_process(
            instance=self.instance,
            tags=dict(request.tags),
            partition_key=request.partition_key,
            asset_selection=list(request.asset_selection) if request.asset_selection else None,
            run_config=_LOG,
            raise_on_error=False,
        )
        self.statuses[f"{job} {'succeeded' if result.success else 'failed'}"] += 1


def moments(start: datetime, options: argparse.Namespace) -> Iterator[datetime]:
    """When the machine is awake: every hour at first and at last, a few hours at a time between."""
    at, end, edge = start + HOUR, start + timedelta(days=options.days), timedelta(days=options.hourly_days)
    awake = 0
    while at <= end:
        yield at + timedelta(minutes=10)
        awake += 1
        if start + edge <= at < end - edge and awake >= options.awake:
            awake, at = 0, min(at + (options.sleep + 1) * HOUR, end - edge)
        else:
            at += HOUR


def sizes(lake: Lake, settings: Settings) -> dict[str, float]:
    """Of what grows, in megabytes, and how many files."""
    size = lake_size(lake)
    folder = lake_location(settings).folder
    return {
        "live_files": size.files,
        "live_mb": round(size.bytes / 1e6, 2),
        "lake_folder_mb": _megabytes(folder),
        "catalog_mb": round((folder / "catalog.sqlite").stat().st_size / 1e6, 2),
        "dagster_mb": _megabytes(settings.dagster_home),
    }


def _megabytes(folder: Path) -> float:
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6, 2)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--hourly-days", type=int, default=5, help="at the beginning and at the end")
    parser.add_argument("--awake", type=int, default=4, help="ticks after each sleep")
    parser.add_argument("--sleep", type=int, default=116, help="hours without a tick")
    parser.add_argument("--faults", type=float, default=0.05, help="share of requests that go wrong")
    parser.add_argument("--jumps", type=int, default=4, help="how often the clock is a day wrong for three ticks")
    parser.add_argument("--late", action="store_true", help="with the late pass, which doubles the runs")
    parser.add_argument("--no-training", action="store_true")
    parser.add_argument("--events-per-day", type=float, default=40)
    parser.add_argument("--seed", type=int, default=5)
    return parser.parse_args()


def measured(options: argparse.Namespace, home: Path) -> dict[str, object]:
    """The figures of one run."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    # Room behind the last hour for the ticks that fetch what is missing, and for a clock that is ahead.
    start = now - timedelta(days=options.days) - (_MOST_EXTRA + 60) * HOUR
    end = start + timedelta(days=options.days)
    world = World(options.seed, start, events_per_day=options.events_per_day, volume=Volume(videos=0.1))
    faults, chance = Faults(options.faults, _KINDS, options.seed), random.Random(options.seed)
    CLOCK.world = start + timedelta(minutes=5)
    began = time.perf_counter()
    with MockServer(world, lambda: CLOCK.world, faults=faults) as server:
        countries = sorted({event.country for event in world.events("google_trends", start, end)})  # type: ignore[union-attr]
        variables = environment(home, server, countries, weekday=0, late=options.late, recollect=0)
        thinned = {
            "TREND_SCHEDULE__CATCH_UP_HOURS": str(_CATCH_UP_HOURS),
            "TREND_TRAINING__EPOCHS": "1",
            "TREND_LAKE__THREADS": "1",
            # Older than each nightly maintenance takes this machine's time to be: records go as they do in real time.
            "TREND_DAGSTER__KEEP_DAYS": "8",
        }
        os.environ.update(variables | thinned)
        settings = load_settings()
        _seed(settings)
        with open_instance(settings) as instance:
            return _year(options, Machine(settings, instance, chance), world, (start, end), faults) | {
                "seconds": round(time.perf_counter() - began),
                "requests": len(server.requests),
            }


def _seed(settings: Settings) -> None:
    """A table that never had a row costs DuckLake a query a column (ducklake#1313): a year leaves some without."""
    lake, unfilled = Lake(lake_location(settings)), (PREDICTIONS, TOPIC_PHRASES, NEAR_COPIES, FORGOTTEN)
    with lake.transaction() as connection:
        for table in unfilled:
            row = {column.name: _ANYTHING.get(column.type, "0") for column in table.columns}
            connection.execute(f"INSERT INTO {table.name} ({', '.join(row)}) VALUES ({', '.join(row.values())})")
    with lake.transaction() as connection:
        for table in unfilled:
            connection.execute(f"DELETE FROM {table.name}")
    lake.close()


def _year(
    options: argparse.Namespace, machine: Machine, world: World, span: tuple[datetime, datetime], faults: Faults
) -> dict[str, object]:
    start, end = span
    awake = list(moments(start, options))
    # Not at the first: what is before the first hour that was asked for is none that was missed.
    begun = machine.chance.sample(range(5, len(awake) - 5), options.jumps)
    jumps = {index + step for index in begun for step in range(3)}
    ahead = machine.chance.choice([1, -1])
    took: list[float] = []
    maintained, trained = start.date(), start.isocalendar()[:2]
    first_sizes: dict[str, float] = {}
    for index, moment in enumerate(awake):
        CLOCK.world, CLOCK.wrong = moment, timedelta(days=ahead) if index in jumps else timedelta()
        ahead = -ahead if index in jumps and index + 1 not in jumps else ahead
        took.append(machine.tick("hourly_collection"))
        if moment.date() > maintained and not CLOCK.wrong:
            maintained = moment.date()
            machine.tick("nightly_maintenance")
            first_sizes = first_sizes or _sizes(machine)
        if not options.no_training and moment.isocalendar()[:2] > trained and not CLOCK.wrong:
            trained = moment.isocalendar()[:2]
            machine.tick("weekly_training")
        if index % 24 == 0:
            _say(moment, took[-24:], machine)
    CLOCK.wrong = timedelta()
    extra, lake = 0, Lake(lake_location(machine.settings), read_only=True)
    at_the_end = len(incomplete(lake, start, end))
    while extra < _MOST_EXTRA and ((options.late and extra < 26) or _open(machine, lake, span)):
        extra += 1
        CLOCK.world = awake[-1] + extra * HOUR
        machine.tick("hourly_collection")
    months = {name: [seconds for moment, seconds in zip(awake, took, strict=True) if within(moment)]
              for name, within in (
                  ("first", lambda moment: moment - start < timedelta(days=options.hourly_days)),
                  ("last", lambda moment: end - moment < timedelta(days=options.hourly_days)))}  # fmt: skip
    left = incomplete(lake, start, end)
    return {
        "days": options.days,
        "ticks": len(awake),
        "ticks_after_the_end": extra,
        "tick_seconds": {name: round(statistics.median(seconds), 2) for name, seconds in months.items()},
        "last_to_first": round(statistics.median(months["last"]) / statistics.median(months["first"]), 2),
        "runs": dict(machine.statuses),
        "faults_made": len(faults.made),
        "hours_open_at_the_last_tick": at_the_end,
        "hours_without_a_reason": [row for row in left if row[2] == "no state" or not row[3]],
        "hours_not_had": Counter(f"{source} {state}: {message}" for _, source, state, message in left),
        "by_source": compared(lake, world, start, end, faults.deleted),
        "trainings": lake.read("SELECT status, count(*) FROM training_runs GROUP BY status").rows(),
        "size_after_first_night": first_sizes,
        "size_at_the_end": _sizes(machine),
    }


def _say(moment: datetime, took: list[float], machine: Machine) -> None:
    runs, spent = sum(machine.statuses.values()), time.process_time()
    line = f"{moment:%Y-%m-%d %H:%M} {statistics.median(took):.2f} s a tick, {runs} runs, {spent:.0f} s of CPU"
    print(line, file=sys.stderr, flush=True)


def _open(machine: Machine, lake: Lake, span: tuple[datetime, datetime]) -> bool:
    """Whether an hour may still become complete: one that the catch-up still looks at."""
    start, end = span
    back = CLOCK.world.replace(minute=0) - timedelta(hours=machine.settings.schedule.catch_up_hours + 1)
    first = max(start, back)
    return first < end and any(state != "skipped" for _, _, state, _ in incomplete(lake, first, end))


def _sizes(machine: Machine) -> dict[str, float]:
    lake = Lake(lake_location(machine.settings), read_only=True)
    found = sizes(lake, machine.settings)
    lake.close()
    return found


def main() -> None:
    """Runs a year, and prints its figures; the exit status is 1 where an hour or a post is unaccounted for."""
    options = _options()
    # Hundreds of runs would wait for the disk, a third of their time.
    with tempfile.TemporaryDirectory(prefix="trend_year_", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        figures = measured(options, Path(folder))
    print(json.dumps(figures, indent=2, default=str))
    wrong = any(source["more_than_once"] or source["not_the_servers"] for source in figures["by_source"].values())  # type: ignore[attr-defined]
    sys.exit(bool(wrong or figures["hours_without_a_reason"]))


if __name__ == "__main__":
    main()
