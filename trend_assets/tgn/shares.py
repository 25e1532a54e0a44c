"""How much each member of the forecaster counts in the log-odds, by how much there was to learn from."""

from __future__ import annotations

from typing import NamedTuple, Self

#: Of the members that learn from the stream itself: the linear model's share where there is almost nothing to learn
#: from, and the cuts at which it is halved.
_LINEAR, _LINEAR_CUTS = 0.4, 200
#: The trees' share of the rest with no cuts and with any number, and the cuts at which it is half way.
_TREES, _MOST_TREES, _TREES_CUTS = 1 / 3, 0.75, 400
#: The share of trees fitted on other streams with any number of cuts, what they have beyond it with none, and the cuts
#: at which that is halved.
_LEAST_PRETRAINED, _PRETRAINED, _PRETRAINED_CUTS = 0.05, 0.45, 400


class Shares(NamedTuple):
    """Weights that add up to one; the last is that of trees fitted on other streams."""

    linear: float
    trees: float
    heads: float
    pretrained: float = 0.0

    @classmethod
    def of(cls, cuts: int) -> Self:
        """The shares after so many past cuts.

        Trees need many examples, a linear model few, and what other streams taught none. The curves were chosen on the
        first months and on later months of the fitted part of some streams (docs/method.md).
        """
        pretrained = _LEAST_PRETRAINED + _PRETRAINED / (1 + cuts / _PRETRAINED_CUTS)
        linear = _LINEAR / (1 + (cuts / _LINEAR_CUTS) ** 2)
        trees = (1 - linear) * (_TREES + (_MOST_TREES - _TREES) * cuts / (cuts + _TREES_CUTS))
        own = 1 - pretrained
        return cls(own * linear, own * trees, own * (1 - linear - trees), pretrained)

    def without_pretrained(self) -> Self:
        """Those of a label that other streams did not teach."""
        own = 1 - self.pretrained
        return type(self)(self.linear / own, self.trees / own, self.heads / own)
