"""The figures of a walk: every ranking with intervals, and a summary over streams and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.table import Table

from trend_assets.forecasting.backtest import METRICS, BacktestResult, LabelResult
from trend_assets.forecasting.formulas import FORMULAS
from trend_assets.forecasting.metrics import Interval, paired_bootstrap, whole_blocks
from trend_assets_tests.benchmarks.streams.foresight import is_foresight

MODEL = "tgn"
#: The same model but what its network holds.
NO_NETWORK = "tgn_without_network"
#: Against which a lead is summed up: name to the rankings of which the best is taken.
OPPONENTS: Mapping[str, Sequence[str] | None] = {
    "best learned baseline": ("logistic_regression", "gradient_boosting"),
    "best product formula": FORMULAS,
    "best other ranking": None,
    "TGN without its network": (NO_NETWORK,),
}
_NDCG = "ndcg_at_10"


def figures(result: BacktestResult, labels: Sequence[str]) -> dict[str, Any]:
    """`{label: {cuts, positives, rankings: {name: {metric: [mean, low, high], lead: …}}}}`.

    Whole weeks are resampled, days where there are fewer than four weeks.
    """
    return {label: _of_label(result.labels[label]) for label in labels if len(result.labels[label].times)}


def _of_label(found: LabelResult) -> dict[str, Any]:
    rankings = {name: _of_ranking(found, name) for name in found.values}
    return {
        "cuts": len(found.times),
        "positives_a_cut": float(found.positives.mean()),
        "rankings": {name: told for name, told in rankings.items() if told},
    }


def _of_ranking(found: LabelResult, name: str) -> dict[str, Any]:
    values = found.values[name]
    scored = ~np.isnan(values[_NDCG])
    if not scored.any():
        return {}
    whole = whole_blocks(found.times)
    told: dict[str, Any] = {
        metric: _listed(paired_bootstrap(values[metric][scored], found.times[scored], whole=whole))
        for metric in METRICS
    }
    lead = found.lead(MODEL, name, _NDCG, whole=whole) if MODEL in found.values and name != MODEL else None
    return told | ({"lead_of_tgn": _listed(lead)} if lead else {})


def _listed(interval: Interval) -> list[float]:
    return [interval.mean, interval.low, interval.high]


def summary(streams: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Over all streams and labels that the TGN learnt, against the best of each kind of opponent.

    Args:
        streams: name to what `figures` gave.

    Returns:
        For each of `OPPONENTS` that was walked: wins, ties and losses by the interval of the lead, and the mean
        relative lead with its 95 % interval.
    """
    learnt = [
        (name, told["rankings"])
        for name, labels in streams.items()
        for told in labels.values()
        if MODEL in told["rankings"]
    ]
    return {
        kind: _against(learnt, names)
        for kind, names in OPPONENTS.items()
        if any(each != MODEL and (names is None or each in names) for _, rankings in learnt for each in rankings)
    }


def _against(learnt: Sequence[tuple[str, Mapping[str, Any]]], names: Sequence[str] | None) -> dict[str, Any]:
    leads, relative, errors = [], [], dict[str, float]()
    for stream, rankings in learnt:
        best = best_of(rankings, names)
        if best is None:
            continue
        mean, low, high = rankings[best]["lead_of_tgn"]
        leads.append((mean, low, high))
        relative.append(mean / rankings[best][_NDCG][0])
        # Labels of a stream rise and fall together: their errors add up, those of streams cancel out in part.
        error = (high - low) / 2 / rankings[best][_NDCG][0]
        errors[stream] = errors.get(stream, 0.0) + error
    mean = float(np.mean(relative))
    error = float(np.sqrt(sum(value**2 for value in errors.values()))) / len(relative)
    return {
        "wins": sum(low > 0 for _, low, _ in leads),
        "ties": sum(low <= 0 <= high for _, low, high in leads),
        "losses": sum(high < 0 for _, _, high in leads),
        "mean_relative_lead": mean,
        "interval": [mean - error, mean + error],
    }


def best_of(rankings: Mapping[str, Any], names: Sequence[str] | None) -> str | None:
    """The ranking with the highest NDCG@10 among those named, or among all but the model's own."""
    others = [name for name in rankings if (name in names if names else not _is_ours(name))]
    return max(others, key=lambda name: float(rankings[name][_NDCG][0]), default=None)


def _is_ours(name: str) -> bool:
    return name in (MODEL, NO_NETWORK) or is_foresight(name)


def table(stream: str, label: str, told: Mapping[str, Any]) -> Table:
    """All rankings of a label."""
    title = f"{stream}, {label}: {told['cuts']} cuts, {told['positives_a_cut']:.1f} positives a cut"
    shown = Table("ranking", "P@10", "NDCG@10", "lead of the TGN", title=title, title_justify="left")
    for name, values in told["rankings"].items():
        lead = values.get("lead_of_tgn")
        shown.add_row(name, *(_shown(values[metric]) for metric in METRICS), _shown(lead, "+") if lead else "")
    return shown


def lead_table(stream: str, told: Mapping[str, Any]) -> Table:
    """Share of the topics that became big which each ranking called, and how many hours before, in the mean."""
    rates = told["false_alarms_a_day"]
    title = f"{stream}: {told['big_topics']} topics became big in {told['days']:.0f} days; called, hours ahead, at"
    shown = Table("ranking", *(f"{rate} false a day" for rate in rates), title=title, title_justify="left")
    for name in next(iter(rates.values())):
        shown.add_row(name, *(_called(found[name]) for found in rates.values()))
    return shown


def _called(found: Mapping[str, Any]) -> str:
    if not found["called"]:
        return "none"
    return f"{found['called']:.0%} {found['mean_hours']:.1f} h"


def _shown(values: Sequence[float], sign: str = "") -> str:
    mean, low, high = (f"{value:{sign}.3f}" for value in values)
    return f"{mean} \\[{low}, {high}]"
