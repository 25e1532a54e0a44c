"""What trees are asked of past topics: whether at least so many mentions came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.likelihood import likelihood

#: Beside what the labels need, so many numbers of mentions are drawn for each topic, evenly by their logarithm.
_DRAWN, _LEAST, _MOST = 3, 2, 64
#: A topic that got half of what is asked tells more than one that got nothing. Of the latter so many are drawn for each
#: of the former, at least so many in all; they weigh for all.
_NEAR, _FAR, _FEWEST_FAR = 0.5, 5, 5_000


@dataclass(frozen=True, slots=True, eq=False)
class Questions:
    """Whether topics got at least so many mentions, and what came.

    Args:
        rows: which topics of a table; (n,).
        needed: mentions asked; (n,).
        likely: how likely the topic would get them, by what came: see `likelihood`; (n,).
        weight: for how many questions each stands; (n,).
    """

    rows: npt.NDArray[np.int64]
    needed: npt.NDArray[np.int64]
    likely: npt.NDArray[np.float32]
    weight: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.rows)


def questions(
    after: npt.NDArray[np.int64],
    needed: Sequence[npt.NDArray[np.int64]],
    most: int,
    chance: np.random.Generator,
) -> Questions:
    """Asks for what labels need and for other numbers of mentions, so that the rare is learnt from the common.

    Args:
        after: mentions in a horizon, negative where they are not known; (rows,).
        needed: mentions that a label needs; (rows,) each.
        most: questions that are kept.
        chance: draws.
    """
    known = np.flatnonzero(after >= 0)
    came = after[known]
    low, high = np.log(_LEAST), np.log(_MOST)
    drawn = [np.rint(np.exp(chance.uniform(low, high, len(known)))).astype(np.int64) for _ in range(_DRAWN)]
    rows, asked, weight = [], [], []
    for number in (*(each[known] for each in needed), *drawn):
        near = came >= np.maximum(number * _NEAR, 1)
        chosen, weighs = _thinned(near, chance)
        rows.append(known[chosen])
        asked.append(number[chosen])
        weight.append(weighs)
    found = np.concatenate(rows), np.concatenate(asked), np.concatenate(weight)
    if len(found[0]) > most:
        kept = chance.choice(len(found[0]), most, replace=False)
        found = found[0][kept], found[1][kept], found[2][kept]
    return Questions(found[0], found[1], likelihood(after[found[0]], found[1]), found[2])


def _thinned(
    near: npt.NDArray[np.bool_], chance: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Places of all that came near and of some that did not, and what each weighs."""
    close, far = np.flatnonzero(near), np.flatnonzero(~near)
    wanted = min(max(_FAR * len(close), _FEWEST_FAR), len(far))
    places = np.concatenate([close, chance.choice(far, wanted, replace=False)])
    weight = np.ones(len(places), np.float32)
    weight[len(close) :] = len(far) / max(wanted, 1)
    return places, weight
