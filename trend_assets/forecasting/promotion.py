"""Whether a newly trained model may take the place of the one that users have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.metrics import Interval, paired_bootstrap, week_start

#: Fewer weeks than this are too few to resample: days are resampled instead, and more is asked for since the
#: days of a week resemble each other.
_FEW_WEEKS = 4
_FEW_WEEKS_LEVEL = 0.99


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A ranking's NDCG@10 at cuts whose outcomes it had not seen.

    Args:
        labels: label to cut (epoch seconds UTC) to NDCG@10; cuts that do not count are absent.
    """

    labels: Mapping[str, Mapping[int, float]]

    @classmethod
    def of(cls, label_values: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]]) -> HeldOut:
        """From cuts and values of each label, shapes (cuts,); NaN where it could not score."""
        return cls(
            {
                label: {
                    int(time): float(value)
                    for time, value in zip(np.asarray(times), np.asarray(values), strict=True)
                    if not np.isnan(value)
                }
                for label, (times, values) in label_values.items()
            }
        )

    def to_json(self) -> dict[str, Any]:
        """JSON values from which `from_json` makes it again."""
        return {label: {"cuts": list(at), "ndcg_at_10": list(at.values())} for label, at in self.labels.items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> HeldOut:
        """What `to_json` wrote."""
        return cls.of({label: (at["cuts"], at["ndcg_at_10"]) for label, at in values.items()})

    @property
    def mean(self) -> float | None:
        """Over all cuts of all labels; none where there are none."""
        values = [value for at in self.labels.values() for value in at.values()]
        return float(np.mean(values)) if values else None


@dataclass(frozen=True, slots=True)
class PromotionRule:
    """When a model is clearly worse.

    Args:
        margin: NDCG@10 that it may lose for certain and still be as good.
        level: of the intervals.
        min_cuts: cuts, over all labels, below which nothing is decided.
    """

    margin: float = 0.02
    level: float = 0.95
    min_cuts: int = 10


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, and why, in a user's words."""

    promoted: bool
    reason: str


def decide(
    candidate: HeldOut,
    baselines: Mapping[str, HeldOut],
    former: tuple[str, HeldOut] | None,
    rule: PromotionRule,
) -> Decision:
    """Whether a model is promoted.

    The rule: it is, unless it is clearly worse than the best baseline or than the model in use. Clearly
    worse means that the whole interval of its lead in NDCG@10 (paired by cut and label, whole weeks
    resampled; where there are fewer than four weeks, whole days and at least a 99 % interval) lies below
    minus the margin. So a model within the noise of the best ranking is promoted, and one that is
    certainly below is not. The best baseline is the one with the highest mean on the very same cuts.

    Args:
        candidate: of a fit before the held-out weeks, not of the fit that would be used.
        baselines: by name, fitted before the same weeks.
        former: version of the model in use, and its own held-out figures; compared where cuts are shared.
        rule: what counts as clearly worse.
    """
    compared = {name: _lead(candidate, baseline, rule) for name, baseline in baselines.items()}
    known = {name: lead for name, lead in compared.items() if lead is not None}
    if not known:
        return Decision(False, f"fewer than {rule.min_cuts} held-out cuts to compare it at")
    best = min(known, key=lambda name: known[name].mean)
    parts = [known[best].words(best)]
    worse = known[best].clearly_worse
    if former is not None:
        version, figures = former
        lead = _lead(candidate, figures, rule)
        if lead is None:
            parts.append(f"too few cuts shared with {version}, in use, to compare them")
        else:
            parts.append(lead.words(f"{version}, in use"))
            worse = worse or lead.clearly_worse
    return Decision(not worse, "; ".join(parts))


@dataclass(frozen=True, slots=True)
class _Lead:
    """How far one is ahead of another, and how sure that is."""

    interval: Interval
    level: float
    margin: float

    @property
    def mean(self) -> float:
        return self.interval.mean

    @property
    def clearly_worse(self) -> bool:
        return self.interval.high < -self.margin

    def words(self, other: str) -> str:
        low, high = self.interval.low, self.interval.high
        verdict = "clearly worse than" if self.clearly_worse else "not clearly worse than"
        verdict = "better than" if low > 0 else verdict
        return f"{verdict} {other} ({self.mean:+.3f} NDCG@10, {self.level:.0%} interval [{low:+.3f}, {high:+.3f}])"


def _lead(one: HeldOut, other: HeldOut, rule: PromotionRule) -> _Lead | None:
    """How far `one` is ahead over the cuts and labels of both; none where there are too few."""
    times: list[int] = []
    differences: list[float] = []
    for label, at in one.labels.items():
        shared = sorted(at.keys() & other.labels.get(label, {}).keys())
        times += shared
        differences += [at[time] - other.labels[label][time] for time in shared]
    if len(times) < rule.min_cuts:
        return None
    moments = np.array(times, dtype=np.int64)
    values = np.array(differences)
    if len(np.unique(week_start(moments))) >= _FEW_WEEKS:
        return _Lead(paired_bootstrap(values, moments, level=rule.level), rule.level, rule.margin)
    level = max(rule.level, _FEW_WEEKS_LEVEL)
    return _Lead(paired_bootstrap(values, moments, level=level, whole="days"), level, rule.margin)
