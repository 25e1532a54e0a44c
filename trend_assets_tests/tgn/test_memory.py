from __future__ import annotations

import pytest
import torch
from torch_geometric.nn import TGNMemory
from torch_geometric.nn.models.tgn import IdentityMessage, LastAggregator

from trend_assets.tgn.memory import NodeMemory, last_of_each


def stream(events: int, nodes: int, seed: int) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    src = torch.randint(0, nodes // 2, (events,), generator=generator)
    dst = torch.randint(nodes // 2, nodes, (events,), generator=generator)
    return src, dst, torch.arange(1, events + 1) * 7, torch.randn(events, 3, generator=generator)


def test_equals_the_memory_of_pyg() -> None:
    torch.manual_seed(0)
    nodes, width = 20, 8
    theirs = TGNMemory(nodes, 3, width, 5, IdentityMessage(3, width, 5), LastAggregator())
    ours = NodeMemory(nodes, 3, width, theirs.time_enc)
    ours.gru.load_state_dict(theirs.gru.state_dict())
    theirs.eval()
    # Going to evaluation applied the updater to nodes that no message has reached.
    theirs.reset_state()
    src, dst, times, messages = stream(200, nodes, 1)
    with torch.no_grad():
        for part in torch.arange(200).split(23):
            theirs.update_state(src[part], dst[part], times[part], messages[part])
            ours.store(
                torch.stack([src[part], dst[part]], 1).view(-1),
                torch.stack([dst[part], src[part]], 1).view(-1),
                times[part].repeat_interleave(2),
                messages[part].repeat_interleave(2, 0),
            )
            ours.update()
            seen = torch.cat([src[part], dst[part]]).unique()
            torch.testing.assert_close(ours.memory[seen], theirs.memory[seen], atol=1e-5, rtol=0)
            assert torch.equal(ours.last_update[seen], theirs.last_update[seen])
    assert ours.memory.abs().sum() > 1


def test_gradient_reaches_only_nodes_with_a_pending_message() -> None:
    torch.manual_seed(0)
    memory = NodeMemory(6, 1, 4, _Spans())
    memory.store(torch.tensor([0, 1]), torch.tensor([1, 0]), torch.tensor([3, 3]), torch.ones(2, 1))
    memory.update()
    memory.store(torch.tensor([2, 3]), torch.tensor([3, 2]), torch.tensor([4, 4]), torch.ones(2, 1))
    updated = memory.update()
    updated.states.retain_grad()
    rows = memory.gather(torch.tensor([2, 0, 2]), updated)
    (rows * torch.tensor([[1.0], [10.0], [100.0]])).sum().backward()
    assert updated.nodes.tolist() == [2, 3]
    assert updated.states.grad[0].tolist() == [101.0] * 4
    assert updated.states.grad[1].tolist() == [0.0] * 4
    assert memory.gru.weight_ih.grad.abs().sum() > 0


def test_messages_are_not_lost_silently() -> None:
    memory = NodeMemory(2, 1, 4, _Spans())
    one = (torch.tensor([0]), torch.tensor([1]), torch.tensor([3]), torch.ones(1, 1))
    memory.store(*one)
    with pytest.raises(RuntimeError, match="update"):
        memory.store(*one)


def test_last_of_each_takes_the_latest() -> None:
    assert last_of_each(torch.tensor([4, 2, 4, 2, 9])).tolist() == [3, 2, 4]


class _Spans(torch.nn.Module):
    out_channels = 1

    def forward(self, spans: torch.Tensor) -> torch.Tensor:
        return spans.unsqueeze(-1)
