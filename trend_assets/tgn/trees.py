"""Boosted trees of one horizon: how likely a topic gets at least so many mentions in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import lightgbm
import numpy as np
import numpy.typing as npt
from torch import Tensor

from trend_assets.forecasting.examples import Examples
from trend_assets.tgn.boosting import Table, fit_trees, from_tensor, log_odds, to_tensor, with_needed
from trend_assets.tgn.pretrained import Pretrained
from trend_assets.tgn.questions import questions
from trend_assets.tgn.settings import ForecasterSettings

_OWN, _FURTHER = "own", "further"


class Told(NamedTuple):
    """Log-odds of topics, (rows,) each.

    Attributes:
        own: by what was learnt here alone.
        further: by what was learnt elsewhere and here, if others are used.
        taught: by what was learnt elsewhere, if others are used.
    """

    own: npt.NDArray[np.float64]
    further: npt.NDArray[np.float64] | None
    taught: npt.NDArray[np.float64] | None


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """One booster answers for all labels of a horizon, for it is asked for the mentions that each needs.

    So a label that seldom comes true is learnt from all topics that came near anything, and not from its own few.

    Args:
        hours: of the horizon.
        own: learnt from this stream alone.
        further: what this stream adds to what other streams taught, if they are used.
    """

    hours: int
    own: lightgbm.Booster
    further: lightgbm.Booster | None

    @classmethod
    def fit(
        cls, hours: int, table: Table, examples: Examples, settings: ForecasterSettings, taught: Pretrained | None
    ) -> Self:
        """Learns what became of past topics.

        Args:
            hours: of the horizon.
            table: of past topics, `[rows, columns]`.
            examples: what became of them.
            settings: of the forecaster.
            taught: what other streams taught, if they are used.
        """
        boosting, seed = settings.boosting, settings.seed
        labels = [label for label, ahead in settings.labels.hours_of.items() if ahead == hours]
        needed = [examples.needed[label] for label in labels]
        asked = questions(examples.after[hours], needed, boosting.most_questions, np.random.default_rng(seed))
        topics = table[asked.rows]
        inputs, rest = with_needed(topics, asked.needed), (asked.likely, asked.weight, boosting, seed, settings.threads)
        own = fit_trees(inputs, *rest)
        if taught is None:
            return cls(hours, own, None)
        return cls(hours, own, fit_trees(inputs, *rest, begin=taught.log_odds(topics, hours, asked.needed)))

    def log_odds(self, table: Table, needed: npt.NDArray[np.int64], taught: Pretrained | None) -> Told:
        """Of getting the mentions that are needed; not calibrated.

        Args:
            table: of topics, `[rows, columns]`.
            needed: mentions; (rows,).
            taught: as for `fit`.
        """
        inputs = with_needed(table, needed)
        own = log_odds(self.own, inputs)
        if self.further is None or taught is None:
            return Told(own, None, None)
        elsewhere = taught.log_odds(table, self.hours, needed)
        return Told(own, elsewhere + log_odds(self.further, inputs), elsewhere)

    def tensors(self) -> dict[str, Tensor]:
        """What a checkpoint keeps."""
        kept = {_OWN: self.own, _FURTHER: self.further}
        return {name: to_tensor(booster) for name, booster in kept.items() if booster}

    @classmethod
    def from_tensors(cls, hours: int, tensors: Mapping[str, Tensor]) -> Self:
        """Those whose `tensors` were kept."""
        further = from_tensor(tensors[_FURTHER]) if _FURTHER in tensors else None
        return cls(hours, from_tensor(tensors[_OWN]), further)
