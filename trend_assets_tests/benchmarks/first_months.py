"""What the gate says of a model's first month, and whether it was right: many first months of real streams.

    python -m trend_assets_tests.benchmarks.first_months [NAMES…] --json OUT
    python -m trend_assets_tests.benchmarks.first_months --told OUT…

Of each stream that `streams.yaml` declares, every stretch of six weeks is taken as if nothing had been collected
before. The model is fitted before the third, fourth, fifth and sixth week and ranks the cuts of that week, as the
rankings that only count and those that learn do. The gate sees the third and fourth week alone; the fifth and
sixth tell whether the model was better than the counting ranking that users would have had instead. `--told` says of
figures how often each gate put a model to use, and how often wrongly; what is known elsewhere is taken from the other
streams, not from the one that is judged.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
from rich.console import Console
from rich.table import Table

from trend_assets.forecasting.backtest import backtest
from trend_assets.forecasting.baselines import baseline_rankings, counting_rankings
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.first_weeks import Lead, Prior, lead_over
from trend_assets.forecasting.held_out import HeldOut
from trend_assets.forecasting.history import History, to_epoch
from trend_assets.forecasting.labels import LABELS, WEEK
from trend_assets.forecasting.promotion import PromotionRule, decide
from trend_assets.forecasting.selection import best_counting
from trend_assets.lake.store import Lake
from trend_assets.operations.history import label_settings, mentions_query
from trend_assets.operations.training import new_forecaster
from trend_assets.periods import monday
from trend_assets.settings import Settings
from trend_assets_tests.benchmarks.homes import shared_data
from trend_assets_tests.benchmarks.streams.declared import Stream, declared
from trend_assets_tests.benchmarks.streams.lake_of_stream import Absent, lake_of, unseen_by

_WEEK = timedelta(weeks=1)
#: Weeks of a stretch, and those of them before the first that is ranked.
_STRETCH, _FITTED = 6, 2


def stretches(lake: Lake, apart: int) -> Iterator[datetime]:
    """The Monday with which each stretch begins, so many weeks apart."""
    first, last = lake.read("SELECT min(hour), max(hour) FROM temporal_edges").row(0)
    start = monday(first.replace(tzinfo=UTC) + _WEEK)
    while start + _STRETCH * _WEEK <= last.replace(tzinfo=UTC):
        yield start
        start += apart * _WEEK


def walked(lake: Lake, settings: Settings, start: datetime) -> dict[str, Any] | None:
    """NDCG@10 of all rankings at the cuts of a stretch, and which counting ranking users would have had each week.

    None where there were too few mentions to train on.
    """
    end = start + _STRETCH * _WEEK
    query = f"FROM ({mentions_query()}) WHERE hour >= ? AND hour < ?"
    frame = lake.read(query, [start, end]).with_columns(pl.lit(None, pl.List(pl.Float32)).alias("text"))
    history = History.from_mentions(frame, start, end)
    if len(history.until(start + _FITTED * _WEEK)) < settings.training.min_events:
        return None
    labels = label_settings(settings.forecast)
    memory = CutMemory(labels, days=settings.training.history_days)
    rankings = [new_forecaster(settings, memory), *baseline_rankings(labels, memory)]
    result = backtest(history, rankings, start + _FITTED * _WEEK, end, settings=labels)
    weeks = (start + number * _WEEK for number in range(_FITTED, _STRETCH))
    return {
        "start": start,
        "mentions": len(history),
        "shown": {week.isoformat(): best_counting(history, to_epoch(week), labels)[LABELS[0]].name for week in weeks},
        "labels": {
            label: {
                "times": found.times,
                "ndcg": {name: values["ndcg_at_10"] for name, values in found.values.items()},
            }
            for label, found in result.labels.items()
        },
    }


def _each(stream: Stream, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    lake, settings = lake_of(stream, options.folder or shared_data(), options.homes)
    if options.pretrained:
        settings = unseen_by(options.pretrained, stream, settings)
    for start in stretches(lake, options.apart):
        began = time.perf_counter()
        if found := walked(lake, settings, start):
            print(f"{stream.name} {start:%Y-%m-%d}: {time.perf_counter() - began:.0f} s", flush=True)
            yield {"stream": stream.name, **found}


def _held_out(stretch: dict[str, Any], ranking: str, first: int, last: int) -> HeldOut:
    """NDCG@10 of a ranking, or of what was `shown`, in the weeks `[first, last)` of a stretch."""
    start, shown = datetime.fromisoformat(stretch["start"]), stretch["shown"]
    found: dict[str, dict[int, float]] = {}
    for label, told in stretch["labels"].items():
        if label not in LABELS:
            continue
        for place, moment in enumerate(told["times"]):
            week = (moment - to_epoch(start)) // WEEK
            name = shown[(start + week * _WEEK).isoformat()] if ranking == "shown" else ranking
            value = told["ndcg"][name][place]
            if first <= week < last and value is not None:
                found.setdefault(label, {})[moment] = value
    return HeldOut(found)


def _lead(stretch: dict[str, Any], first: int, last: int) -> Lead | None:
    ours, theirs = (_held_out(stretch, name, first, last).labels for name in ("tgn", "shown"))
    ahead = {
        label: {time: value - theirs[label][time] for time, value in at.items() if time in theirs.get(label, {})}
        for label, at in ours.items()
    }
    return lead_over(LABELS, [HeldOut(ahead)], PromotionRule().min_cuts)


def _prior(truths: list[Lead]) -> Prior:
    """By moments: what lies apart beyond the errors of measurement (DerSimonian & Laird 1986)."""
    means, errors = (np.array([getattr(truth, name) for truth in truths]) for name in ("mean", "error"))
    return Prior(float(means.mean()), max(float(means.var() - (errors**2).mean()), 0.02**2) ** 0.5)


def _given(lead: Lead | None) -> Lead | None:
    return lead


def told(stretches: list[dict[str, Any]]) -> Table:
    """How often each gate puts a model to use, and how often one that was no better in the next two weeks."""
    truths = [(stretch, truth) for stretch in stretches if (truth := _lead(stretch, 4, 6))]
    named = ("one week", "with what the others showed", "as it is")
    verdicts = (name for gate in named for name in (gate, "wrongly"))
    table = Table("stream", "months", "better", "mean lead", "spread", *verdicts)
    rule = PromotionRule()
    for stream in [*dict.fromkeys(stretch["stream"] for stretch in stretches), None]:
        mine = [(stretch, truth) for stretch, truth in truths if stream in (None, stretch["stream"])]
        if not mine:
            continue
        used: dict[str, list[Lead]] = {name: [] for name in named}
        for stretch, truth in mine:
            elsewhere = _prior([one for other, one in truths if other["stream"] != stretch["stream"]] or [truth])
            counting = {ranking.name: _held_out(stretch, ranking.name, 3, 4) for ranking in counting_rankings()}
            week, more = _held_out(stretch, "tgn", 3, 4), _lead(stretch, 2, 4)
            alone = decide(week, counting, {}, None, rule)
            worse = alone.reason.startswith("clearly worse")
            passes = (
                alone.promoted,
                alone.promoted or bool(more and not worse and more.better(rule.level, elsewhere)),
                decide(week, counting, {}, None, rule, partial(_given, more)).promoted,
            )
            for name, passed in zip(named, passes, strict=True):
                used[name] += [truth] if passed else []
        prior = _prior([truth for _, truth in mine])
        counts = [str(count) for gate in used.values() for count in (len(gate), sum(one.mean <= 0 for one in gate))]
        better = sum(truth.mean > 0 for _, truth in mine)
        table.add_row(
            stream or "all", str(len(mine)), str(better), f"{prior.lead:+.3f}", f"{prior.spread:.3f}", *counts
        )
    return table


def main() -> None:
    """Walks the stretches and writes what was found, anew after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="of streams; default: all that are declared")
    parser.add_argument("--folder", type=Path, default=None, help="where the files are")
    parser.add_argument("--homes", type=Path, default=Path(tempfile.gettempdir()) / "trend_streams")
    parser.add_argument("--apart", type=int, default=4, help="weeks from one stretch to the next")
    parser.add_argument(
        "--pretrained", type=Path, metavar="FOLDER", help="FOLDER/NAME was made without the stream (`pretraining`)"
    )
    parser.add_argument("--json", type=Path, default=Path("first_months.json"))
    parser.add_argument("--told", type=Path, nargs="+", help="only tell of figures that are there")
    options = parser.parse_args()
    if options.told:
        Console(width=120).print(told([one for path in options.told for one in orjson.loads(path.read_bytes())]))
        return
    found: list[dict[str, Any]] = []
    for stream in declared():
        if options.names and stream.name not in options.names:
            continue
        try:
            for stretch in _each(stream, options):
                found.append(stretch)
                options.json.write_bytes(orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY))
        except Absent as reason:
            print(f"{stream.name} is left out: {reason}")


if __name__ == "__main__":
    main()
