"""Which counting ranking did best lately: what is shown while no model has been trained."""

from __future__ import annotations

from collections.abc import MutableMapping
from functools import cached_property

import numpy as np

from trend_assets.forecasting.backtest import backtest
from trend_assets.forecasting.baselines import counting_rankings
from trend_assets.forecasting.history import HOUR, History, to_datetime
from trend_assets.forecasting.labels import LABELS, Cut, LabelSettings
from trend_assets.forecasting.ranking import Ranking, Scores

_DAY = 24 * HOUR


class BestCounting:
    """`best_counting_ranking`, chosen when it is first asked for anything: choosing walks the last weeks.

    Args:
        history, until, settings: as for `best_counting_ranking`.
        choices: names of rankings by what was asked; known ones are not chosen again, and a new one is added.
    """

    def __init__(
        self,
        history: History,
        until: int,
        settings: LabelSettings,
        choices: MutableMapping[str, str] | None = None,
    ) -> None:
        self._asked = (history, until, settings)
        self._choices = {} if choices is None else choices

    @cached_property
    def _best(self) -> Ranking:
        _, until, settings = self._asked
        asked = f"{to_datetime(until).isoformat()} {settings}"
        known = {ranking.name: ranking for ranking in counting_rankings()}
        if self._choices.get(asked) not in known:
            self._choices[asked] = best_counting_ranking(*self._asked).name
        return known[self._choices[asked]]

    @property
    def name(self) -> str:
        """Of the one chosen."""
        return self._best.name

    def score(self, history: History, cut: Cut) -> Scores:
        """As the one chosen scores."""
        return self._best.score(history, cut)


def best_counting_ranking(
    history: History, until: int, settings: LabelSettings, days: int = 28, every_hours: int = 12
) -> Ranking:
    """The counting ranking with the highest NDCG@10, averaged over the labels, on the last days.

    Args:
        history: mentions at least until `until`; nothing later is looked at.
        until: epoch seconds UTC.
        days: how many days of cuts, ending one horizon before `until`, are compared.

    Returns:
        The best; `mentions_24h` where no cut can be scored yet.
    """
    rankings = counting_rankings()
    default = next(ranking for ranking in rankings if ranking.name == "mentions_24h")
    past = history.until(until)
    last = until - settings.horizon
    first = max(last - days * _DAY, past.start + _DAY)
    step = every_hours * HOUR
    if -(-first // step) * step >= last:
        return default
    result = backtest(past, rankings, to_datetime(first), to_datetime(last), every_hours, settings)
    means = {}
    for ranking in rankings:
        values = [result.labels[label].mean(ranking.name, "ndcg_at_10") for label in LABELS]
        known = [value for value in values if value is not None]
        if known:
            means[ranking.name] = float(np.mean(known))
    if not means:
        return default
    best = max(means, key=means.__getitem__)
    return next(ranking for ranking in rankings if ranking.name == best)
