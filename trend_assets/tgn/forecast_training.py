"""Supervised training: heads and network learn from the outcomes of topics at past cuts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from trend_assets.forecasting.examples import Examples
from trend_assets.forecasting.history import History
from trend_assets.tgn.heads import Heads, HeadSettings
from trend_assets.tgn.stream import RollingState

#: Of the logits of topics that a label does not ask.
_NEVER = -30.0
_LARGEST = 50.0
_GROWTH_WEIGHT = 0.1
_ENTROPY_WEIGHT = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class PastCuts:
    """What there is to learn from, cut after cut.

    Args:
        history: until the moment of the training.
        cuts: moments (epoch seconds UTC), ascending, and the topics' numbers at each.
        features: of all their topics, float32 `[rows, features]`.
        examples: what became of them; rows as in `features`.
    """

    history: History
    cuts: list[tuple[int, npt.NDArray[np.int64]]]
    features: npt.NDArray[np.float32]
    examples: Examples


class ForecastTrainer:
    """Rolls the network along the past and, at each cut, corrects it by what became of the cut's topics.

    The loss is cross-entropy with how near a topic came, plus the listwise softmax loss (ListNet's top-one form,
    Cao et al. 2007) over the topics of a cut, which bounds NDCG with binary gain, plus Huber's for growth. Its
    gradient goes through the embeddings into the attention and the memory's updater.

    Args:
        state: of the network; none to learn from the features alone.
        past: what to learn from.
        labels: those to learn, in the order of the logits.
        settings: how.
    """

    def __init__(
        self, state: RollingState | None, past: PastCuts, labels: tuple[str, ...], settings: HeadSettings
    ) -> None:
        self._state, self._past, self._settings = state, past, settings
        examples = past.examples
        self._x = torch.from_numpy(past.features)
        self._y = torch.from_numpy(np.stack([examples.labels[label] for label in labels], axis=1)).float()
        self._likely = torch.from_numpy(np.stack([examples.likely[label] for label in labels], axis=1))
        self._asked = torch.from_numpy(np.stack([examples.asked[label] for label in labels], axis=1))
        self._growth = torch.from_numpy(np.stack(list(examples.growth.values()), axis=1))
        self._sizes = [len(topics) for _, topics in past.cuts]
        embedding = state.model.settings.memory_dim if state else 0
        self.heads = Heads(past.features.shape[1], embedding, len(labels), settings, len(examples.growth))
        self.heads.standardise(past.features)

    def fit(self) -> list[float]:
        """Fits `heads` and the network's weights; the network's state is empty afterwards.

        Returns:
            Mean loss of each epoch.
        """
        steps = max(-(-len(self._past.cuts) // self._settings.cuts_per_step), 1)
        epochs = max(self._settings.epochs, -(-self._settings.min_steps // steps))
        optimizer = self._optimizer()
        rates = [group["lr"] for group in optimizer.param_groups]
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=steps * epochs)
        self.heads.train()
        losses = [self._epoch(optimizer, schedule) for _ in range(epochs)]
        self.heads.eval()
        if self._state:
            self._state.restart()
        return losses

    def _optimizer(self) -> torch.optim.Optimizer:
        settings = self._settings
        groups = [{"params": self.heads.parameters(), "lr": settings.learning_rate}]
        if self._state:
            network = self._state.model.parameters()
            groups.append({"params": network, "lr": settings.network_learning_rate, "weight_decay": 0.0})
        return torch.optim.AdamW(groups, weight_decay=settings.weight_decay, fused=True)

    def _epoch(self, optimizer: torch.optim.Optimizer, schedule: torch.optim.lr_scheduler.LRScheduler) -> float:
        losses = []
        cuts = zip(self._sizes, self._embeddings(), strict=False)
        first = 0
        while step := list(islice(cuts, self._settings.cuts_per_step)):
            sizes, embeddings = zip(*step, strict=True)
            loss = self._loss(first, sizes, embeddings)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.detach())
            first += sum(sizes)
        return float(torch.stack(losses).mean())

    def _embeddings(self) -> Iterator[Tensor | None]:
        return self._state.replay(self._past.history, self._past.cuts) if self._state else repeat(None)

    def _loss(self, first: int, sizes: Sequence[int], embeddings: Sequence[Tensor | None]) -> Tensor:
        """Of some cuts whose rows begin at `first`."""
        rows = slice(first, first + sum(sizes))
        embedding = torch.cat(cast(tuple[Tensor, ...], embeddings)) if self._state else None
        logits, growth = self.heads(self._x[rows], embedding)
        y, asked = self._y[rows], self._asked[rows]
        weight = asked.float()
        entropy = nn.functional.binary_cross_entropy_with_logits(logits, self._likely[rows], weight, reduction="sum")
        ranking = _listwise(logits.masked_fill(~asked, _NEVER), y, torch.tensor(sizes))
        loss = _ENTROPY_WEIGHT * entropy / weight.sum().clamp_min(1) + self._settings.listwise * ranking
        return loss + _GROWTH_WEIGHT * _growth_loss(growth, self._growth[rows])


def _growth_loss(growth: Tensor, real: Tensor) -> Tensor:
    """Huber's, mean over the rows of each horizon where it is known; `[rows, horizons]` each."""
    known = ~real.isnan()
    losses = [
        nn.functional.huber_loss(growth[rows, column], real[rows, column])
        for column, rows in enumerate(known.unbind(1))
        if rows.any()
    ]
    return torch.stack(losses).sum() if losses else growth.new_zeros(())


def _listwise(logits: Tensor, y: Tensor, sizes: Tensor) -> Tensor:
    """Mean over cuts and labels with a positive of the cross-entropy of the positives' share among a cut's topics."""
    cut = torch.arange(len(sizes)).repeat_interleave(sizes)
    # Logits of these heads stay far below the overflow of exp, so no maximum is taken off.
    total = logits.new_zeros(len(sizes), logits.size(1)).index_add_(0, cut, logits.clamp_max(_LARGEST).exp())
    log_share = logits - total.clamp_min(1e-20).log().index_select(0, cut)
    hits = y.new_zeros(len(sizes), y.size(1)).index_add_(0, cut, y)
    share = y / hits.clamp_min(1).index_select(0, cut)
    return -(share * log_share).sum() / (hits > 0).sum().clamp_min(1)
