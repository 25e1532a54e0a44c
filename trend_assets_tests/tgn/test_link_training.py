from __future__ import annotations

import torch
from torch_geometric.data import TemporalData

from trend_assets.tgn.link_training import LinkTrainer, LinkTrainingSettings, event_clock
from trend_assets.tgn.model import ModelSettings, TemporalGraphNetwork

SMALL = ModelSettings(memory_dim=16, time_dim=8, neighbors=5)


def communities(events: int = 3000, seed: int = 0) -> TemporalData:
    """Users who keep to the topics of their own community, with a little noise."""
    generator = torch.Generator().manual_seed(seed)
    src = torch.randint(0, 60, (events,), generator=generator)
    topic = torch.randint(0, 10, (events,), generator=generator) + 10 * (src % 6)
    noise = torch.rand(events, generator=generator) < 0.1
    topic = torch.where(noise, torch.randint(0, 60, (events,), generator=generator), topic)
    gaps = torch.randint(1, 100, (events,), generator=generator)
    return TemporalData(src=src, dst=60 + topic, t=gaps.cumsum(0), msg=torch.ones(events, 1))


def trained(data: TemporalData, epochs: int, seed: int = 0) -> LinkTrainer:
    torch.manual_seed(seed)
    model = TemporalGraphNetwork(120, 1, SMALL)
    trainer = LinkTrainer(model, LinkTrainingSettings(batch_size=100, learning_rate=3e-3, seed=seed))
    for _ in range(epochs):
        trainer.train_epoch(data)
    return trainer


def test_learns_who_posts_where() -> None:
    train, _, test = event_clock(communities()).train_val_test_split(0.01, 0.2)
    untrained = trained(train, 0).evaluate(test)
    metrics = trained(train, 6).evaluate(test)
    assert metrics.average_precision > 0.65
    assert metrics.roc_auc > untrained.roc_auc + 0.1


def test_the_same_seed_gives_the_same_bits_and_another_does_not() -> None:
    data = communities(800)
    first, second, other = trained(data, 2), trained(data, 2), trained(data, 2, seed=1)
    one, two, three = (t.model.state_dict() for t in (first, second, other))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not torch.equal(one["attention.key"], three["attention.key"])


def test_what_comes_after_a_batch_does_not_change_its_prediction() -> None:
    data = communities(600)
    noise = communities(600, seed=9)
    scores = []
    for later in (data, noise):
        model = trained(data, 1).model.eval()
        model.reset()
        with torch.no_grad():
            mixed = [torch.cat([a[:400], b[400:]]) for a, b in zip(_columns(data), _columns(later), strict=True)]
            src, dst, times, message = mixed
            for part in torch.arange(600).split(100):
                true, drawn = model.score_links(src[part], dst[part], dst[part].flip(0), times[part])
                scores.append(torch.cat([true, drawn]))
                model.observe(src[part], dst[part], times[part], message[part])
    first, second = torch.stack(scores[:6]), torch.stack(scores[6:])
    assert torch.equal(first[:4], second[:4])
    assert not torch.equal(first[5], second[5])


def _columns(data: TemporalData) -> tuple[torch.Tensor, ...]:
    return data.src, data.dst, data.t, data.msg
