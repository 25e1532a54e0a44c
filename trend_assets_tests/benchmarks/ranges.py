"""How often the range of mentions that a card shows held what came (80 of 100 times, if it is right), and its middle.

    python -m trend_assets_tests.benchmarks.ranges [NAMES…] [--weeks 8] [--json OUT]

Streams are those of `benchmarks.streams`. The model is fitted at the start of a stream's test; every six hours its
forecasts and what became of them are stored as the pipeline stores them, and read as the API reads them. The first four
weeks only teach the ranges.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl

from api.reading.cards import Errors
from api.reading.lake import LakeReader
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.history import History, to_epoch
from trend_assets.forecasting.predict import forecast, outcomes_frame
from trend_assets.forecasting.timeliness import Punctuality, signed
from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import PREDICTION_OUTCOMES, PREDICTIONS
from trend_assets.operations.history import label_settings, load_history
from trend_assets.operations.training import new_forecaster
from trend_assets.settings import Settings
from trend_assets_tests.benchmarks.homes import shared_data
from trend_assets_tests.benchmarks.streams.declared import Stream, declared
from trend_assets_tests.benchmarks.streams.lake_of_stream import lake_of

_STEP = timedelta(hours=6)
_HOUR = timedelta(hours=1)
_TAUGHT = timedelta(weeks=4)
_SHOWN = 10


def covered(stream: Stream, homes: Path, weeks: int) -> dict[str, Any]:
    """`{label: {all, shown: {forecasts, with_range, covered, …}}}` of a stream.

    Errors are of log1p(after) - log1p(before); above zero where more came than was expected.
    """
    lake, settings = lake_of(stream, shared_data(), homes)
    history = load_history(lake, messages=settings.training.messages)
    end = min(stream.start + timedelta(weeks=weeks), stream.end)
    with tempfile.TemporaryDirectory() as folder:
        made = settings.model_copy(update={"home": Path(folder)})
        _store(Lake(LakeLocation(made.home)), made, history, stream.start, end)
        return _told(made, stream.start + _TAUGHT, end)


def _cuts(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += _STEP


def _store(lake: Lake, settings: Settings, history: History, start: datetime, end: datetime) -> None:
    """Writes forecasts and outcomes of a model that is fitted at `start`."""
    labels = label_settings(settings.forecast)
    model = new_forecaster(settings, CutMemory(labels, days=settings.training.history_days), threads=1)
    model.fit(history.until(to_epoch(start)), to_epoch(start))
    rule, horizon = Punctuality(_HOUR), timedelta(hours=settings.forecast.horizon_hours)
    for cut in _cuts(start, end):
        frame = forecast(model, history, cut, labels, growth=model, model_version="tgn")
        rows = signed(frame, cut, "ranges", rule)
        lake.write(PREDICTIONS, rows, cut - _HOUR, cut)
        due = cut + horizon
        lake.write(PREDICTION_OUTCOMES, outcomes_frame(rows, history, labels), due - _HOUR, due)
    lake.close()


def _told(settings: Settings, start: datetime, end: datetime) -> dict[str, Any]:
    reader = LakeReader(settings)
    rows = reader.read(
        "SELECT o.label, o.cut, o.rank, o.mentions_before, o.mentions_after, p.growth, p.confidence, "
        "o.growth - p.growth AS error, "
        "(p.metadata ->> 'needed')::INTEGER AS needed "
        "FROM prediction_outcomes o JOIN predictions p USING (cut, label, topic) WHERE o.cut >= ? AND o.cut < ?",
        [start, end],
    )
    found: dict[str, list[tuple[int, bool, bool, int, float]]] = {}
    for (label, cut), group in rows.group_by("label", "cut", maintain_order=True):
        errors = Errors(reader, str(label), cut)  # type: ignore[arg-type]
        for row in group.iter_rows(named=True):
            bounds = errors.bounds(row["mentions_before"], row["growth"], row["confidence"], row["needed"])
            inside = bounds is not None and bounds.low <= row["mentions_after"] <= bounds.high
            width = bounds.high - bounds.low if bounds else 0
            found.setdefault(str(label), []).append((row["rank"], bounds is not None, inside, width, row["error"]))
    columns = ["rank", "known", "inside", "width", "error"]
    frames = {label: pl.DataFrame(each, columns, orient="row") for label, each in found.items()}
    return {
        label: {"all": _of(frame), "shown": _of(frame.filter(pl.col("rank") <= _SHOWN))}
        for label, frame in sorted(frames.items())
    }


def _of(frame: pl.DataFrame) -> dict[str, Any]:
    known = frame.filter("known")
    return {
        "forecasts": frame.height,
        "with_range": known.height / max(frame.height, 1),
        "covered": known["inside"].mean(),
        "mean_error": frame["error"].mean(),
        "mean_absolute_error": frame["error"].abs().mean(),
        "median_width": float(np.median(known["width"])) if known.height else None,
    }


def main() -> None:
    """Reads the command line, measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=["r_lists", "bytecode_zulip"])
    parser.add_argument("--weeks", type=int, default=8)
    parser.add_argument("--homes", type=Path, default=Path(tempfile.gettempdir()) / "trend_streams")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    told = {each.name: covered(each, options.homes, options.weeks) for each in declared() if each.name in options.names}
    text = orjson.dumps(told, option=orjson.OPT_INDENT_2)
    print(text.decode())
    if options.json:
        options.json.write_bytes(text)


if __name__ == "__main__":
    main()
