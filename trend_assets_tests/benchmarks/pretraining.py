"""Makes the trees that a model begins with, from the days of real streams that may be fitted on.

    python -m trend_assets_tests.benchmarks.pretraining --out trend_assets/tgn/shipped [--each-left-out FOLDER]

`streams.yaml` declares the streams; only what was before the first day of a stream's test is seen, of its last year.
FOLDER/NAME is made of all streams but NAME, so that it can be told what is worth on a stream
that it has not seen (`benchmarks.streams --pretrained FOLDER`, `benchmarks.first_months --pretrained FOLDER`).
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console

from trend_assets.forecasting.context import Context
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.history import History, to_datetime, to_epoch
from trend_assets.forecasting.labels import LabelSettings, make_cut
from trend_assets.forecasting.sampling import drawn
from trend_assets.operations.history import label_settings, load_history
from trend_assets.settings import ForecastSettings
from trend_assets.tgn.forecast_training import PastCuts
from trend_assets.tgn.inputs import TopicInputs
from trend_assets.tgn.pretrained import Lesson, Pretrained
from trend_assets.tgn.settings import ForecasterSettings
from trend_assets_tests.benchmarks.homes import shared_data
from trend_assets_tests.benchmarks.streams.declared import TABLE, Stream, declared
from trend_assets_tests.benchmarks.streams.lake_of_stream import Absent, lake_of

_console = Console(width=120)
#: Negatives for each positive, rows of a label that one stream gives at most, and positives below which it gives none.
_NEGATIVES, _MOST_ROWS, _FEWEST = 10, 40_000, 10
#: Of the public streams that are at hand.
_SOURCES = {
    "chat": "Lean's public Zulip",
    "tweets": "StockNet's tweets (Xu and Cohen 2018), MIT",
    "bytecode_zulip": "bytecodealliance/zulip-archive, Apache-2.0",
    "r_lists": "R's public mailing lists",
    "hacker_news": "public stories and comments of Hacker News",
    "weibo_hot": "lxw15337674/weibo-trending-hot-history, MIT",
    "weibo_cascades": "thunlp/Chinese_Rumor_Dataset (Song et al. 2018)",
    "higgs_tweets": "SNAP's higgs-activity (De Domenico et al. 2013)",
}


def lessons(stream: Stream, folder: Path, homes: Path) -> tuple[dict[str, Lesson], dict[str, Any]]:
    """What a stream teaches, by label, and what it was.

    Raises:
        Absent: its files are not there.
    """
    lake, settings = lake_of(stream, folder, homes)
    history = load_history(lake).until(to_epoch(stream.start))
    # Those that are asked beside the main horizon are learnt, too.
    further = ForecastSettings(horizon_hours=stream.horizon_hours).further_horizons
    labels = label_settings(settings.forecast.model_copy(update={"further_horizons": further}))
    groups = ("counts", "participants")
    inputs = TopicInputs(replace(ForecasterSettings(labels=labels), groups=groups), CutMemory(labels))
    past = inputs.past_cuts(history, history.end)
    found = {}
    for label, asked in past.examples.asked.items():
        outcomes = past.examples.labels[label][asked]
        if min(outcomes.sum(), (~outcomes).sum()) < _FEWEST:
            continue
        places, weight = _sampled(outcomes)
        rows = np.flatnonzero(asked)[places]
        table = np.concatenate([past.features[rows], _contexts(rows, label, history, past, labels)], axis=1)
        found[label] = Lesson(table, past.examples.likely[label][rows], weight)
    told = {
        "source": _SOURCES.get(stream.name, stream.name),
        "from": to_datetime(history.start).isoformat(),
        "until": to_datetime(history.end).isoformat(),
        "cuts": len(past.cuts),
        "rows": {label: len(lesson.table) for label, lesson in found.items()},
    }
    return found, told


def _sampled(outcomes: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Places of the rows that are learnt from, ascending, and what each weighs."""
    chance = np.random.default_rng(0)
    rows, weight = drawn(outcomes, _NEGATIVES, chance)
    if len(rows) <= _MOST_ROWS:
        return rows, weight
    kept = np.sort(chance.choice(len(rows), _MOST_ROWS, replace=False))
    return rows[kept], weight[kept]


def _contexts(
    rows: npt.NDArray[np.int64], label: str, history: History, past: PastCuts, labels: LabelSettings
) -> npt.NDArray[np.float32]:
    """Of rows of the past cuts, ascending; `[rows, len(CONTEXT_NAMES)]`."""
    found, first = [], 0
    for moment, topics in past.cuts:
        low, high = np.searchsorted(rows, [first, first + len(topics)])
        if high > low:
            cut = make_cut(history, moment, labels)
            found.append(Context.at(history, cut, labels).rows(rows[low:high] - first).of(label))
        first += len(topics)
    return np.concatenate(found)


def made(taught: Mapping[str, tuple[dict[str, Lesson], dict[str, Any]]], folder: Path) -> None:
    """Fits on the lessons of some streams and writes the folder anew."""
    began = time.perf_counter()
    labels = sorted({label for lessons, _ in taught.values() for label in lessons})
    by_label = {label: [found[label] for found, _ in taught.values() if label in found] for label in labels}
    origin = {
        "command": "python -m trend_assets_tests.benchmarks.pretraining --out trend_assets/tgn/shipped",
        "streams": {name: told for name, (_, told) in taught.items()},
    }
    shutil.rmtree(folder, ignore_errors=True)
    Pretrained.fit(by_label, origin).save(folder)
    size = sum(path.stat().st_size for path in folder.iterdir())
    _console.print(f"{folder}: {', '.join(labels)}; {size / 1e6:.1f} MB, {time.perf_counter() - began:.0f} s")


def main() -> None:
    """Reads the command line, takes in the streams, fits and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="of streams; default: all that are declared")
    parser.add_argument("--folder", type=Path, default=None, help="where the files are")
    parser.add_argument("--declare", type=Path, default=TABLE, help="streams, YAML or JSON")
    parser.add_argument("--homes", type=Path, default=Path(tempfile.gettempdir()) / "trend_streams")
    parser.add_argument("--each-left-out", type=Path, metavar="FOLDER", help="for each stream one of all others, too")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    folder = options.folder or shared_data()
    taught = {}
    for stream in declared(options.declare):
        if options.names and stream.name not in options.names:
            continue
        try:
            taught[stream.name] = lessons(stream, folder, options.homes)
            _console.print(stream.name, taught[stream.name][1])
        except Absent as reason:
            _console.print(f"{stream.name} is left out: {reason}")
    made(taught, options.out)
    for name in taught if options.each_left_out else ():
        made({other: each for other, each in taught.items() if other != name}, options.each_left_out / name)


if __name__ == "__main__":
    main()
