"""Attention of a node over its last interactions, with a backward pass that fits the memory."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn


class _SlotAttention(torch.autograd.Function):
    """Softmax attention whose gradient reaches, of all slots, only those of just updated nodes.

    Autograd would make the gradient of every slot, `[R, K, F]`, out of batched products with transposed
    operands, which on a CPU take five times as long as those used here, only to drop most of it.
    """

    @staticmethod
    def forward(ctx: Any, query: Tensor, slots: Tensor, mask: Tensor, states: Tensor, position: Tensor) -> Tensor:
        """See `slot_attention`."""
        empty = ~mask.unsqueeze(1)
        weights = torch.bmm(query, slots.transpose(1, 2)).masked_fill_(empty, -1e9).softmax(-1)
        weights.masked_fill_(empty, 0.0)
        ctx.save_for_backward(query, slots, weights, position)
        ctx.shape = states.shape
        return torch.bmm(weights, slots)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of `query` and `states`."""
        query, slots, weights, position = ctx.saved_tensors
        grad = grad.contiguous()
        by_weight = torch.bmm(grad, slots.transpose(1, 2))
        by_logit = weights * (by_weight - (by_weight * weights).sum(-1, keepdim=True))
        by_states = None
        if ctx.needs_input_grad[3]:
            width = ctx.shape[1]
            row, slot = (position >= 0).nonzero(as_tuple=True)
            by_slot = (by_logit[row, :, slot].unsqueeze(2) * query[row, :, :width]).sum(1)
            by_slot += (weights[row, :, slot].unsqueeze(2) * grad[row, :, :width]).sum(1)
            by_states = grad.new_zeros(ctx.shape).index_add_(0, position[row, slot], by_slot)
        return torch.bmm(by_logit, slots), None, None, by_states, None


def slot_attention(query: Tensor, slots: Tensor, mask: Tensor, states: Tensor, position: Tensor) -> Tensor:
    """Attends over slots.

    Args:
        query: what each head looks for, already scaled, `[R, H, F]`.
        slots: `[R, K, F]`; the first D columns are the neighbour's memory. Carries no gradient itself.
        mask: true where a slot holds an interaction, `[R, K]`.
        states: memory that carries gradient, `[P, D]`.
        position: the row of `states` that a slot's memory was copied from, -1 for none, int64 `[R, K]`.

    Returns:
        The attended mean `[R, H, F]`, zero for a node without interactions.
    """
    attended: Tensor = _SlotAttention.apply(query, slots, mask, states, position)  # type: ignore[no-untyped-call]
    return attended


class NeighborAttention(nn.Module):
    """Attention over neighbours, as `TransformerConv` (Shi et al. 2021) computes it.

    Keys and values are linear, so `q . (W_k x)` is computed as `(W_k^T q) . x` and `sum a (W_v x)` as
    `W_v (sum a x)`: the projections run once a node instead of once a neighbour slot. A bias of the keys
    would cancel in the softmax and is left out.

    Args:
        node_dim: width of the node's own input.
        slot_dim: width of an interaction's input, F.
        out_dim: width of the result, a multiple of `heads`.
        heads: attention heads, H.
        dropout: dropout on the result.

    Raises:
        ValueError: `out_dim` is not a multiple of `heads`.
    """

    def __init__(self, node_dim: int, slot_dim: int, out_dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        if out_dim % heads:
            raise ValueError(f"width {out_dim} is not a multiple of {heads} heads")
        width = out_dim // heads
        self.heads, self.width = heads, width
        self.dropout = nn.Dropout(dropout)
        self.query = nn.Linear(node_dim, out_dim)
        self.key = nn.Parameter(torch.empty(heads, width, slot_dim))
        self.value = nn.Parameter(torch.empty(heads, slot_dim, width))
        self.value_bias = nn.Parameter(torch.zeros(out_dim))
        self.skip = nn.Linear(node_dim, out_dim)
        bound = 1 / math.sqrt(slot_dim)
        nn.init.uniform_(self.key, -bound, bound)
        nn.init.uniform_(self.value, -bound, bound)

    def forward(self, nodes: Tensor, slots: Tensor, mask: Tensor, states: Tensor, position: Tensor) -> Tensor:
        """Embeds nodes, `[R, node_dim]`, as `[R, out_dim]`; the rest as in `slot_attention`."""
        rows = nodes.size(0)
        query = (self.query(nodes) / math.sqrt(self.width)).view(rows, self.heads, self.width)
        projected = torch.stack([query[:, head] @ self.key[head] for head in range(self.heads)], dim=1)
        context = slot_attention(projected, slots, mask, states, position)
        values = torch.cat([context[:, head] @ self.value[head] for head in range(self.heads)], dim=1)
        some = mask.any(1, keepdim=True)
        embedded: Tensor = self.dropout(values + some * self.value_bias + self.skip(nodes))
        return embedded
