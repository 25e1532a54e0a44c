"""Which counting ranking did best lately: what is shown while no model has been trained, or none is better."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from functools import cached_property

import numpy as np

from trend_assets.forecasting.accuracy import compared_since
from trend_assets.forecasting.backtest import BacktestResult, backtest
from trend_assets.forecasting.baselines import counting_rankings
from trend_assets.forecasting.history import HOUR, History, to_datetime
from trend_assets.forecasting.labels import LABELS, LabelSettings
from trend_assets.forecasting.ranking import Ranking
from trend_assets.words import UNCOMPARED_COUNT

_DAY = 24 * HOUR


class BestCounting:
    """`best_counting`, chosen when it is first asked for a label: choosing walks the last weeks.

    Args:
        history, until, settings: as for `best_counting`.
        choices: names of rankings by label, by what was asked; known ones are not chosen again, and new ones are added.
    """

    def __init__(
        self,
        history: History,
        until: int,
        settings: LabelSettings,
        choices: MutableMapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self._asked = (history, until, settings)
        self._choices = {} if choices is None else choices

    def of(self, label: str) -> Ranking:
        """The one that did best on a label."""
        return self._best[label]

    @cached_property
    def _best(self) -> Mapping[str, Ranking]:
        _, until, settings = self._asked
        asked = f"{to_datetime(until).isoformat()} {settings}"
        rankings = {ranking.name: ranking for ranking in counting_rankings()}
        known = self._choices.get(asked, {})
        if not all(known.get(label) in rankings for label in settings.hours_of):
            known = self._choices[asked] = {label: best.name for label, best in best_counting(*self._asked).items()}
        return {label: rankings[name] for label, name in known.items()}


def best_counting(
    history: History, until: int, settings: LabelSettings, days: int = 28, every_hours: int = 12
) -> dict[str, Ranking]:
    """The counting rankings with the highest NDCG@10 on the last days: one for the main labels, by their mean.

    Args:
        history: mentions at least until `until`; nothing later is looked at.
        until: epoch seconds UTC.
        days: how many days of cuts, ending one main horizon before `until`, are compared.

    Returns:
        The best by label; `mentions_24h` where no cut can be scored yet.
    """
    rankings = {ranking.name: ranking for ranking in counting_rankings()}
    past = history.until(until)
    last = until - settings.horizon
    first = max(last - days * _DAY, past.start + _DAY)
    if to_datetime(past.start) > compared_since(to_datetime(until), settings.horizon_hours, every_hours):
        return dict.fromkeys(settings.hours_of, rankings[UNCOMPARED_COUNT])
    result = backtest(past, [*rankings.values()], to_datetime(first), to_datetime(last), every_hours, settings)
    groups = [LABELS, *((one.label,) for one in settings.further)]
    return {label: rankings[_best(result, group)] for group in groups for label in group}


def _best(result: BacktestResult, labels: Sequence[str]) -> str:
    """The ranking with the highest mean over some labels."""
    means: dict[str, float] = {}
    for name in result.labels[labels[0]].values:
        values = [result.labels[label].mean(name, "ndcg_at_10") for label in labels]
        known = [value for value in values if value is not None]
        if known:
            means[name] = float(np.mean(known))
    return max(means, key=means.__getitem__) if means else UNCOMPARED_COUNT
