"""The head that scores a source's candidates, from standardised features and the network's embeddings."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from trend_assets.tgn.pair_features import SOURCE_DIM, TARGET_DIM

_LEAST_DEVIATION = 0.05
_LARGEST = 5.0


class HeadInputs(NamedTuple):
    """What is seen of sources, `[B, SOURCE_DIM]`, of candidates, `[…, TARGET_DIM]`, and of the pairs, `[…, P]`."""

    source: Tensor
    target: Tensor
    pair: Tensor


class Scale(nn.Module):
    """Standardises columns as those of a table are.

    Args:
        width: how many.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("deviation", torch.ones(width))

    def fit(self, tables: list[Tensor]) -> None:
        """Takes the scale of tables `[n, width]` together."""
        table = torch.cat(tables)
        if table.size(1):
            self.mean.copy_(table.mean(0))
            self.deviation.copy_(table.std(0).clamp_min(_LEAST_DEVIATION))

    def forward(self, table: Tensor) -> Tensor:
        """Standardises `[…, width]`."""
        return (table - self.mean).mul_(1 / self.deviation).clamp_(-_LARGEST, _LARGEST)


class RankingHead(nn.Module):
    """A score of each source with each of its candidates.

    The first layer is a sum of parts, so that what belongs to a source or a target alone is projected once.

    Args:
        pair_dim: features of a pair, P; 0 where none are used.
        embedding_dim: of the network, D; 0 where it is not used.
        width: hidden units.
    """

    def __init__(self, pair_dim: int, embedding_dim: int, width: int) -> None:
        super().__init__()
        self.scale_source, self.scale_target, self.scale_pair = Scale(SOURCE_DIM), Scale(TARGET_DIM), Scale(pair_dim)
        self.source = nn.Linear(SOURCE_DIM, width)
        self.target = nn.Linear(TARGET_DIM, width, bias=False)
        self.pair = nn.Linear(pair_dim, width, bias=False) if pair_dim else None
        self.embedded_source = nn.Linear(embedding_dim, width, bias=False) if embedding_dim else None
        self.embedded_target = nn.Linear(embedding_dim, width, bias=False) if embedding_dim else None
        self.hidden = nn.Linear(width, width)
        self.final = nn.Linear(width, 1)
        self.direct_target = nn.Linear(TARGET_DIM, 1, bias=False)
        self.direct_pair = nn.Linear(pair_dim, 1, bias=False) if pair_dim else None

    def fit_scale(self, inputs: list[HeadInputs]) -> None:
        """Takes the scale of inputs `[n, …]` for that of all to come."""
        for scale, name in ((self.scale_source, "source"), (self.scale_target, "target"), (self.scale_pair, "pair")):
            scale.fit([getattr(some, name) for some in inputs])

    def standardised(self, inputs: HeadInputs) -> HeadInputs:
        """Inputs in the scale that the other methods take."""
        return HeadInputs(
            self.scale_source(inputs.source), self.scale_target(inputs.target), self.scale_pair(inputs.pair)
        )

    def project(self, source: Tensor, embedding: Tensor | None) -> Tensor:
        """What `forward` takes of sources, `[B, width]`, from their features and embeddings `[B, D]`, if any."""
        projected: Tensor = self.source(source)
        if embedding is None or self.embedded_source is None:
            return projected
        projected = projected + self.embedded_source(embedding)
        return projected

    def project_targets(self, embedding: Tensor) -> Tensor | None:
        """What `forward` takes of targets, `[n, width]`, from their embeddings `[n, D]`; None without a network."""
        return None if self.embedded_target is None else self.embedded_target(embedding)

    def forward(self, source: Tensor, target: Tensor, pair: Tensor, embedded: Tensor | None) -> Tensor:
        """Scores `[…]` of candidates.

        Args:
            source: projected, `[…, width]` or what broadcasts to it.
            target: `[…, TARGET_DIM]`.
            pair: `[…, P]`.
            embedded: of the targets, projected, as `source`; none without a network.
        """
        hidden, score = self.target(target), self.direct_target(target)
        if self.pair is not None and self.direct_pair is not None:
            hidden = self.pair(pair).add_(hidden)
            score = self.direct_pair(pair).add_(score)
        hidden = hidden.add_(source)
        if embedded is not None:
            hidden = hidden.add_(embedded)
        hidden = self.hidden(hidden.relu_()).relu_()
        scores: Tensor = self.final(hidden).add_(score).squeeze(-1)
        return scores
