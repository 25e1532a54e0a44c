"""Prediction heads: from counts, participants and embedding of a topic to each label and its growth in each horizon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """How the heads, and with them the network, are fitted.

    Args:
        width: hidden units.
        epochs: passes over the past cuts.
        min_steps: steps that are taken at least, in more passes where there are few cuts.
        cuts_per_step: cuts whose gradients make a step.
        learning_rate: AdamW's at its highest (one-cycle), of the heads.
        network_learning_rate: of the network below them.
        weight_decay: AdamW's, of the heads.
        dropout: on hidden units.
        listwise: weight of the ranking loss beside cross-entropy.
    """

    width: int = 64
    epochs: int = 3
    min_steps: int = 240
    cuts_per_step: int = 4
    learning_rate: float = 3e-3
    network_learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    dropout: float = 0.2
    listwise: float = 0.5


class Heads(nn.Module):
    """A small network from a topic's features and embedding to a logit for each label, and its growth.

    Args:
        features: how many features.
        embedding: width of the embedding; 0 where there is none.
        labels: how many labels.
        settings: sizes.
        horizons: how many growths are expected, one a horizon.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: int, embedding: int, labels: int, settings: HeadSettings, horizons: int = 1) -> None:
        super().__init__()
        self._labels = labels
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("deviation", torch.ones(features))
        self.body = nn.Sequential(
            nn.Linear(features + embedding, settings.width),
            nn.GELU(),
            nn.Dropout(settings.dropout),
            nn.Linear(settings.width, settings.width),
            nn.GELU(),
            nn.Dropout(settings.dropout),
        )
        self.out = nn.Linear(settings.width, labels + horizons)

    def standardise(self, features: npt.NDArray[np.float32]) -> None:
        """Takes the scale of features `[rows, features]` for that of all to come."""
        table = torch.from_numpy(features)
        self.mean.copy_(table.mean(0))
        self.deviation.copy_(table.std(0).clamp_min(1e-3))

    def forward(self, features: Tensor, embedding: Tensor | None) -> tuple[Tensor, Tensor]:
        """Logits `[rows, labels]` and growth `[rows, horizons]`.

        Args:
            features: `[rows, features]`.
            embedding: `[rows, embedding]`; none where the heads were made for none.
        """
        scaled = ((features - self.mean) / self.deviation).clamp(-6, 6)
        out = self.out(self.body(scaled if embedding is None else torch.cat([scaled, embedding], dim=1)))
        return out[:, : self._labels], out[:, self._labels :]
