"""Logistic regression on a topic's counts, used beside the trees and the neural heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from trend_assets.forecasting.examples import Examples


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """Log-odds of each label that are linear in the first columns of the features.

    Args:
        weight: `[labels, columns]`.
        bias: `[labels]`.
    """

    weight: npt.NDArray[np.float64]
    bias: npt.NDArray[np.float64]

    @classmethod
    def fit(cls, features: npt.NDArray[np.float32], examples: Examples, labels: Sequence[str]) -> Self:
        """Fits scikit-learn's on standardised columns.

        Args:
            features: of past topics, `[rows, columns]`.
            examples: what became of them.
            labels: in the order of the log-odds.
        """
        from sklearn.linear_model import LogisticRegression

        weights, biases = [], []
        for label in labels:
            asked = examples.asked[label]
            known = features[asked].astype(np.float64)
            mean, deviation = known.mean(axis=0), known.std(axis=0)
            deviation[deviation == 0] = 1.0
            # Few columns and many rows: a Newton step costs little and a handful of them converge.
            found = LogisticRegression(solver="newton-cholesky").fit(
                (known - mean) / deviation, examples.labels[label][asked]
            )
            weights.append(found.coef_[0] / deviation)
            biases.append(found.intercept_[0] - weights[-1] @ mean)
        return cls(np.stack(weights), np.array(biases))

    def log_odds(self, features: npt.NDArray[np.float32], label: int) -> npt.NDArray[np.float64]:
        """Of one label by its place; (rows,) from features `[rows, columns or more]`."""
        weight = self.weight[label]
        odds: npt.NDArray[np.float64] = features[:, : len(weight)].astype(np.float64) @ weight + self.bias[label]
        return odds

    def tensors(self) -> dict[str, Tensor]:
        """What a checkpoint keeps."""
        return {"weight": torch.from_numpy(self.weight), "bias": torch.from_numpy(self.bias)}

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor]) -> Self:
        """The model whose `tensors` were kept."""
        return cls(tensors["weight"].numpy(), tensors["bias"].numpy())
