"""What a cut's topics need, and what the whole stream does: it makes the counts of different streams comparable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import Cut, LabelSettings, mentions_needed

#: Windows before the cut in which topics are ranked by their mentions, in hours.
RANK_WINDOWS = (1, 3, 6, 12, 24)
#: Windows before the cut in which the whole stream's mentions are counted, in hours.
STREAM_WINDOWS = (1, 6, 24, 168)

CONTEXT_NAMES: tuple[str, ...] = (
    "usual",
    *(f"rank_{hours}h" for hours in RANK_WINDOWS),
    *(f"stream_{hours}h" for hours in STREAM_WINDOWS),
    "candidates",
    "needed",
)


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """Logarithms of what surrounds a cut's topics.

    Args:
        shared: columns as `CONTEXT_NAMES` but the last, the same for every label; (n, len(CONTEXT_NAMES) - 1).
        needed: for each label, mentions that make it come true; (n,) each.
    """

    shared: npt.NDArray[np.float32]
    needed: Mapping[str, npt.NDArray[np.float32]]

    @classmethod
    def at(cls, history: History, cut: Cut, settings: LabelSettings) -> Self:
        """That of a cut: usual mentions, each topic's rank by mentions (equal ones share the best), all mentions.

        Args:
            history: at least until the cut; nothing later is looked at.
        """
        edges = cut.time - np.array((0, *STREAM_WINDOWS), dtype=np.int64) * HOUR
        before = np.searchsorted(history.time, edges)
        stream = np.log1p(np.append(before[0] - before[1:], len(cut)))
        whole = np.broadcast_to(stream, (len(cut), len(stream)))
        shared = np.column_stack([np.log1p(cut.usual), _log_ranks(history, cut), whole])
        asked = mentions_needed(cut, settings)
        return cls(shared.astype(np.float32), {name: np.log(found).astype(np.float32) for name, found in asked.items()})

    def of(self, label: str) -> npt.NDArray[np.float32]:
        """All columns as `CONTEXT_NAMES` for a label."""
        return np.column_stack([self.shared, self.needed[label]])

    def rows(self, chosen: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Self:
        """That of some of the topics."""
        return type(self)(self.shared[chosen], {label: found[chosen] for label, found in self.needed.items()})


def _log_ranks(history: History, cut: Cut) -> npt.NDArray[np.float64]:
    # Taken where it is used: every hourly run loads this module.
    from scipy.stats import rankdata

    starts = cut.time - np.array(RANK_WINDOWS, dtype=np.int64) * HOUR
    counts = history.counts(cut.topics[:, None], starts, cut.time)
    ranks: npt.NDArray[np.float64] = rankdata(-counts, method="min", axis=0) if len(cut) else counts.astype(np.float64)
    return np.log(ranks)
