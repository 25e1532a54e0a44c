"""What a cut's topics are beside the whole stream: it makes the counts of different streams comparable."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.features import COUNT_NAMES
from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import Cut

#: Windows before the cut in which topics are ranked by their mentions, in hours.
RANK_WINDOWS = (1, 3, 6, 12, 24)
#: Windows before the cut in which the whole stream's mentions are counted, in hours.
STREAM_WINDOWS = (1, 6, 24, 168)

CONTEXT_NAMES: tuple[str, ...] = (
    "usual",
    *(f"rank_{hours}h" for hours in RANK_WINDOWS),
    *(f"stream_{hours}h" for hours in STREAM_WINDOWS),
    "candidates",
)
_RANKED = [COUNT_NAMES.index(f"mentions_{hours}h") for hours in RANK_WINDOWS]


def context(history: History, cut: Cut, counts: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Logarithms of usual mentions, each topic's rank by mentions (equal ones share the best), and all mentions.

    Args:
        history: at least until the cut; nothing later is looked at.
        cut: whose topics they are.
        counts: their log counts, columns as `COUNT_NAMES`; (n, len(COUNT_NAMES)).

    Returns:
        Columns as `CONTEXT_NAMES`; (n, len(CONTEXT_NAMES)).
    """
    edges = cut.time - np.array((0, *STREAM_WINDOWS), dtype=np.int64) * HOUR
    before = np.searchsorted(history.time, edges)
    stream = np.log1p(np.append(before[0] - before[1:], len(cut)))
    whole = np.broadcast_to(stream, (len(cut), len(stream)))
    return np.column_stack([np.log1p(cut.usual), _log_ranks(counts[:, _RANKED]), whole]).astype(np.float32)


def _log_ranks(counts: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    # Taken where it is used: every hourly run loads this module.
    from scipy.stats import rankdata

    ranks: npt.NDArray[np.float64] = rankdata(-counts, method="min", axis=0) if len(counts) else counts.astype(float)
    return np.log(ranks)
