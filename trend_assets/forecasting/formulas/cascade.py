"""A self-exciting point process: each mention brings others, with the memory of SEISMIC's kernel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.formulas.recent import recent
from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import Cut

Floats = npt.NDArray[np.float64]

#: Reaction times on Twitter: flat for five minutes, then a power law (Zhao et al. 2015).
_FLAT, _THETA = 300.0, 0.242
_REMEMBERED = 7 * 24 * HOUR
#: Time over which the infectiousness is taken.
_LATELY = 24 * HOUR
#: A process that feeds itself is held back here, else it has no end.
_MOST = 0.95


def expected_mentions(horizon: int) -> Callable[[History, Cut], Floats]:
    """A measure: mentions expected in the horizon (seconds), those included that these bring; (n,).

    SEISMIC (Zhao, Erdogdu, He, Rajaraman and Leskovec 2015, "SEISMIC: a self-exciting point process model for
    predicting tweet popularity", KDD), where all users have one follower, none is known here: the infectiousness is
    mentions of the last day over those that the kernel expected of a process that just keeps itself up, one
    pseudo-mention added to both.
    """

    def measure(history: History, cut: Cut) -> Floats:
        found = recent(history, cut, cut.time - _REMEMBERED)
        age = (cut.time - found.time).astype(np.float64)
        born = history.first_seen(cut.topics) >= cut.time - _LATELY
        brought = np.bincount(found.row[age <= _LATELY], minlength=len(cut)) - born
        lately = spent(age) - spent(np.maximum(age - _LATELY, 0.0))
        infectious = (brought + 1.0) / (np.bincount(found.row, lately, minlength=len(cut)) + 1.0)
        next_ones = np.bincount(found.row, spent(age + horizon) - spent(age), minlength=len(cut))
        return infectious * next_ones / (1.0 - np.minimum(infectious, _MOST))

    return measure


def spent(age: Floats) -> Floats:
    """The share of a mention's effect that is over at an age in seconds."""
    flat = np.minimum(age, _FLAT) / _FLAT
    tail = (1.0 - (np.maximum(age, _FLAT) / _FLAT) ** -_THETA) / _THETA
    return np.asarray((flat + tail) / (1.0 + 1.0 / _THETA), dtype=np.float64)
