"""How much there is to find: LightGBM that sees the counts of some hours after each cut.

It answers the same question of the same topics, with a part of the answer before its eyes. No forecast can, so that
its lead over LightGBM tells what so many hours of waiting would be worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import Cut
from trend_assets.forecasting.learned import GradientBoosting

_NAME = "gradient_boosting_{}h_later"


def is_foresight(name: str) -> bool:
    """Whether a ranking is one of these, by its name."""
    return name.startswith("gradient_boosting_")


class LaterMemory(CutMemory):
    """Past cuts with the counts of some hours later.

    Args:
        memory: whose cuts they are.
        history: whole.
        hours: later.
    """

    def __init__(self, memory: CutMemory, history: History, hours: int) -> None:
        super().__init__(memory.settings, memory.every_hours, memory.days)
        self._history = history
        self._later = hours * HOUR

    def __reduce__(self) -> tuple[type[LaterMemory], tuple[CutMemory, History, int]]:
        """What is remembered stays in its process."""
        return LaterMemory, (CutMemory(self.settings, self.every_hours, self.days), self._history, self._later // HOUR)

    def features(self, _: History, cuts: Sequence[Cut]) -> npt.NDArray[np.float32]:
        """Log counts as they are later."""
        later = [replace(cut, time=cut.time + self._later) for cut in cuts]
        return super().features(self._history.until(max(cut.time for cut in later)), later)


def later(memory: CutMemory, history: History, hours: int) -> GradientBoosting:
    """LightGBM on the counts of so many hours after each cut."""
    found = GradientBoosting(LaterMemory(memory, history, hours))
    found.name = _NAME.format(hours)
    return found
