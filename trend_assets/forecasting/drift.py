"""Whether a model still is what it was when it was measured, and the world what it learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.history import to_datetime
from trend_assets.forecasting.metrics import week_start

_NEVER = 1e-4


@dataclass(frozen=True, slots=True)
class DriftRule:
    """When something has drifted.

    Args:
        drop: NDCG@10 by which live forecasts may stay behind the held-out weeks.
        psi: population stability index of log counts; 0.25 is commonly read as a shift.
        min_cuts: live cuts, over all labels, below which accuracy is not judged.
    """

    drop: float = 0.1
    psi: float = 0.25
    min_cuts: int = 20


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What was found.

    Args:
        reasons: why it has drifted, in a user's words; empty where it has not.
        live: label to Monday (ISO date, UTC) to mean NDCG@10 of that week's cuts.
        live_mean, held_out_mean: over the labels that both have, weighted by the live cuts; none where
            there are too few.
        psi: of the inputs; none where there was nothing to compare.
        cuts: live cuts over all labels.
    """

    reasons: tuple[str, ...]
    live: Mapping[str, Mapping[str, float]]
    live_mean: float | None
    held_out_mean: float | None
    psi: float | None
    cuts: int


class PerformanceDriftMonitor:
    """Compares live forecasts with the held-out figures, and counts of now with those learnt from."""

    def __init__(self, rule: DriftRule | None = None) -> None:
        self.rule = rule or DriftRule()

    def check(
        self,
        held_out: Mapping[str, float | None],
        live: Mapping[str, Mapping[int, float]],
        learnt_counts: npt.ArrayLike,
        recent_counts: npt.ArrayLike,
    ) -> DriftReport:
        """Looks at both.

        Args:
            held_out: label to mean NDCG@10 when the model was trained.
            live: label to cut (epoch seconds UTC) to NDCG@10 of the stored forecast.
            learnt_counts: mentions of each topic on each day that was learnt from; shape (n,).
            recent_counts: the same of the last days; shape (m,).
        """
        known = {label: at for label, at in live.items() if at and held_out.get(label) is not None}
        cuts = sum(len(at) for at in known.values())
        live_mean = held_mean = None
        if cuts >= self.rule.min_cuts:
            live_mean = sum(sum(at.values()) for at in known.values()) / cuts
            held_mean = sum(len(at) * (held_out[label] or 0.0) for label, at in known.items()) / cuts
        learnt, recent = np.log1p(np.asarray(learnt_counts)), np.log1p(np.asarray(recent_counts))
        psi = population_stability_index(learnt, recent) if len(learnt) and len(recent) else None
        return DriftReport(
            reasons=tuple(self._reasons(live_mean, held_mean, psi)),
            live={label: _by_week(at) for label, at in live.items()},
            live_mean=live_mean,
            held_out_mean=held_mean,
            psi=psi,
            cuts=cuts,
        )

    def _reasons(self, live: float | None, held_out: float | None, psi: float | None) -> list[str]:
        reasons = []
        if live is not None and held_out is not None and held_out - live > self.rule.drop:
            reasons.append(f"live NDCG@10 is {live:.3f}, it was {held_out:.3f} on the weeks held out")
        if psi is not None and psi > self.rule.psi:
            reasons.append(f"mentions a day are no longer what was learnt from (PSI {psi:.2f})")
        return reasons


def population_stability_index(
    expected: npt.NDArray[np.floating], actual: npt.NDArray[np.floating], bins: int = 10
) -> float:
    """Symmetric divergence of two samples over the expected one's quantile bins (Siddiqi 2006).

    Args:
        expected: shape (n,).
        actual: shape (m,).

    Raises:
        ValueError: an empty sample.
    """
    if not len(expected) or not len(actual):
        raise ValueError(f"{len(expected)} expected and {len(actual)} actual values: both are needed")
    edges = np.unique(np.quantile(expected, np.linspace(0, 1, bins + 1)[1:-1]))
    shares = []
    for sample in (expected, actual):
        counts = np.bincount(np.searchsorted(edges, sample, side="left"), minlength=len(edges) + 1)
        shares.append(np.maximum(counts / len(sample), _NEVER))
    before, now = shares
    return float(((now - before) * np.log(now / before)).sum())


def _by_week(at: Mapping[int, float]) -> dict[str, float]:
    weeks: dict[str, list[float]] = {}
    for time, value in at.items():
        monday = to_datetime(int(week_start(time)))
        weeks.setdefault(f"{monday:%Y-%m-%d}", []).append(value)
    return {week: float(np.mean(values)) for week, values in sorted(weeks.items())}
