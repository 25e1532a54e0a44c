from __future__ import annotations

import torch

from trend_assets.tgn.attention import NeighborAttention, slot_attention


def test_backward_equals_that_of_autograd() -> None:
    torch.manual_seed(0)
    rows, heads, slots, width, rest = 5, 2, 4, 3, 2
    states = torch.randn(6, width, dtype=torch.double, requires_grad=True)
    query = torch.randn(rows, heads, width + rest, dtype=torch.double, requires_grad=True)
    table = torch.randn(rows, slots, width, dtype=torch.double)
    other = torch.randn(rows, slots, rest, dtype=torch.double)
    mask = torch.rand(rows, slots) > 0.3
    mask[0] = False
    position = torch.where(mask, torch.randint(-1, 6, (rows, slots)), -1)
    memory = torch.where((position >= 0).unsqueeze(-1), states[position.clamp_min(0)], table)
    full = torch.cat([memory, other], -1)

    logits = torch.einsum("rhf,rkf->rhk", query, full).masked_fill(~mask.unsqueeze(1), -1e9)
    expected = torch.einsum("rhk,rkf->rhf", logits.softmax(-1) * mask.unsqueeze(1), full)
    found = slot_attention(query, full.detach(), mask, states, position)
    torch.testing.assert_close(found, expected)
    assert found[0].abs().sum() == 0

    direction = torch.randn_like(expected)
    by_hand = torch.autograd.grad((found * direction).sum(), (query, states))
    by_autograd = torch.autograd.grad((expected * direction).sum(), (query, states))
    for mine, theirs in zip(by_hand, by_autograd, strict=True):
        torch.testing.assert_close(mine, theirs)
        assert theirs.abs().sum() > 0


def test_projecting_the_query_equals_projecting_keys_and_values() -> None:
    torch.manual_seed(0)
    attention = NeighborAttention(node_dim=4, slot_dim=6, out_dim=8, heads=2, dropout=0.0)
    nodes, slots, mask = torch.randn(3, 4), torch.randn(3, 5, 6), torch.ones(3, 5, dtype=torch.bool)
    none = torch.full((3, 5), -1)
    found = attention(nodes, slots, mask, torch.zeros(0, 2), none)
    query = attention.query(nodes).view(3, 2, 4)
    keys = torch.einsum("hwf,rkf->rkhw", attention.key, slots)
    values = torch.einsum("hfw,rkf->rkhw", attention.value, slots)
    weights = (torch.einsum("rhw,rkhw->rhk", query, keys) / 2).softmax(-1)
    expected = torch.einsum("rhk,rkhw->rhw", weights, values).reshape(3, 8)
    torch.testing.assert_close(found, expected + attention.value_bias + attention.skip(nodes))
