from __future__ import annotations

import numpy as np

from trend_assets.tgn.contributors import MOST_USERS, Contributor, most, participants_of


def test_each_participant_is_paired_once_with_its_topic_and_unknown_ones_not() -> None:
    rows, users = participants_of(np.array([[3, 3, -1], [-1, -1, -1], [5, 3, 4]]))
    assert list(zip(rows.tolist(), users.tolist(), strict=True)) == [(0, 3), (2, 3), (2, 4), (2, 5)]


def test_only_those_who_raise_a_topic_are_named_the_most_first() -> None:
    rows = np.array([0, 0, 0, 0, 0, 2, 2])
    raised = np.array([0.1, 0.4, 0.2, 0.3, -0.5, 0.0001, -1.0])
    found = most(3, rows, list("abcdexy"), raised)
    assert found == [(Contributor("b", 0.4), Contributor("d", 0.3), Contributor("c", 0.2)), (), ()]
    assert len(found[0]) == MOST_USERS
