"""Whether a newly trained model may take the place of the one that users have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from trend_assets.forecasting.first_weeks import Lead
from trend_assets.forecasting.held_out import HeldOut
from trend_assets.forecasting.metrics import Interval, paired_bootstrap, whole_blocks
from trend_assets.words import COUNTING, ranking_title

#: Where there are too few weeks to resample, days are resampled instead, and more is asked for since the days of a
#: week resemble each other.
_FEW_WEEKS_LEVEL = 0.99


@dataclass(frozen=True, slots=True)
class PromotionRule:
    """How sure a comparison must be.

    Args:
        level: of the intervals.
        min_cuts: cuts, over all labels, below which nothing is decided.
    """

    level: float = 0.95
    min_cuts: int = 10


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, and why, in a user's words."""

    promoted: bool
    reason: str


def decide(
    candidate: HeldOut,
    counting: Mapping[str, HeldOut],
    learned: Mapping[str, HeldOut],
    former: tuple[str, HeldOut] | None,
    rule: PromotionRule,
    longer: Callable[[], Lead | None] = lambda: None,
) -> Decision:
    """Whether a model is promoted.

    It must be better than the best counting ranking, which users would get instead, and not clearly worse
    than the best learned ranking and than the model in use. Better: the whole interval of its lead in NDCG@10
    (paired by cut and label, whole weeks resampled; where there are fewer than four weeks, whole days and at
    least a 99 % interval) lies above zero. Where that cannot be told from few weeks, `longer` looks further back, and
    what first months elsewhere showed counts, too. Clearly worse: the whole interval lies below. Eight weeks cannot
    tell a lead of 0.02 over a learned ranking from none, so that asking for certainty there would refuse good
    models most weeks. The best is the one with the highest mean on the very same cuts.

    Args:
        candidate: of a fit before the held-out weeks, not of the fit that would be used.
        counting: counting rankings by name.
        learned: learned rankings by name, fitted before the same weeks.
        former: version of the model in use, and its own held-out figures; compared where cuts are shared.
        rule: how sure it must be.
        longer: the lead over counting with weeks before the held-out ones counted in; asked only of a short history
            that does not decide by itself, for it costs a fit. None where there are too few cuts still.
    """
    promoted, part = _beats_counting(candidate, counting, rule, longer)
    parts = [part]
    in_use = {f"{former[0]}, in use": former[1]} if former else {}
    for rivals in (learned, in_use):
        rival = _best(candidate, rivals, rule)
        if rival:
            name, lead = rival
            promoted = promoted and not lead.clearly_worse
            parts.append(lead.words(name))
        elif rivals:
            parts.append(f"too few cuts shared with {' and '.join(rivals)} to compare them")
    return Decision(promoted, "; ".join(parts))


def _beats_counting(
    candidate: HeldOut, counting: Mapping[str, HeldOut], rule: PromotionRule, longer: Callable[[], Lead | None]
) -> tuple[bool, str]:
    to_beat = _best(candidate, counting, rule)
    if to_beat and (to_beat[1].better or to_beat[1].clearly_worse or not to_beat[1].is_short):
        return to_beat[1].better, to_beat[1].words(to_beat[0])
    if found := longer():
        return found.better(rule.level), found.words(rule.level)
    if to_beat:
        return False, to_beat[1].words(to_beat[0])
    return False, f"too little has come due to judge it: fewer than {rule.min_cuts} forecasts of the last weeks"


def _best(candidate: HeldOut, rivals: Mapping[str, HeldOut], rule: PromotionRule) -> tuple[str, _Ahead] | None:
    """The rival that the candidate leads by least, of those with cuts enough."""
    leads = {name: lead for name, rival in rivals.items() if (lead := _lead(candidate, rival, rule))}
    return min(leads.items(), key=lambda item: item[1].mean) if leads else None


@dataclass(frozen=True, slots=True)
class _Ahead:
    """How far one is ahead of another, and how sure that is."""

    interval: Interval
    level: float
    is_short: bool

    @property
    def mean(self) -> float:
        return self.interval.mean

    @property
    def clearly_worse(self) -> bool:
        return self.interval.high < 0

    @property
    def better(self) -> bool:
        return self.interval.low > 0

    def words(self, other: str) -> str:
        low, high = self.interval.low, self.interval.high
        verdict = "neither clearly better nor clearly worse than"
        verdict = "better than" if self.better else "clearly worse than" if self.clearly_worse else verdict
        rival = f"counting ({ranking_title(other)})" if other in COUNTING else other
        return f"{verdict} {rival} ({self.mean:+.3f} NDCG@10, {self.level:.0%} interval [{low:+.3f}, {high:+.3f}])"


def _lead(one: HeldOut, other: HeldOut, rule: PromotionRule) -> _Ahead | None:
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
    if whole_blocks(moments) == "weeks":
        return _Ahead(paired_bootstrap(values, moments, level=rule.level), rule.level, is_short=False)
    level = max(rule.level, _FEW_WEEKS_LEVEL)
    return _Ahead(paired_bootstrap(values, moments, level=level, whole="days"), level, is_short=True)
