"""How much each member of the forecaster counts."""

from __future__ import annotations

import pytest

from trend_assets.tgn.shares import Shares


@pytest.mark.parametrize("taught", [True, False])
@pytest.mark.parametrize("rose", [0, 1, 90, 1500, 10**6])
def test_they_add_up_to_one(rose: int, taught: bool) -> None:
    found = Shares.of(rose, taught)
    assert sum(found) == pytest.approx(1) and min(found) >= 0


@pytest.mark.parametrize("rose", [0, 90, 1500, 10_000])
def test_the_more_topics_rose_the_more_counts_what_was_learnt_here(rose: int) -> None:
    found, more = Shares.of(rose, True), Shares.of(rose + 100, True)
    assert found.pretrained > more.pretrained
    assert more.trees > found.trees and more.heads > found.heads and more.further > found.further


def test_where_other_streams_are_not_asked_only_what_was_learnt_here_counts() -> None:
    alone = Shares.of(90, False)
    assert alone.further == alone.pretrained == 0
    assert alone == Shares.of(10_000, False)
