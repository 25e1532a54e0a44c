from __future__ import annotations

from collections import deque

import torch

from trend_assets.tgn.neighbors import NeighborBuffer


def test_equals_a_deque_per_node_with_many_events_of_a_node_in_a_batch() -> None:
    generator = torch.Generator().manual_seed(3)
    nodes, size, width = 7, 4, 2
    buffer = NeighborBuffer(nodes, size, width)
    deques = [deque(maxlen=size) for _ in range(nodes)]
    clock = 0
    for batch in (1, 3, 40, 0, 5, 2, 17):
        owner = torch.randint(0, nodes - 1, (batch,), generator=generator)
        other = torch.randint(0, nodes, (batch,), generator=generator)
        times = torch.arange(clock, clock + batch)
        features = torch.randn(batch, width, generator=generator)
        clock += batch
        buffer.insert(owner, other, times, features)
        for row in range(batch):
            deques[owner[row]].append((int(other[row]), int(times[row]), features[row].tolist()))
        near = buffer.query(torch.arange(nodes))
        for node in range(nodes):
            found = [
                (int(near.ids[node, k]), int(near.times[node, k]), near.features[node, k].tolist())
                for k in range(size)
                if near.mask[node, k]
            ]
            assert sorted(found, key=lambda entry: entry[1]) == list(deques[node])
    assert buffer.counts[nodes - 1] == 0


def test_growing_keeps_what_is_known_and_makes_room() -> None:
    buffer = NeighborBuffer(2, 3, 1)
    buffer.insert(torch.tensor([1]), torch.tensor([0]), torch.tensor([5]), torch.ones(1, 1))
    buffer.grow(4)
    buffer.insert(torch.tensor([3]), torch.tensor([1]), torch.tensor([6]), torch.ones(1, 1))
    near = buffer.query(torch.tensor([1, 3]))
    assert near.times[near.mask].tolist() == [5, 6]


def test_reset_forgets() -> None:
    buffer = NeighborBuffer(2, 3, 0)
    buffer.insert(torch.tensor([1]), torch.tensor([0]), torch.tensor([5]), torch.ones(1, 0))
    buffer.reset()
    assert not buffer.query(torch.tensor([0, 1])).mask.any()
