"""Self-supervised training: predict who interacts with whom next, batch by batch in order of time."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from trend_assets.tgn.model import TemporalGraphNetwork

if TYPE_CHECKING:
    from torch_geometric.data import TemporalData


@dataclass(frozen=True, slots=True)
class LinkTrainingSettings:
    """How the network is trained.

    Args:
        batch_size: interactions a batch; within a batch none knows of another.
        learning_rate: Adam's.
        seed: of negatives.
        recent_negatives: draw negatives from the destinations of this many interactions before, so that
            what is no longer talked about does not make the task easy; 0 draws from all destinations.
    """

    batch_size: int = 200
    learning_rate: float = 1e-3
    seed: int = 0
    recent_negatives: int = 0

    def of_rank(self, rank: int) -> LinkTrainingSettings:
        """The same for one of several processes, which draw different negatives."""
        return replace(self, seed=self.seed + rank)


@dataclass(frozen=True, slots=True)
class EpochReport:
    """One pass over the training interactions."""

    loss: float
    seconds: float
    events_per_second: float


@dataclass(frozen=True, slots=True)
class LinkMetrics:
    """Mean over batches, as the published recipe takes it."""

    average_precision: float
    roc_auc: float


#: What one interaction advances the event clock by.
EVENT_SPAN = 100


def event_clock(data: TemporalData) -> TemporalData:
    """The same stream with time counted in interactions instead of seconds.

    A node idle for a day means little without knowing how busy the day was: on streams whose activity
    changes, spans in seconds drift away from those learnt on, spans in interactions do not. It also makes
    the unit of time irrelevant.
    """
    clocked = copy.copy(data)
    clocked.t = torch.arange(data.num_events) * EVENT_SPAN
    return clocked


class LinkObjective(torch.nn.Module):
    """Cross-entropy of true and drawn links."""

    def __init__(self, model: TemporalGraphNetwork) -> None:
        super().__init__()
        self.model = model

    def forward(self, src: Tensor, dst: Tensor, negative: Tensor, times: Tensor) -> Tensor:
        """The loss of a batch, scalar, as `TemporalGraphNetwork.score_links` takes it."""
        positive, drawn = self.model.score_links(src, dst, negative, times)
        return torch.nn.functional.softplus(-positive).mean() + torch.nn.functional.softplus(drawn).mean()


class LinkTrainer:
    """Trains a network on one stream, and measures it on what comes after.

    Args:
        model: the network.
        settings: how.
        wrap: put around the objective, e.g. to share gradients among processes.
    """

    def __init__(
        self,
        model: TemporalGraphNetwork,
        settings: LinkTrainingSettings | None = None,
        wrap: Callable[[torch.nn.Module], torch.nn.Module] | None = None,
    ) -> None:
        self.model = model
        self.objective = wrap(LinkObjective(model)) if wrap else LinkObjective(model)
        self.settings = settings or LinkTrainingSettings()
        self.generator = torch.Generator().manual_seed(self.settings.seed)
        self.optimizer = torch.optim.Adam(model.parameters(), lr=self.settings.learning_rate, fused=True)

    def train_epoch(self, data: TemporalData) -> EpochReport:
        """One pass from an empty memory; each batch is predicted before it is observed and learnt.

        Args:
            data: `src, dst, t` int64 `[E]` in order of time, `msg` float32 `[E, M]`.
        """
        began = time.perf_counter()
        self.model.train()
        self.model.reset()
        losses = [self._step(*batch) for batch in self._batches(data, self.settings.batch_size, self.generator)]
        seconds = time.perf_counter() - began
        return EpochReport(float(torch.stack(losses).mean()), seconds, data.num_events / seconds)

    def _step(self, src: Tensor, dst: Tensor, negative: Tensor, times: Tensor, messages: Tensor) -> Tensor:
        loss: Tensor = self.objective(src, dst, negative, times)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.model.observe(src, dst, times, messages)
        return loss.detach()

    @torch.no_grad()
    def evaluate(self, data: TemporalData, batch_size: int = 200, seed: int = 12_345) -> LinkMetrics:
        """Predicts `data` batch by batch, going on from where the memory stands, and takes it in.

        The negatives are drawn by `seed` alone, so that models are compared on the same ones.
        """
        # A second to load, and a network that is used is not measured.
        from sklearn.metrics import average_precision_score, roc_auc_score

        self.model.eval()
        generator = torch.Generator().manual_seed(seed)
        precision, area = [], []
        for src, dst, negative, times, messages in self._batches(data, batch_size, generator):
            positive, drawn = self.model.score_links(src, dst, negative, times)
            self.model.observe(src, dst, times, messages)
            scores = torch.cat([positive, drawn]).numpy()
            truth = np.repeat([1, 0], src.numel())
            precision.append(average_precision_score(truth, scores))
            area.append(roc_auc_score(truth, scores))
        return LinkMetrics(float(np.mean(precision)), float(np.mean(area)))

    def _batches(self, data: TemporalData, batch_size: int, generator: torch.Generator) -> Iterator[tuple[Tensor, ...]]:
        negative = _negatives(data.dst, self.settings.recent_negatives, generator)
        columns = (data.src, data.dst, negative, data.t, data.msg)
        return zip(*(column.split(batch_size) for column in columns), strict=True)


def _negatives(destinations: Tensor, recent: int, generator: torch.Generator) -> Tensor:
    """One destination drawn for each interaction."""
    if not recent:
        low, high = int(destinations.min()), int(destinations.max()) + 1
        return torch.randint(low, high, destinations.shape, generator=generator)
    back = torch.randint(1, recent + 1, destinations.shape, generator=generator)
    return destinations[(torch.arange(destinations.numel()) - back).clamp_min(0)]
