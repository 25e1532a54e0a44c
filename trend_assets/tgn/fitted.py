"""A fitted forecaster: its members, and what they say together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import torch

from trend_assets.forecasting.ranking import Scores
from trend_assets.tgn.boosting import mean_logit
from trend_assets.tgn.heads import Heads
from trend_assets.tgn.inputs import Table, TopicInputs
from trend_assets.tgn.linear import Linear
from trend_assets.tgn.shares import Shares


@dataclass(slots=True)
class Fitted:
    """What a training has made.

    Args:
        inputs: what is known of a topic, and the network.
        labels: those that were learnt, in the order of the logits.
        heads, trees, linear: the members of the committee; no heads and no linear model where nothing was learnt.
        shares: how much each of them counts.
        until: what was before that moment was learnt from; epoch seconds UTC.
        report: of the training.
    """

    inputs: TopicInputs
    labels: tuple[str, ...]
    heads: Heads | None
    trees: Mapping[str, list[lightgbm.Booster]]
    linear: Linear | None
    shares: Shares
    until: int
    report: dict[str, Any]

    def judge(
        self, features: Table, embedding: torch.Tensor | None, asked: Mapping[str, npt.NDArray[np.bool_]]
    ) -> tuple[Scores, npt.NDArray[np.float64]]:
        """Log-odds of each label that is asked, (rows,) each, and growth, `[rows, horizons]`.

        From `[rows, features]` and `[rows, embedding]`. Of rows that a label is not asked of, which costs nothing, its
        log-odds are NaN.
        """
        assert self.heads is not None and self.linear is not None
        outputs = self.heads(torch.from_numpy(features), embedding)
        logits, growth = (output.numpy().astype(np.float64) for output in outputs)
        log_odds = {}
        for column, label in enumerate(self.labels):
            if label not in asked:
                continue
            rows = asked[label]
            log_odds[label] = found = np.full(len(features), np.nan)
            if rows.any():
                asked_of = features if rows.all() else features[rows]
                trees, linear = mean_logit(self.trees[label], asked_of), self.linear.log_odds(asked_of, column)
                share = self.shares
                found[rows] = share.linear * linear + share.trees * trees + share.heads * logits[rows, column]
        return log_odds, growth
