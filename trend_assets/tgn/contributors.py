"""Attribution: which users contributed most to a forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.labels import Cut
from trend_assets.forecasting.metrics import ranked
from trend_assets.forecasting.ranking import Scores

#: Users named as a reason.
MOST_USERS = 3
#: Of each label so many topics, the best, have users named: what costs a second look at each is not spent on the rest.
MOST_TOPICS = 200
_DIGITS = 3


class Contributor(NamedTuple):
    """A user, and what a forecast owes to the posts being this user's.

    Attributes:
        user: by name.
        log_odds: by how much the log-odds would be lower, were the same posts a stranger's.
    """

    user: str
    log_odds: float


#: For each label and topic those to whom it owes most, the first one most; at most `MOST_USERS`.
Contributors = Mapping[str, Sequence[Sequence[Contributor]]]


def explained(cut: Cut, scores: Scores) -> npt.NDArray[np.bool_]:
    """Which of a cut's topics are among the `MOST_TOPICS` best of a label that is asked of them; (n,)."""
    chosen = np.zeros(len(cut), dtype=np.bool_)
    for label, values in scores.items():
        asked = np.flatnonzero(cut.asked[label])
        chosen[asked[ranked(values[asked])[:MOST_TOPICS]]] = True
    return chosen


def participants_of(
    users: npt.NDArray[np.int64], wanted: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows and users of all pairs, each once, in the wanted rows of a table of users.

    The table is `[rows, K]`, negative where a user is unknown.
    """
    row, place = np.nonzero((users >= 0) & wanted[:, None])
    pairs = np.unique(np.stack([row, users[row, place]], axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def most(
    size: int, rows: npt.NDArray[np.int64], names: Sequence[str], log_odds: npt.NDArray[np.float64]
) -> list[tuple[Contributor, ...]]:
    """For each of `size` rows those who raise it, the most first.

    Args:
        size: how many rows.
        rows: of each pair; (pairs,).
        names: of each pair's user.
        log_odds: by how much it raises the row; (pairs,).
    """
    found: list[list[Contributor]] = [[] for _ in range(size)]
    for pair in np.lexsort((np.arange(len(rows)), -log_odds)):
        value, raised = round(float(log_odds[pair]), _DIGITS), found[rows[pair]]
        if value > 0 and len(raised) < MOST_USERS:
            raised.append(Contributor(names[pair], value))
    return [tuple(raised) for raised in found]
