"""What is known of a model after few weeks: its lead over counting, with what it showed in first months elsewhere.

The model is fitted before each of two stretches of held-out weeks and ranks their cuts. Its rival is the counting
ranking that users would have been shown, chosen before each stretch. The mean lead and its standard error (whole days
resampled) are joined with a normal prior, as in an empirical Bayes estimate (Efron & Morris 1975): the leads that were
measured in first months of other streams (`trend_assets_tests/benchmarks/first_months.py`; docs/method.md has them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.stats import norm

from trend_assets.forecasting.backtest import backtest
from trend_assets.forecasting.baselines import counting_rankings
from trend_assets.forecasting.held_out import HeldOut
from trend_assets.forecasting.history import History, to_datetime
from trend_assets.forecasting.labels import WEEK, LabelSettings
from trend_assets.forecasting.metrics import paired_bootstrap
from trend_assets.forecasting.ranking import Ranking
from trend_assets.forecasting.selection import best_counting


@dataclass(frozen=True, slots=True)
class Prior:
    """What is known before anything was measured.

    Args:
        lead: mean lead over counting in NDCG@10.
        spread: how far streams and months lie apart (standard deviation, without errors of measurement).
    """

    lead: float
    spread: float


#: Of first months of four streams (docs/method.md).
ELSEWHERE = Prior(0.08, 0.05)
#: Fewer days than this say nothing of how far days lie apart.
_FEWEST_DAYS = 4
_DAY = 24 * 3600
_NORMAL_90 = float(norm.ppf(0.95))


@dataclass(frozen=True, slots=True)
class Lead:
    """A mean lead over counting and how sure it is.

    Args:
        mean: in NDCG@10, over all cuts and labels.
        error: its standard error, whole days resampled.
        cuts: how many, over all labels.
        days: on which they lie.
    """

    mean: float
    error: float
    cuts: int
    days: int

    @classmethod
    def of(cls, differences: Sequence[float], times: Sequence[int]) -> Self | None:
        """From differences at cuts (epoch seconds UTC); none where there are too few days."""
        moments = np.array(times, dtype=np.int64)
        days = len(np.unique(moments // _DAY))
        if days < _FEWEST_DAYS:
            return None
        interval = paired_bootstrap(np.array(differences), moments, level=0.9, whole="days")
        return cls(interval.mean, (interval.high - interval.low) / (2 * _NORMAL_90), len(differences), days)

    def sure(self, prior: Prior = ELSEWHERE) -> float:
        """The probability that the lead is above 0, the prior counted in."""
        if not self.error:
            return float(self.mean > 0)
        known, seen = 1 / prior.spread**2, 1 / self.error**2
        mean = (known * prior.lead + seen * self.mean) / (known + seen)
        return float(norm.cdf(mean * np.sqrt(known + seen)))

    def better(self, level: float, prior: Prior = ELSEWHERE) -> bool:
        """Whether the model really led, and is this sure to lead."""
        return self.mean > 0 and self.sure(prior) >= level

    def words(self, level: float) -> str:
        """What that means, for people."""
        seen = f"{self.mean:+.3f} NDCG@10 at {self.cuts} cuts of {self.days} days held out"
        if self.better(level):
            return f"{self.sure():.0%} sure to be better than counting ({seen}, and what first months elsewhere showed)"
        if self.mean <= 0:
            return f"no better than counting ({seen}, where a lead above 0 is needed)"
        return f"{self.sure():.0%} sure to be better than counting, where {level:.0%} is needed ({seen})"


def leads(
    model: HeldOut, counting: Mapping[str, HeldOut], history: History, begin: int, labels: LabelSettings
) -> HeldOut:
    """How far a model was ahead of the counting ranking that would have been shown, at each cut of each label.

    Args:
        model: at cuts from `begin` on.
        counting: every counting ranking by its name, at the same cuts.
        history: mentions at least until `begin`; which ranking is shown is chosen on them.
        begin: epoch seconds UTC.
    """
    shown = best_counting(history, begin, labels)
    found = {}
    for label, at in model.labels.items():
        theirs = counting[shown[label].name].labels.get(label, {})
        found[label] = {time: at[time] - theirs[time] for time in sorted(at.keys() & theirs.keys())}
    return HeldOut(found)


def leads_before(model: Ranking, history: History, until: int, weeks: int, labels: LabelSettings) -> HeldOut:
    """`leads` at the cuts of the weeks before a moment, by a model that is fitted here on what was before them.

    Args:
        model: not fitted yet.
        history: mentions at least until `until`; nothing later is looked at.
        until: epoch seconds UTC.
    """
    begin, past, counted = until - weeks * WEEK, history.until(until), counting_rankings()
    start, end = to_datetime(begin), to_datetime(until)
    result = backtest(past, [model, *counted], start, end, settings=labels, retraining="once")
    counting = {ranking.name: HeldOut.of_backtest(result, ranking.name) for ranking in counted}
    return leads(HeldOut.of_backtest(result, model.name), counting, past, begin, labels)


def lead_over(labels: Sequence[str], stretches: Sequence[HeldOut], least: int) -> Lead | None:
    """The mean of the leads of some labels; none where there are fewer than `least`, or too few days."""
    pairs = [pair for stretch in stretches for label in labels for pair in stretch.labels.get(label, {}).items()]
    if len(pairs) < least:
        return None
    return Lead.of([ahead for _, ahead in pairs], [time for time, _ in pairs])
