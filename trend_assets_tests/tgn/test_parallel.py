"""Two processes on one machine: each learns its stretch of time, and both end with the same weights."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch_geometric.data import TemporalData

from trend_assets.tgn.link_training import LinkTrainer, LinkTrainingSettings
from trend_assets.tgn.model import ModelSettings, TemporalGraphNetwork
from trend_assets.tgn.parallel import stretch, train_in_parallel

SETTINGS = LinkTrainingSettings(batch_size=50, learning_rate=3e-3)


def pairs(events: int = 2000, seed: int = 0) -> TemporalData:
    """Each of twenty users meets one of two partners again and again."""
    generator = np.random.default_rng(seed)
    source = generator.integers(0, 20, events)
    target = 20 + 2 * source + generator.integers(0, 2, events)
    return TemporalData(
        src=torch.from_numpy(source),
        dst=torch.from_numpy(target),
        t=torch.arange(events) * 100,
        msg=torch.zeros(events, 0),
    )


def network() -> TemporalGraphNetwork:
    torch.manual_seed(0)
    return TemporalGraphNetwork(60, 0, ModelSettings(memory_dim=16, time_dim=8, neighbors=5))


def test_two_processes_learn() -> None:
    data, model = pairs(), network()
    losses = train_in_parallel(model, data, SETTINGS, epochs=4, processes=2)
    assert losses[-1] < losses[0] - 0.2
    untrained = LinkTrainer(network(), SETTINGS).evaluate(data).average_precision
    assert LinkTrainer(model, SETTINGS).evaluate(data).average_precision > untrained + 0.2


@pytest.mark.soak
def test_two_processes_give_the_same_bits_again() -> None:
    data, model, again = pairs(), network(), network()
    losses = train_in_parallel(model, data, SETTINGS, epochs=2, processes=2)
    assert train_in_parallel(again, data, SETTINGS, epochs=2, processes=2) == losses
    for name, value in model.named_parameters():
        assert torch.equal(value, dict(again.named_parameters())[name])


def test_one_process_is_the_trainer_itself() -> None:
    data, model, alone = pairs(1000), network(), network()
    losses = train_in_parallel(model, data, SETTINGS, epochs=1, processes=1)
    torch.set_num_threads(1)
    assert LinkTrainer(alone, SETTINGS).train_epoch(data).loss == pytest.approx(losses[0], abs=1e-6)
    for name, value in model.named_parameters():
        assert torch.allclose(value, dict(alone.named_parameters())[name], atol=1e-6)


def test_a_process_that_fails_is_told_of() -> None:
    data = pairs(200)
    data.msg = torch.zeros(200, 3)
    with pytest.raises(RuntimeError, match=r"a process that trains the network failed: (.|\n)*Error"):
        train_in_parallel(network(), data, SETTINGS, epochs=1, processes=1)


@pytest.mark.parametrize(("events", "batch", "processes"), [(1000, 50, 2), (1049, 50, 3), (70, 50, 2)])
def test_stretches_are_equal_follow_each_other_and_end_with_the_newest(events: int, batch: int, processes: int) -> None:
    parts = [stretch(events, batch, rank, processes) for rank in range(processes)]
    assert len({part.stop - part.start for part in parts}) == 1
    assert parts[-1].stop == events
    assert all(one.stop == other.start for one, other in itertools.pairwise(parts))
    assert 0 <= parts[0].start < batch * processes
