"""Node memory (Rossi et al. 2020, section 3.1): raw messages, last-message aggregation, GRU updater."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

_LONGEST = 1e9


class TimeEncoder(nn.Module):
    """Fixed cosines of log-spaced frequency and the logarithm of the span.

    Fixed frequencies do no worse than learnt ones (Cong et al. 2023, GraphMixer) and need no gradient
    through every neighbour slot. From 1 to 1e-9 a unit of time they fit seconds as well as days.

    Args:
        out_channels: how many channels, at least 2; the last one is `log1p(span) / log(1e9)`.
    """

    frequencies: Tensor

    def __init__(self, out_channels: int) -> None:
        super().__init__()
        if out_channels < 2:
            raise ValueError(f"a time encoding needs at least 2 channels, not {out_channels}")
        self.out_channels = out_channels
        frequencies = _LONGEST ** (-torch.arange(out_channels - 1) / max(out_channels - 2, 1))
        self.register_buffer("frequencies", frequencies.float(), persistent=False)

    def forward(self, spans: Tensor) -> Tensor:
        """Encodes spans, float `[...]` in units of time, as float32 `[..., out_channels]`."""
        spans = spans.float().unsqueeze(-1)
        logarithm = torch.log1p(spans.clamp_min(0.0)) / math.log(_LONGEST)
        return torch.cat([torch.cos(spans * self.frequencies), logarithm], dim=-1)


class Updated(NamedTuple):
    """Nodes whose memory has just been computed from pending messages, and carries gradient.

    Attributes:
        nodes: int64 `[P]`, each once.
        states: their new memory, float32 `[P, D]`.
    """

    nodes: Tensor
    states: Tensor


class _Gather(torch.autograd.Function):
    """Rows of the memory; the gradient reaches only those rows that were just updated.

    An ordinary gather would scatter the gradient of every neighbour slot into a table of all nodes.
    """

    @staticmethod
    def forward(ctx: Any, states: Tensor, table: Tensor, ids: Tensor, position: Tensor) -> Tensor:
        """Gathers `[I, D]` from `table`, `[N, D]`."""
        ctx.save_for_backward(position.index_select(0, ids))
        ctx.shape = states.shape
        return table.index_select(0, ids)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        """Sums the gradient of each updated row."""
        (position,) = ctx.saved_tensors
        kept = (position >= 0).nonzero().squeeze(1)
        total = grad.new_zeros(ctx.shape)
        total.index_add_(0, position.index_select(0, kept), grad.index_select(0, kept))
        return total, None, None, None


class NodeMemory(nn.Module):
    """One vector a node, updated from its last message of each batch.

    `store` keeps a batch's raw messages as tensors; `update` turns them into memory before the next
    batch is predicted, so that the updater learns from that prediction. The memory equals that of PyG's
    `TGNMemory` with `IdentityMessage` and `LastAggregator` in evaluation mode. Of messages at the same
    time the later in the batch is the last.

    Args:
        num_nodes: how many nodes, N.
        message_dim: width of a raw message, M.
        memory_dim: width of the memory, D.
        time_encoder: a module with `out_channels` that encodes `[P]` spans as `[P, out_channels]`.
    """

    memory: Tensor
    last_update: Tensor
    _position: Tensor

    STATE = ("memory", "last_update")

    def __init__(self, num_nodes: int, message_dim: int, memory_dim: int, time_encoder: Any) -> None:
        super().__init__()
        self.time_encoder = time_encoder
        self.gru = nn.GRUCell(2 * memory_dim + message_dim + time_encoder.out_channels, memory_dim)
        self.register_buffer("memory", torch.zeros(num_nodes, memory_dim))
        self.register_buffer("last_update", torch.zeros(num_nodes, dtype=torch.long))
        self.register_buffer("_position", torch.full((num_nodes,), -1), persistent=False)
        self._updated_nodes: Tensor | None = None
        self._message_dim = message_dim
        self.drop_pending()

    def drop_pending(self) -> None:
        """Forgets messages that were stored and not applied."""
        nowhere = self.last_update.new_empty(0)
        self._pending = (nowhere, nowhere, nowhere, self.memory.new_empty(0, self._message_dim))

    def reset(self) -> None:
        """Sets every memory to zero and drops pending messages."""
        self.memory.zero_()
        self.last_update.zero_()
        self.forget_updates()

    def forget_updates(self) -> None:
        """Drops pending messages, and forgets which nodes the latest update changed."""
        self._position = self.last_update.new_full((len(self.memory),), -1)
        self._updated_nodes = None
        self.drop_pending()

    def grow(self, num_nodes: int) -> None:
        """Makes room for nodes up to `num_nodes`."""
        for name, empty in (("memory", 0.0), ("last_update", 0), ("_position", -1)):
            old = getattr(self, name)
            new = old.new_full((num_nodes, *old.shape[1:]), empty)
            new[: len(old)] = old
            setattr(self, name, new)

    def store(self, nodes: Tensor, partners: Tensor, times: Tensor, messages: Tensor) -> None:
        """Keeps the last raw message of each node of a batch until `update`.

        Args:
            nodes: who receives it, int64 `[B]`.
            partners: the other end of the interaction, int64 `[B]`.
            times: int64 `[B]`, in order of time for each node.
            messages: float32 `[B, M]`.

        Raises:
            RuntimeError: earlier messages are still pending; their nodes would lose them.
        """
        if self._pending[0].numel():
            raise RuntimeError("messages are pending: call update() before the next store()")
        last = last_of_each(nodes)
        self._pending = (nodes[last], partners[last], times[last], messages[last])

    def update(self) -> Updated:
        """Applies pending messages; the new states carry gradient to the updater's weights."""
        nodes, partners, times, messages = self._pending
        if self._updated_nodes is not None:
            self._position[self._updated_nodes] = -1
        self._updated_nodes = nodes
        if not nodes.numel():
            return Updated(nodes, self.memory.new_empty(0, self.memory.size(1)))
        own = self.memory.index_select(0, nodes)
        other = self.memory.index_select(0, partners)
        span = self.time_encoder((times - self.last_update.index_select(0, nodes)).float())
        states = self.gru(torch.cat([own, other, messages, span], dim=-1), own)
        self._position[nodes] = torch.arange(nodes.numel(), device=nodes.device)
        self.memory[nodes] = states.detach()
        self.last_update[nodes] = times
        self.drop_pending()
        return Updated(nodes, states)

    def gather(self, ids: Tensor, updated: Updated) -> Tensor:
        """Memory of `ids`, int64 `[I]`, as `[I, D]`, with gradient to `updated` (the latest `update`)."""
        if not torch.is_grad_enabled():
            return self.memory.index_select(0, ids)
        gathered: Tensor = _Gather.apply(updated.states, self.memory, ids, self._position)  # type: ignore[no-untyped-call]
        return gathered

    def locate(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Memory of `ids`, int64 `[R, K]`, without gradient, `[R, K, D]`, and its row in the latest update.

        The row is -1 where the memory was not just updated.
        """
        flat = ids.reshape(-1)
        memory = self.memory.index_select(0, flat).view(*ids.shape, self.memory.size(1))
        return memory, self._position.index_select(0, flat).view(ids.shape)


def last_of_each(nodes: Tensor) -> Tensor:
    """Positions of the last occurrence of each value of `nodes`, int64 `[B]`, ordered by value."""
    ordered, order = torch.sort(nodes, stable=True)
    final = torch.ones_like(ordered, dtype=torch.bool)
    final[:-1] = ordered[1:] != ordered[:-1]
    return order[final]
