"""Posts a CPU second of each stage, on real tweets: import, then each asset of the flow in a run of its own.

    python -m trend_assets_tests.benchmarks.stages --months 1 3 9

CPU seconds of the whole process with one thread of DuckDB, so that other work on the machine counts little. Each stage
is a Dagster run over all hours; an empty run of it, over one hour without posts, is measured besides.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from trend_assets_tests.benchmarks.homes import shared_data

_STAGES = ("events", "topic_phrases", "near_copies", "topic_activity", "temporal_graph")
_START = datetime(2014, 1, 1, tzinfo=UTC)


def measured(home: Path, months: int) -> dict[str, object]:
    """Posts a CPU second by stage."""
    from trend_assets.automation.instance import open_instance
    from trend_assets.automation.jobs import GRAPH_ASSET, GRAPH_ASSETS
    from trend_assets.commands.import_archive import import_all
    from trend_assets.definitions import make_definitions
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.store import Lake
    from trend_assets.launch import HourRange, materialize_hours
    from trend_assets.settings import load_settings

    os.environ |= {"TREND_HOME": str(home), "TREND_LAKE__THREADS": "1"}
    settings = load_settings()
    files = sorted((shared_data() / "tweets").glob("2014-*.gz"))[:months]
    lake = Lake(lake_location(settings))
    began = time.process_time()
    import_all(lake, files, None, settings)
    spent = {"import": time.process_time() - began}
    posts = lake.read("SELECT count(*) FROM raw_events").item()
    lake.close()
    instance, definitions = open_instance(settings), make_definitions(settings)
    year, month = _START.year + months // 12, months % 12 + 1
    hours = HourRange(_START, datetime(year, month, 1, tzinfo=UTC))
    empty = HourRange(datetime(2016, 1, 1, tzinfo=UTC), datetime(2016, 1, 1, 1, tzinfo=UTC))
    nothing = {}
    for stage in _STAGES:
        assets = list(GRAPH_ASSETS) if stage == GRAPH_ASSET else [stage]
        for span, kept in ((empty, nothing), (hours, spent)):
            began = time.process_time()
            materialize_hours(definitions, instance, span, assets)
            kept[stage] = time.process_time() - began
    return {
        "posts": posts,
        "hours": hours.hours,
        "a_cpu_second": {name: round(posts / seconds) for name, seconds in spent.items()},
        "cpu_seconds": {name: round(seconds, 1) for name, seconds in spent.items()},
        "cpu_seconds_of_an_empty_hour": {name: round(seconds, 2) for name, seconds in nothing.items()},
    }


def main() -> None:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, nargs="+", default=[1, 3, 9])
    for months in parser.parse_args().months:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measured(Path(folder), months)), flush=True)


if __name__ == "__main__":
    main()
