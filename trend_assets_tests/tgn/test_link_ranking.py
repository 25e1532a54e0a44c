from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from trend_assets.tgn.link_ranking import GROUPS, Interactions, LinkRanker, RankingSettings
from trend_assets.tgn.model import ModelSettings

SOURCES, TARGETS = 40, 30
SMALL = ModelSettings(memory_dim=16, time_dim=8, neighbors=5)
FEW = RankingSettings(groups=GROUPS, batch_size=100, width=16)


def habits(events: int = 1500, seed: int = 0) -> Interactions:
    """Sources that mostly stay where they are, and go where another of their kind went before."""
    generator = torch.Generator().manual_seed(seed)
    draw = torch.rand(events, 2, generator=generator)
    src = torch.randint(0, SOURCES, (events,), generator=generator)
    at = torch.randint(0, TARGETS, (SOURCES,), generator=generator)
    dst = torch.empty(events, dtype=torch.long)
    for place, (stay, where) in enumerate(draw.tolist()):
        who = int(src[place])
        if stay > 0.7:
            at[who] = (int(at[who]) + 1) % TARGETS if stay < 0.9 else int(where * TARGETS)
        dst[place] = at[who]
    place = torch.arange(events)
    return Interactions(src, dst, place * 10, place // 50 * 50, SOURCES, TARGETS)


def ranks(ranker: LinkRanker, stream: Interactions, start: int) -> Tensor:
    ranker.catch_up(start)
    found = []
    for rows in torch.arange(start, len(stream.src)).split(50):
        scores = ranker.score(rows)
        ranker.observe(rows)
        found.append((scores >= scores.gather(1, stream.dst[rows].unsqueeze(1))).sum(1))
    return torch.cat(found).float()


@pytest.mark.parametrize("groups", [GROUPS, ("pairs", "walks"), ("network",), ()])
def test_learns_to_rank(groups: tuple[str, ...]) -> None:
    stream = habits()
    ranker = LinkRanker(stream, RankingSettings(groups=groups, batch_size=100, width=16), SMALL)
    before = (1 / ranks(ranker, stream, 1200)).mean()
    losses = [report.loss for report in ranker.fit(1200, 4)]
    after = (1 / ranks(ranker, stream, 1200)).mean()
    assert losses[-1] < losses[0]
    assert after > before + (0.3 if "pairs" in groups else 0.01)


def test_walks_find_where_others_went() -> None:
    stream = habits()
    found = {}
    for groups in (("pairs",), ("pairs", "walks")):
        ranker = LinkRanker(stream, RankingSettings(groups=groups, batch_size=100, width=16))
        list(ranker.fit(1200, 4))
        found[groups] = (1 / ranks(ranker, stream, 1200)).mean()
    assert found["pairs", "walks"] > found["pairs",]


def test_scores_of_a_batch_do_not_know_of_it_or_of_later_interactions() -> None:
    stream, other = habits(), habits(seed=1)
    ranker = LinkRanker(stream, FEW, SMALL)
    list(ranker.fit(1000, 1))
    mixed = stream._replace(
        src=torch.cat([stream.src[:1050], other.src[1050:]]), dst=torch.cat([stream.dst[:1000], other.dst[1000:]])
    )
    changed = LinkRanker(mixed, FEW, SMALL)
    changed.load_state_dict(ranker.state_dict())
    scores = []
    for model in (ranker, changed):
        model.catch_up(1000)
        first, second = torch.arange(1000, 1050), torch.arange(1050, 1100)
        scores.append(model.score(first))
        model.observe(first)
        scores.append(model.score(second))
    assert torch.equal(scores[0], scores[2])
    assert not torch.equal(scores[1], scores[3])


def test_training_reads_nothing_behind_its_end() -> None:
    stream, other = habits(), habits(seed=1)
    mixed = stream._replace(
        src=torch.cat([stream.src[:1000], other.src[1000:]]), dst=torch.cat([stream.dst[:1000], other.dst[1000:]])
    )
    trained = []
    for each in (stream, mixed):
        ranker = LinkRanker(each, FEW, SMALL)
        list(ranker.fit(1000, 2))
        trained.append(ranker.state_dict())
    assert all(torch.equal(trained[0][name], trained[1][name]) for name in trained[0])


def test_the_same_seed_gives_the_same_bits_and_another_does_not() -> None:
    stream = habits(600)
    heads = []
    for seed in (0, 0, 1):
        ranker = LinkRanker(stream, replace(FEW, seed=seed), SMALL)
        list(ranker.fit(600, 1))
        heads.append(ranker.state_dict())
    assert all(torch.equal(heads[0][name], heads[1][name]) for name in heads[0])
    assert not torch.equal(heads[0]["head.hidden.weight"], heads[2]["head.hidden.weight"])
