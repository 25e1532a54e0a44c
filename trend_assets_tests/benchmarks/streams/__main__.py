"""Every ranking on many real streams, walked as if each moment were now, with the same settings everywhere.

    python -m trend_assets_tests.benchmarks.streams [NAMES…] [--folder DIR] [--declare FILE] [--json OUT]

`streams.yaml` declares the streams; `--declare FILE` gives others in the same form (YAML or JSON). Files are looked for
in DIR (default: TREND_SHARED_DATA, else ../shared/data). A stream whose files are absent is left out, with the reason.
Each is imported once into a lake under `--homes`; the walk is that of `trend backtest --formulas`, but all rankings are
fitted anew every fourth Monday (`--retraining weekly` as in production). With `--lead-time 4` the last four weeks are
cut hour by hour, too: how long before topics became big was each ranking sure, at equal false alarms (`lead_time`). OUT
is written anew after each stream, so that a run that is cut short has told what it found.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import orjson
from rich.console import Console

from trend_assets.forecasting.backtest import BacktestResult, Observer, Retraining
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.ranking import Ranking
from trend_assets.operations.backtesting import run_backtest
from trend_assets.operations.history import load_history
from trend_assets.operations.training import new_forecaster
from trend_assets.settings import Settings
from trend_assets.tgn.settings import GROUPS
from trend_assets_tests.benchmarks.homes import shared_data
from trend_assets_tests.benchmarks.streams.declared import TABLE, Stream, declared
from trend_assets_tests.benchmarks.streams.foresight import later
from trend_assets_tests.benchmarks.streams.lake_of_stream import Absent, lake_of, unseen_by
from trend_assets_tests.benchmarks.streams.lead_time import Calls
from trend_assets_tests.benchmarks.streams.told import NO_NETWORK, figures, lead_table, summary, table

_console = Console(width=120)
_SHOWN_EVERY = 112


def walked(stream: Stream, options: argparse.Namespace) -> dict[str, Any]:
    """A stream's figures by label, lead times if asked for, and what it cost.

    Raises:
        Absent: its files are not there.
    """
    began = time.perf_counter()
    lake, settings = lake_of(stream, options.folder, options.homes)
    imported = time.perf_counter() - began
    if options.pretrained:
        settings = unseen_by(options.pretrained, stream, settings)

    end = min(stream.end, stream.start + timedelta(weeks=options.weeks)) if options.weeks else stream.end

    def walk(start: datetime, every_hours: int, observe: Observer | None = None) -> BacktestResult:
        def progress(done: int, cuts: int) -> None:
            if done % _SHOWN_EVERY == 0 or done == cuts:
                _console.print(f"{stream.name}: {done} of {cuts} cuts, {time.perf_counter() - began:.0f} s")

        return run_backtest(
            lake,
            settings,
            start,
            end,
            every_hours=every_hours,
            with_tgn=options.tgn,
            formulas=True,
            retraining=options.retraining,
            progress=progress,
            processes=options.processes,
            observe=observe,
            more=further,
        )

    def further(memory: CutMemory) -> list[Ranking]:
        whole = load_history(lake) if options.foresight else None
        found: list[Ranking] = [later(memory, whole, hours) for hours in options.foresight]
        return [_without_network(settings, memory), *found] if options.ablation else found

    told: dict[str, Any] = {}
    if not options.lead_time_alone:
        result = walk(stream.start, 6)
        told = {"labels": figures(result, stream.labels), "cuts": result.cuts, "seconds": _seconds(result)}
        told["reliability"] = {label: found and found.to_json() for label, found in result.reliability.items()}
        for label, found in told["labels"].items():
            _console.print(table(stream.name, label, found))
    if options.lead_time:
        calls = Calls(stream.threshold)
        walk(max(stream.start, end - timedelta(weeks=options.lead_time)), 1, calls.observe)
        told["lead_time"] = calls.told(load_history(lake))
        _console.print(lead_table(stream.name, told["lead_time"]))
    return told | {"test": [stream.start, end], "import_seconds": imported, "all_seconds": time.perf_counter() - began}


def _without_network(settings: Settings, memory: CutMemory) -> Ranking:
    found = new_forecaster(settings, memory, threads=1)
    found.name = NO_NETWORK
    found.settings = replace(found.settings, groups=tuple(group for group in GROUPS if group != "network"))
    return found


def _seconds(result: BacktestResult) -> dict[str, Any]:
    trained = {name: sum(each) for name, each in result.training_seconds.items()}
    return {"training": trained, "scoring": dict(result.scoring_seconds)}


def main() -> None:
    """Reads the command line, walks the streams, prints the tables and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="of streams; default: all that are declared")
    parser.add_argument("--folder", type=Path, default=None, help="where the files are")
    parser.add_argument("--declare", type=Path, default=TABLE, help="streams, YAML or JSON")
    parser.add_argument("--homes", type=Path, default=Path(tempfile.gettempdir()) / "trend_streams")
    parser.add_argument(
        "--pretrained", type=Path, metavar="FOLDER", help="FOLDER/NAME was made without the stream (`pretraining`)"
    )
    parser.add_argument("--ablation", action="store_true", help="the TGN without its network, too")
    parser.add_argument(
        "--foresight", type=int, nargs="*", default=[], metavar="HOURS", help="LightGBM that sees so many hours more"
    )
    parser.add_argument("--no-tgn", dest="tgn", action="store_false", help="baselines and formulas alone")
    parser.add_argument("--retraining", choices=get_args(Retraining), default="four-weekly")
    parser.add_argument("--weeks", type=int, default=0, help="the first weeks of each test alone; default: all")
    parser.add_argument("--lead-time", type=int, default=0, metavar="WEEKS", help="the last weeks, cut by hour, too")
    parser.add_argument("--lead-time-alone", action="store_true", help="only these")
    parser.add_argument("--processes", type=int, default=1, help="weeks walked at once")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    options.folder = options.folder or shared_data()
    streams = {stream.name: stream for stream in declared(options.declare)}
    if unknown := set(options.names) - streams.keys():
        parser.error(f"{', '.join(sorted(unknown))}: {options.declare} declares {', '.join(streams)}")
    told: dict[str, Any] = {"streams": {}, "left_out": {}, "summary": {}}
    for name in options.names or streams:
        try:
            told["streams"][name] = walked(streams[name], options)
        except Absent as reason:
            told["left_out"][name] = str(reason)
            _console.print(f"{name} is left out: {reason}")
        told["summary"] = summary({name: each.get("labels", {}) for name, each in told["streams"].items()})
        if options.json:
            options.json.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY))
    for kind, found in told["summary"].items():
        _console.print(
            f"against the {kind}: {found['wins']} wins, {found['ties']} ties, {found['losses']} losses, "
            f"mean relative lead {found['mean_relative_lead']:+.1%} "
            f"[{found['interval'][0]:+.1%}, {found['interval'][1]:+.1%}]"
        )


if __name__ == "__main__":
    main()
