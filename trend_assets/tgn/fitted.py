"""A fitted forecaster: its members, and what they say together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from trend_assets.forecasting.ranking import Scores
from trend_assets.tgn.heads import Heads
from trend_assets.tgn.inputs import Table, TopicInputs
from trend_assets.tgn.linear import Linear
from trend_assets.tgn.pretrained import Pretrained
from trend_assets.tgn.shares import Shares
from trend_assets.tgn.trees import Trees


@dataclass(slots=True)
class Fitted:
    """What a training has made.

    Args:
        inputs: what is known of a topic, and the network.
        labels: those that were learnt, in the order of the logits.
        heads, trees, linear: the members of the committee, trees by the hours of their horizon; no heads and no linear
            model where nothing was learnt.
        pretrained: what other streams have taught, if it is used: some of the trees go on from it.
        shares: how much each of them counts.
        until: what was before that moment was learnt from; epoch seconds UTC.
        report: of the training.
    """

    inputs: TopicInputs
    labels: tuple[str, ...]
    heads: Heads | None
    trees: Mapping[int, Trees]
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
            tensors |= {f"pretrained.{name}": text for name, text in self.pretrained.tensors().items()}
        for hours, trees in self.trees.items():
            tensors |= {f"trees.{hours}.{name}": text for name, text in trees.tensors().items()}
        return tensors

    def judge(
        self,
        features: Table,
        embedding: torch.Tensor | None,
        needed: Mapping[str, npt.NDArray[np.int64]],
        asked: Mapping[str, npt.NDArray[np.bool_]],
    ) -> tuple[Scores, npt.NDArray[np.float64]]:
        """Log-odds of each label that is asked, (rows,) each, and growth, `[rows, horizons]`.

        From `[rows, features]`, `[rows, embedding]` and the mentions that each label needs, (rows,) each. Of rows that
        a label is not asked of, which costs nothing, its log-odds are NaN.
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
                found[rows] = self._together(label, features[rows], logits[rows, column], needed[label][rows])
        return log_odds, growth

    def _together(
        self, label: str, features: Table, heads: npt.NDArray[np.float64], needed: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        """The members' log-odds of a label by their shares; (rows,)."""
        assert self.linear is not None
        linear = self.linear.log_odds(features, self.labels.index(label))
        hours = self.inputs.settings.labels.hours_of[label]
        told = self.trees[hours].log_odds(features, needed, self.pretrained)
        members = (linear, told.own, told.further, heads, told.taught)
        parts = (share * odds for share, odds in zip(self.shares, members, strict=True) if odds is not None)
        total: npt.NDArray[np.float64] = np.sum(list(parts), axis=0)
        return total
