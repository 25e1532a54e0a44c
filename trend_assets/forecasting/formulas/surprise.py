"""How far the present is above a topic's own past."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.features import daily_mentions
from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import Cut

Floats = npt.NDArray[np.float64]

_DAYS = 30
#: Hours that are compared with the same hours of the days before.
_BIN = 3
_ALPHA = 0.99
#: Of SigniTrend's averages, in days.
_HALF_LIFE = 7.0


def poisson_surprise(history: History, cut: Cut) -> Floats:
    """Mentions above the mean, in widths of Poisson's 99 % interval around it; (n,).

    The `Poisson` model of Gnip-Trend-Detection (Hendrickson, Kolb, Lehman and Montague 2015, "Trend detection in
    social data"), in its mode that averages the same hours of all days, of bins of three hours over 30 days. There a
    fall is as unusual as a rise; here it ranks last.
    """
    from scipy.stats import poisson

    starts = cut.time - _BIN * HOUR - 24 * HOUR * np.arange(_DAYS, dtype=np.int64)
    counts = history.counts(cut.topics[:, None], starts, starts + _BIN * HOUR)
    # Few topics differ in their mean.
    mean, place = np.unique(counts.mean(axis=1), return_inverse=True)
    low, high = poisson.interval(_ALPHA, np.maximum(mean, 1e-9))
    return np.asarray((counts[:, 0] - mean[place]) / np.maximum(high - low, 1.0)[place], dtype=np.float64)


def significance(history: History, cut: Cut) -> Floats:
    """The day's share of all mentions, in deviations above its moving average; (n,).

    (x - max(EWMA, bias)) / (sqrt(EWMVar) + bias), averages of the days before with a half-life of a week (Schubert,
    Weiler and Kriegel 2014, SigniTrend, KDD). The bias is one mention on a mean day.
    """
    times = np.full(len(cut), cut.time)
    daily = daily_mentions(history, cut.topics, times, _DAYS)[:, ::-1]
    edges = np.searchsorted(history.time, cut.time - 24 * HOUR * np.arange(_DAYS, -1, -1))
    whole = np.diff(edges)
    shares = daily / np.maximum(whole, 1)
    bias = 1.0 / max(whole.mean(), 1.0)
    rate = 1.0 - 0.5 ** (1.0 / _HALF_LIFE)
    mean, variance = np.zeros(len(cut)), np.zeros(len(cut))
    for day in range(_DAYS - 1):
        step = rate * (shares[:, day] - mean)
        variance = (1.0 - rate) * (variance + step * (shares[:, day] - mean))
        mean = mean + step
    return np.asarray((shares[:, -1] - np.maximum(mean, bias)) / (np.sqrt(variance) + bias), dtype=np.float64)
