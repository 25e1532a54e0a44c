from __future__ import annotations

import pytest
import torch

from trend_assets.tgn.pair_features import Questions
from trend_assets.tgn.past import Past
from trend_assets.tgn.ranking_candidates import draw_candidates

SOURCES, TARGETS, EVENTS = 20, 200, 400


def test_candidates_are_the_true_one_first_each_once_and_stand_for_all_targets() -> None:
    generator = torch.Generator().manual_seed(0)
    src = torch.randint(0, SOURCES, (EVENTS,), generator=generator)
    dst = torch.randint(0, TARGETS, (EVENTS,), generator=generator)
    times = torch.arange(EVENTS)
    past = Past(src, dst, times, SOURCES, TARGETS)
    found = draw_candidates(past, Questions(src, times, times), dst, 16, generator)
    assert torch.equal(found.targets[:, 0], dst)
    assert found.kept[:, 0].all()
    for place in range(EVENTS):
        kept = found.targets[place][found.kept[place]].tolist()
        assert len(set(kept)) == len(kept)
        assert max(kept) < TARGETS
        before = [
            page for who, page in zip(src[:place].tolist(), dst[:place].tolist(), strict=True) if who == src[place]
        ]
        assert set(before[-6:]) <= set(kept)
        assert set(dst[max(place - 4, 0) : place].tolist()) <= set(kept)
    standing = (found.offset.exp() * found.kept).sum(1)
    assert standing.tolist() == pytest.approx([TARGETS] * EVENTS, rel=1e-5)
