"""What each part of the graph model is worth: the backtest with one part left out, or one message added, at a time.

    TREND_HOME=HOME python -m trend_assets_tests.benchmarks.ablation --start 2024-01-01 --end 2024-07-01 --json OUT

Reads the mentions of the lake in TREND_HOME, or of `--mentions FILE` (Parquet: timestamp, topic, user_id, weight),
which knows no messages to add. All variants see the same cuts, are retrained at the same moments and share the trees
that see the same columns.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import orjson
import polars as pl

from trend_assets.forecasting.backtest import backtest
from trend_assets.forecasting.baselines import baseline_rankings
from trend_assets.forecasting.examples import CutMemory, Examples
from trend_assets.forecasting.history import History
from trend_assets.forecasting.labels import LABELS, Cut
from trend_assets.forecasting.metrics import ndcg_at_k, paired_bootstrap
from trend_assets.forecasting.ranking import Scores
from trend_assets.graph.messages import DEFAULT_MESSAGES, DETAILED, MESSAGES
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.operations.history import load_history
from trend_assets.settings import load_settings
from trend_assets.tgn.forecaster import TgnForecaster
from trend_assets.tgn.inputs import Table
from trend_assets.tgn.settings import GROUPS, ForecasterSettings

Groups = tuple[str, ...]

_K = 10
_CUTS_A_WEEK = 28


class SharedTrees:
    """The boosters of one training, fitted once for all variants that look at the same columns."""

    def __init__(self) -> None:
        self._until: int | None = None
        self._fitted: dict[tuple[Any, ...], list[lightgbm.Booster]] = {}

    def at(self, until: int, key: tuple[Any, ...], fit: Callable[[], list[lightgbm.Booster]]) -> list[lightgbm.Booster]:
        """What `fit` gave when it was first asked for this moment and key."""
        if self._until != until:
            self._until, self._fitted = until, {}
        if key not in self._fitted:
            self._fitted[key] = fit()
        return self._fitted[key]


class Variant(TgnForecaster):
    """The forecaster with a part left out."""

    def __init__(self, name: str, settings: ForecasterSettings, memory: CutMemory, trees: SharedTrees) -> None:
        super().__init__(settings, memory)
        self.name = name
        self._trees = trees
        self._until = 0

    def fit(self, history: History, until: int) -> None:
        """Learns, and takes from the others what they have in common."""
        self._until = until
        super().fit(history, until)

    def _fit_trees(self, features: Table, views: list[int], examples: Examples, label: str) -> list[lightgbm.Booster]:
        names = self._inputs().names

        def fitted(width: int) -> list[lightgbm.Booster]:
            return self._trees.at(
                self._until,
                (label, *names[:width]),
                lambda: super(Variant, self)._fit_trees(features, [width], examples, label),
            )

        return [booster for width in views for booster in fitted(width)]


def variants(settings: ForecasterSettings, memory: CutMemory, only: Sequence[str], more: bool) -> list[Variant]:
    """The whole model, those with a part left out and, where there are `more` messages, those with one added."""
    parts = {
        "tgn": settings,
        "counts only": replace(settings, groups=("counts",)),
        "without network": replace(settings, groups=_but("network")),
        "without text": replace(settings, groups=_but("precedents")),
        "without user features": replace(settings, groups=_but("participants")),
        "without course": replace(settings, groups=_but("course")),
        "without neighbors": replace(settings, model=replace(settings.model, attend=False)),
        "without memory": replace(settings, model=replace(settings.model, remember=False)),
        "without link training": replace(settings, link_epochs=0),
    }
    if more:
        parts |= {f"with {part}": replace(settings, messages=(*DEFAULT_MESSAGES, part)) for part in DETAILED}
        parts["with all messages"] = replace(settings, messages=MESSAGES)
    trees = SharedTrees()
    return [Variant(name, parts[name], memory, trees) for name in (["tgn", *only] if only else parts)]


def _but(group: str) -> Groups:
    return tuple(each for each in GROUPS if each != group)


class Comparison:
    """NDCG@10 of each ranking at each cut so far, and how far the whole model is ahead of it, for each label.

    Written anew after each week, so that a run that is cut short has told what it found.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._times: dict[str, list[int]] = {label: [] for label in LABELS}
        self._values: dict[str, dict[str, list[float]]] = {label: {} for label in LABELS}

    def observe(self, cut: Cut, came_true: Mapping[str, npt.NDArray[np.bool_]], scores: Mapping[str, Scores]) -> None:
        """Takes in a cut, for the labels for which it counts."""
        for label in LABELS:
            asked = cut.asked[label]
            relevant = came_true[label][asked]
            if len(relevant) < _K or not relevant.any():
                continue
            self._times[label].append(cut.time)
            for name, given in scores.items():
                score = given.get(label)
                value = float("nan") if score is None else ndcg_at_k(relevant, score[asked], _K)
                self._values[label].setdefault(name, []).append(value)

    def progress(self, walked: int, cuts: int) -> None:
        """Says how far it is, and writes what was found."""
        if walked % _CUTS_A_WEEK == 0 or walked == cuts:
            print(f"{datetime.now(UTC):%H:%M:%S} {walked} of {cuts} cuts", flush=True)
            self._path.write_bytes(orjson.dumps(self.to_json(), option=orjson.OPT_INDENT_2))

    def to_json(self) -> dict[str, Any]:
        """`{label: {"cuts": N, "rankings": {name: {"ndcg_at_10": mean, "lead_of_tgn": [mean, low, high]}}}}`."""
        return {label: self._label(label) for label in LABELS if self._times[label]}

    def _label(self, label: str) -> dict[str, Any]:
        times = np.array(self._times[label])
        values = {name: np.array(found) for name, found in self._values[label].items()}
        rows = {}
        for name, found in values.items():
            both = ~np.isnan(values["tgn"] - found)
            if both.any():
                lead = paired_bootstrap((values["tgn"] - found)[both], times[both])
                rows[name] = {
                    "ndcg_at_10": float(np.nanmean(found)),
                    "lead_of_tgn": [lead.mean, lead.low, lead.high],
                }
        return {"cuts": len(times), "rankings": rows}


def _history(path: Path | None) -> History:
    if path is not None:
        return History.from_mentions(pl.read_parquet(path))
    settings = load_settings()
    lake = Lake(lake_location(settings), read_only=True)
    return load_history(lake, messages=MESSAGES, text_model=settings.embeddings.model)


def main() -> None:
    """Reads the command line, measures, writes the table week by week and prints it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mentions", type=Path)
    parser.add_argument("--start", type=datetime.fromisoformat, required=True)
    parser.add_argument("--end", type=datetime.fromisoformat, required=True)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--baselines", action="store_true")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    history = _history(options.mentions)
    # What other streams have taught is no part of what is taken away here, and may have seen these days.
    settings = ForecasterSettings(threads=1, pretrained="none")
    memory = CutMemory(settings.labels)
    rankings: list[Any] = [*variants(settings, memory, options.only, more=options.mentions is None)]
    if options.baselines:
        rankings += [each for each in baseline_rankings(settings.labels, memory) if each.name == "gradient_boosting"]
    start, end = (moment.replace(tzinfo=UTC) for moment in (options.start, options.end))
    table = Comparison(options.json)
    backtest(
        history,
        rankings,
        start,
        end,
        progress=table.progress,
        observe=table.observe,
        processes=options.processes,
    )
    print(options.json.read_text())


if __name__ == "__main__":
    main()
