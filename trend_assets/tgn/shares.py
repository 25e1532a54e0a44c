"""How much linear model, trees and heads each count in the log-odds, by how much there was to learn from."""

from __future__ import annotations

from typing import NamedTuple, Self

#: The linear model's share where there is almost nothing to learn from, and the cuts at which it is halved.
_LINEAR, _LINEAR_CUTS = 0.4, 200
#: The trees' share of the rest with no cuts and with any number, and the cuts at which it is half way.
_TREES, _MOST_TREES, _TREES_CUTS = 1 / 3, 0.75, 400


class Shares(NamedTuple):
    """Weights that add up to one."""

    linear: float
    trees: float
    heads: float

    @classmethod
    def of(cls, cuts: int) -> Self:
        """The shares after so many past cuts.

        Trees need many examples and a linear model few. The curve was chosen on the first months and on one later
        quarter of the fitted part of four streams (docs/method.md).
        """
        linear = _LINEAR / (1 + (cuts / _LINEAR_CUTS) ** 2)
        trees = (1 - linear) * (_TREES + (_MOST_TREES - _TREES) * cuts / (cuts + _TREES_CUTS))
        return cls(linear, trees, 1 - linear - trees)
