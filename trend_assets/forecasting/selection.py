"""Which counting ranking did best lately: what is shown while no model has been trained."""

from __future__ import annotations

import numpy as np

from trend_assets.forecasting.backtest import backtest
from trend_assets.forecasting.baselines import counting_rankings
from trend_assets.forecasting.history import HOUR, History, to_datetime
from trend_assets.forecasting.labels import LABELS, LabelSettings
from trend_assets.forecasting.ranking import Ranking

_DAY = 24 * HOUR


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
