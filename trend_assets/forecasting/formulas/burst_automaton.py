"""The burst automaton of Kleinberg (2002), "Bursty and hierarchical structure in streams", KDD; enumerating form."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.formulas.recent import hourly
from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import Cut

_HOURS = 168
#: How many times the usual share a burst has, and what it costs to enter one, times ln(hours).
_RATIO = 2.0
_GAMMA = 1.0


def burst_weight(history: History, cut: Cut) -> npt.NDArray[np.float64]:
    """The weight of the burst that a topic is in, or by how much it is not in one, below zero; (n,).

    Two states over the hours of a week: the topic's mean share of all mentions, and twice that. The cheapest sequence
    of states is found by dynamic programming over all topics at once.
    """
    counts = hourly(history, cut, _HOURS)
    edges = np.searchsorted(history.time, cut.time - HOUR * np.arange(_HOURS, -1, -1))
    return weights(counts, np.diff(edges).astype(np.float64))


def weights(counts: npt.NDArray[np.float64], whole: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """As `burst_weight`.

    Args:
        counts: mentions of each topic in each hour, the oldest first; (n, hours).
        whole: all mentions of each hour; (hours,).
    """
    usual = np.clip(counts.sum(axis=1) / max(whole.sum(), 1.0), 1e-12, 0.49)
    high = usual * _RATIO
    gained = np.log(high / usual)[:, None] * counts
    # What an hour is likelier by in a burst than outside one.
    better = gained + np.log((1 - high) / (1 - usual))[:, None] * (whole - counts)
    entry = _GAMMA * np.log(len(whole))
    ahead = np.full(len(counts), -entry)
    weight = np.zeros(len(counts))
    for hour in better.T:
        # By how much it is cheaper to be in a burst than outside, both as cheaply as can be.
        enters = ahead <= -entry
        weight = np.where(enters, 0.0, weight) + hour
        ahead = np.minimum(np.where(enters, -entry, ahead), 0.0) + hour
    return np.where(ahead > 0, weight, np.minimum(ahead, 0.0))
