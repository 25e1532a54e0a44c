from __future__ import annotations

import numpy as np
import pytest

from trend_assets.forecasting.labels import Cut
from trend_assets.tgn import contributors
from trend_assets.tgn.contributors import MOST_USERS, Contributor, explained, most, participants_of


def test_each_participant_is_paired_once_with_its_topic_and_unknown_ones_not() -> None:
    table = np.array([[3, 3, -1], [-1, -1, -1], [5, 3, 4], [6, 6, 6]])
    rows, users = participants_of(table, np.array([True, True, True, False]))
    assert list(zip(rows.tolist(), users.tolist(), strict=True)) == [(0, 3), (2, 3), (2, 4), (2, 5)]


def test_the_best_topics_of_each_label_are_explained_and_only_where_it_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(contributors, "MOST_TOPICS", 2)
    nothing = np.zeros(5, dtype=np.int64)
    asked = {"bursts": np.ones(5, dtype=bool), "breaks_out": np.array([False, False, True, True, False])}
    cut = Cut(0, np.arange(5), nothing, {24: nothing}, nothing.astype(float), asked)
    scores = {
        "bursts": np.array([0.9, 0.1, 0.2, 0.3, 0.8]),
        "breaks_out": np.array([np.nan, np.nan, 0.5, 0.4, np.nan]),
    }
    assert explained(cut, scores).tolist() == [True, False, True, True, True]


def test_only_those_who_raise_a_topic_are_named_the_most_first() -> None:
    rows = np.array([0, 0, 0, 0, 0, 2, 2])
    raised = np.array([0.1, 0.4, 0.2, 0.3, -0.5, 0.0001, -1.0])
    found = most(3, rows, list("abcdexy"), raised)
    assert found == [(Contributor("b", 0.4), Contributor("d", 0.3), Contributor("c", 0.2)), (), ()]
    assert len(found[0]) == MOST_USERS
