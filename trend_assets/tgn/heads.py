"""Heads for the labels and for growth, fitted to rank the topics of a cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from trend_assets.forecasting.examples import Examples


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """How the heads are fitted.

    Args:
        width: hidden units.
        epochs: passes over the past cuts.
        min_steps: steps that are taken at least, in more passes where there are few cuts.
        cuts_per_batch: cuts a step.
        learning_rate: AdamW's at its highest (one-cycle).
        weight_decay: AdamW's.
        dropout: on hidden units.
        listwise: weight of the ranking loss beside cross-entropy.
    """

    width: int = 64
    epochs: int = 8
    min_steps: int = 120
    cuts_per_batch: int = 24
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    dropout: float = 0.2
    listwise: float = 0.5


class Heads(nn.Module):
    """A small network from a topic's features to a logit for each label, and its growth.

    Args:
        inputs: width of the features.
        labels: how many labels.
        settings: sizes.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, inputs: int, labels: int, settings: HeadSettings) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("deviation", torch.ones(inputs))
        self.body = nn.Sequential(
            nn.Linear(inputs, settings.width),
            nn.GELU(),
            nn.Dropout(settings.dropout),
            nn.Linear(settings.width, settings.width),
            nn.GELU(),
            nn.Dropout(settings.dropout),
        )
        self.out = nn.Linear(settings.width, labels + 1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Logits `[rows, labels]` and growth `[rows]` from features `[rows, inputs]`."""
        scaled = ((features - self.mean) / self.deviation).clamp(-6, 6)
        out = self.out(self.body(scaled))
        return out[:, :-1], out[:, -1]


def fit_heads(
    features: npt.NDArray[np.float32],
    examples: Examples,
    labels: tuple[str, ...],
    settings: HeadSettings,
    seed: int,
) -> Heads:
    """Fits heads on past cuts.

    The loss is binary cross-entropy, plus the listwise softmax loss (ListNet's top-one form, Cao et al.
    2007) over the topics of a cut, which bounds NDCG with binary gain, plus Huber's for growth.

    Args:
        features: `[rows, inputs]`, rows as in `examples`.
        examples: outcomes, cut after cut.
        labels: those to learn, in the order of the logits.
        seed: of weights, order and dropout.
    """
    torch.manual_seed(seed)
    heads = Heads(features.shape[1], len(labels), settings)
    x = torch.from_numpy(features)
    heads.mean.copy_(x.mean(0))
    heads.deviation.copy_(x.std(0).clamp_min(1e-3))
    y = torch.from_numpy(np.stack([examples.labels[label] for label in labels], axis=1)).float()
    asked = torch.from_numpy(np.stack([examples.asked[label] for label in labels], axis=1))
    growth = torch.from_numpy(examples.growth)
    _, sizes = np.unique(examples.times, return_counts=True)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    generator = np.random.default_rng(seed)
    steps = -(-len(sizes) // settings.cuts_per_batch)
    epochs = max(settings.epochs, -(-settings.min_steps // steps))
    optimizer = torch.optim.AdamW(
        heads.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, total_steps=steps * epochs)
    heads.train()
    for _ in range(epochs):
        for chosen in np.array_split(generator.permutation(len(sizes)), steps):
            rows, group = _rows(starts, sizes, chosen)
            logits, predicted = heads(x[rows])
            loss = _loss(logits, y[rows], asked[rows], group, len(chosen), settings.listwise)
            loss = loss + 0.1 * nn.functional.huber_loss(predicted, growth[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
    return heads.eval()


def _rows(starts: npt.NDArray, sizes: npt.NDArray, chosen: npt.NDArray) -> tuple[Tensor, Tensor]:
    """Rows of the chosen cuts, and which of the chosen each belongs to."""
    lengths = sizes[chosen]
    group = np.repeat(np.arange(len(chosen)), lengths)
    first = np.repeat(starts[chosen] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    return torch.from_numpy(first + np.arange(len(group))), torch.from_numpy(group)


def _loss(logits: Tensor, y: Tensor, asked: Tensor, group: Tensor, cuts: int, listwise: float) -> Tensor:
    weight = asked.float()
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, y, weight, reduction="sum")
    masked = logits.masked_fill(~asked, -30.0)
    # Logits of these heads stay far below the overflow of exp, so no maximum is taken off.
    total = masked.new_zeros(cuts, logits.size(1)).index_add_(0, group, masked.clamp_max(50).exp())
    log_share = masked - total.clamp_min(1e-20).log().index_select(0, group)
    hits = y.new_zeros(cuts, y.size(1)).index_add_(0, group, y)
    share = y / hits.clamp_min(1).index_select(0, group)
    ranking = -(share * log_share).sum() / (hits > 0).sum().clamp_min(1)
    return entropy / weight.sum().clamp_min(1) * 10 + listwise * ranking
