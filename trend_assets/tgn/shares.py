"""How much each member of the forecaster counts in the log-odds, by how much there was to learn from."""

from __future__ import annotations

from typing import NamedTuple, Self

#: Where other streams are not asked.
_ALONE = (0.2, 0.45, 0.0, 0.35, 0.0)
#: Where they are: with hardly a topic that rose, and with very many.
_FEW, _MANY = (0.2, 0.0, 0.25, 0.0, 0.55), (0.2, 0.2, 0.4, 0.2, 0.0)
#: Topics that rose at which half the way lies from the one to the other.
_HALF_WAY = 600


class Shares(NamedTuple):
    """Weights that add up to one.

    Attributes:
        linear: of the linear model.
        trees: of trees that learnt from this stream alone.
        further: of trees that go on from what other streams taught.
        heads: of the neural heads.
        pretrained: of what other streams taught, as it is.
    """

    linear: float
    trees: float
    further: float
    heads: float
    pretrained: float

    @classmethod
    def of(cls, rose: int, taught: bool) -> Self:
        """The shares where so many past topics rose, where other streams are asked, and where they are not.

        Chosen on the first months and on later months of the fitted part of the streams (docs/method.md).

        Args:
            rose: topics at past cuts for which the label came true that did so most often.
            taught: whether other streams are asked.
        """
        if not taught:
            return cls(*_ALONE)
        way = rose**2 / (rose**2 + _HALF_WAY**2)
        return cls(*(few + (many - few) * way for few, many in zip(_FEW, _MANY, strict=True)))
