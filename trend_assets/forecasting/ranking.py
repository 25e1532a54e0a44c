"""The one interface of everything that ranks topics: counting, learned baselines and the graph model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.history import History
from trend_assets.forecasting.labels import Cut

Scores = Mapping[str, npt.NDArray[np.floating]]


class Scorer(Protocol):
    """Ranks a cut's topics for each label, already fitted."""

    @property
    def name(self) -> str:
        """How tables and files call it."""
        ...

    def score(self, history: History, cut: Cut) -> Scores:
        """Scores for each label that it can rank, the higher the likelier.

        Args:
            history: the view until the cut.
            cut: what is asked.

        Returns:
            For each label, shape (len(cut.topics),), aligned with `cut.topics`; a label that it could
            not learn is absent.
        """
        ...


@runtime_checkable
class Ranking(Scorer, Protocol):
    """Ranks a cut's topics for each label, once it has learnt to."""

    def fit(self, history: History, until: int) -> None:
        """Learn from what was before `until` (epoch seconds UTC); later mentions must not be looked at."""
        ...
