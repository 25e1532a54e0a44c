"""A fitted forecaster: its members, and what they say together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import torch

from trend_assets.forecasting.context import Context
from trend_assets.forecasting.ranking import Scores
from trend_assets.tgn.boosting import mean_logit, to_tensor
from trend_assets.tgn.heads import Heads
from trend_assets.tgn.inputs import Table, TopicInputs
from trend_assets.tgn.linear import Linear
from trend_assets.tgn.pretrained import Pretrained
from trend_assets.tgn.shares import Shares


@dataclass(slots=True)
class Fitted:
    """What a training has made.

    Args:
        inputs: what is known of a topic, and the network.
        labels: those that were learnt, in the order of the logits.
        heads, trees, linear: the members of the committee; no heads and no linear model where nothing was learnt.
        pretrained: the member that other streams have taught, if it is used.
        shares: how much each of them counts.
        until: what was before that moment was learnt from; epoch seconds UTC.
        report: of the training.
    """

    inputs: TopicInputs
    labels: tuple[str, ...]
    heads: Heads | None
    trees: Mapping[str, list[lightgbm.Booster]]
    linear: Linear | None
    pretrained: Pretrained | None
    shares: Shares
    until: int
    report: dict[str, Any]

    def tensors(self) -> dict[str, torch.Tensor]:
        """What a checkpoint keeps of the members."""
        tensors: dict[str, torch.Tensor] = {}
        if self.heads is not None:
            tensors |= {f"heads.{name}": value for name, value in self.heads.state_dict().items()}
        if self.linear is not None:
            tensors |= {f"linear.{name}": value for name, value in self.linear.tensors().items()}
        if self.pretrained is not None:
            tensors |= {f"pretrained.{label}": text for label, text in self.pretrained.tensors().items()}
        for label, boosters in self.trees.items():
            tensors |= {f"trees.{label}.{n}": to_tensor(booster) for n, booster in enumerate(boosters)}
        return tensors

    def judge(
        self,
        features: Table,
        embedding: torch.Tensor | None,
        context: Context | None,
        asked: Mapping[str, npt.NDArray[np.bool_]],
    ) -> tuple[Scores, npt.NDArray[np.float64]]:
        """Log-odds of each label that is asked, (rows,) each, and growth, `[rows, horizons]`.

        From `[rows, features]` and `[rows, embedding]`. Of rows that a label is not asked of, which costs nothing, its
        log-odds are NaN.
        """
        assert self.heads is not None
        outputs = self.heads(torch.from_numpy(features), embedding)
        logits, growth = (output.numpy().astype(np.float64) for output in outputs)
        log_odds = {}
        for column, label in enumerate(self.labels):
            if label not in asked:
                continue
            rows = asked[label]
            log_odds[label] = found = np.full(len(features), np.nan)
            if rows.any():
                around = context and context.rows(rows)
                found[rows] = self._together(label, column, features[rows], logits[rows, column], around)
        return log_odds, growth

    def _together(
        self, label: str, column: int, features: Table, heads: npt.NDArray[np.float64], context: Context | None
    ) -> npt.NDArray[np.float64]:
        """The members' log-odds of a label by their shares; (rows,)."""
        assert self.linear is not None
        taught = self._taught(label, features, context)
        shares = self.shares.without_pretrained() if taught is None else self.shares
        odds = shares.linear * self.linear.log_odds(features, column) + shares.heads * heads
        odds = odds + shares.trees * mean_logit(self.trees[label], features)
        return odds if taught is None else odds + shares.pretrained * taught

    def _taught(self, label: str, features: Table, context: Context | None) -> npt.NDArray[np.float64] | None:
        """What other streams taught of a label, if anything; (rows,)."""
        if self.pretrained is None or context is None or label not in self.pretrained.trees:
            return None
        return self.pretrained.log_odds(label, features, context)
