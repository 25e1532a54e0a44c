"""Which rows trees are fitted on: most of a large stream says the same over and over."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

#: Where positives are rare, what they are not still has to be seen.
_FEWEST_NEGATIVES = 10_000


def drawn(
    outcomes: npt.NDArray[np.bool_], negatives: int, chance: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """All positives and some negatives, in their order, and what each row weighs.

    Args:
        outcomes: shape (rows,).
        negatives: how many are drawn for each positive, at least ten thousand in all; they weigh for all.
        chance: draws them.
    """
    positive, negative = np.flatnonzero(outcomes), np.flatnonzero(~outcomes)
    wanted = min(max(negatives * len(positive), _FEWEST_NEGATIVES), len(negative))
    rows = np.sort(np.concatenate([positive, chance.choice(negative, wanted, replace=False)]))
    return rows, np.where(outcomes[rows], 1.0, len(negative) / wanted).astype(np.float32)
