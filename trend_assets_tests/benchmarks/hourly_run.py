"""What an hourly run of so many new events costs in lakes of several sizes: CPU seconds and memory of each part.

Each run is a process of its own, as Dagster's are. The model is a small one, fitted to the smallest lake, of which the
first run of each lake reads all mentions; the runs after it go on from what it has saved.

    python -m trend_assets_tests.benchmarks.hourly_run --events 100000 1000000 --json OUT
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from trend_assets.graph.builder import GraphBuilder
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS, NODES, TEMPORAL_EDGES
from trend_assets.operations.importing import import_file
from trend_assets.operations.models import model_name, model_store, promote
from trend_assets.settings import load_settings
from trend_assets.sources.archive.columns import ColumnMap
from trend_assets_tests.benchmarks.synthetic_lake import END, make_lake

#: Of lakes of all sizes, so that as many topics are asked about: what differs is how long the history is.
_A_DAY = 16_667
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_ASSETS = (
    "raw_events", "events", "topic_phrases", "near_copies", "topic_activity", "temporal_edges", "nodes", "predictions",
    "prediction_outcomes",
)  # fmt: skip
_COLUMNS = "id=id,timestamp=time,user_id=user,text=text,topics=topics"


def make_home(home: Path, events: int) -> Lake:
    """A lake with a graph."""
    os.environ["TREND_HOME"] = str(home)
    settings = load_settings()
    days = max(events // _A_DAY, 1)
    make_lake(home, events, days)
    lake = Lake(lake_location(settings))
    with lake.transaction() as connection:
        connection.execute("DELETE FROM predictions; DELETE FROM prediction_outcomes")
    for day in range(days):
        start = END - (days - day) * _DAY
        edges, nodes = GraphBuilder().build(lake.read_table(EVENTS, start, start + _DAY))
        lake.write(TEMPORAL_EDGES, edges, start, start + _DAY)
        lake.write(NODES, nodes)
    return lake


def fit_model(lake: Lake, folder: Path) -> None:
    """A small model of what a lake holds."""
    from trend_assets.operations.history import load_history
    from trend_assets.tgn.forecaster import TgnForecaster
    from trend_assets.tgn.heads import HeadSettings
    from trend_assets.tgn.settings import ForecasterSettings

    history = load_history(lake, END)
    settings = ForecasterSettings(link_epochs=1, days=4, every_hours=12, heads=HeadSettings(epochs=1, min_steps=20))
    forecaster = TgnForecaster(settings)
    forecaster.fit(history, int(END.timestamp()))
    forecaster.save(folder, {"calibrators": {}})


def put_model(lake: Lake, folder: Path) -> None:
    """Puts it to use."""
    settings, name = load_settings(), model_name(datetime(2026, 2, 2, tzinfo=UTC), 1)
    copy = Path(tempfile.mkdtemp()) / name
    shutil.copytree(folder, copy)
    model_store(settings).add(copy, name)
    promote(lake, settings, name, "for the benchmark")


def new_posts(lake: Lake, hour: datetime, count: int) -> None:
    """Imports so many posts of an hour."""
    chance = np.random.default_rng(int(hour.timestamp()))
    topics = (20_000 * chance.random(count) ** 4).astype(int)
    frame = pl.DataFrame(
        {
            "id": [f"{hour:%Y%m%d%H}-{n}" for n in range(count)],
            "time": [(hour + timedelta(seconds=3600 * n / count)).isoformat() for n in range(count)],
            "user": [f"u{user}" for user in chance.integers(0, 50_000, count)],
            "text": [f"what somebody wrote about #t{topic}" for topic in topics],
            "topics": [f"#t{topic}" for topic in topics],
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "posts.csv"
        frame.write_csv(path)
        report = import_file(lake, path, load_settings(), ColumnMap.parse(_COLUMNS))
    assert not report.failed, list(report.errors)


def run_hour(hour: datetime) -> dict[str, float]:
    """Materializes an hour in this process; CPU seconds of each part."""
    began = time.process_time()
    from trend_assets import definitions
    from trend_assets.assets import forecasts

    parts: dict[str, float] = {}

    def timed(name: str, function: Callable) -> Callable:
        def run(*arguments: Any, **named: Any) -> Any:
            start = time.process_time()
            try:
                return function(*arguments, **named)
            finally:
                parts[name] = time.process_time() - start

        return run

    forecasts.forecast_hours = timed("forecast", forecasts.forecast_hours)
    forecasts.score_hours = timed("outcomes", forecasts.score_hours)
    job = definitions.make_definitions(load_settings()).resolve_implicit_global_asset_job_def()
    parts["start"] = time.process_time() - began
    start = time.process_time()
    import dagster as dg

    result = job.execute_in_process(
        partition_key=f"{hour:%Y-%m-%d-%H:%M}", asset_selection=[dg.AssetKey(name) for name in _ASSETS]
    )
    assert result.success
    whole = time.process_time() - start
    parts["before the forecast"] = whole - parts["forecast"] - parts["outcomes"]
    parts["all"] = time.process_time()
    # The kernel's count of a process's own peak; that of `getrusage` begins with its parent's.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    parts["peak MB"] = int(peak.split()[1]) / 1024
    return parts


def main() -> None:
    """Measures, and prints a row for each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--new", type=int, default=10_000)
    parser.add_argument("--hours", type=int, default=4)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--hour", type=datetime.fromisoformat, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.hour:
        print(json.dumps(run_hour(asked.hour)))
        return
    found: dict[int, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        for size in sorted(asked.events):
            home = Path(folder) / str(size)
            began = time.monotonic()
            lake = make_home(home, size)
            if not model.exists():
                fit_model(lake, model)
            put_model(lake, model)
            lake.close()
            print(f"{size:,} events made in {time.monotonic() - began:.0f} s", flush=True)
            found[size] = [_measured(home, END + number * _HOUR, asked.new) for number in range(asked.hours)]
            shutil.rmtree(home)
    if asked.json:
        asked.json.write_text(json.dumps(found))


def _measured(home: Path, hour: datetime, count: int) -> dict[str, float]:
    lake = Lake(lake_location(load_settings()))
    new_posts(lake, hour, count)
    lake.close()
    command = [sys.executable, "-m", "trend_assets_tests.benchmarks.hourly_run", "--hour", hour.isoformat()]
    ended = subprocess.run(command, env={**os.environ, "TREND_HOME": str(home)}, capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(ended.stderr[-3000:])
    parts = json.loads(ended.stdout.splitlines()[-1])
    print(f"  {hour:%H:%M} " + ", ".join(f"{name} {value:.1f}" for name, value in parts.items()), flush=True)
    return parts


if __name__ == "__main__":
    main()
