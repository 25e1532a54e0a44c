"""A history of mentions as a stream of interactions, and the network's state as it rolls along it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch_geometric.data import TemporalData

from trend_assets.forecasting.history import HOUR, History
from trend_assets.tgn.model import TemporalGraphNetwork

#: Width of a mention's features: its weight and how early in its topic's life it came.
MESSAGE_DIM = 2

_MOST_EVENTS = 1000


class Embedded(NamedTuple):
    """What the network holds of topics at a cut.

    Attributes:
        embedding: float32 `[n, memory_dim]`.
        users: who took part last, by number in the history, -1 where unknown or none; int64 `[n, K]`.
        attention: how much each of these counted, mean over the heads; float32 `[n, K]`.
    """

    embedding: npt.NDArray[np.float32]
    users: npt.NDArray[np.int64]
    attention: npt.NDArray[np.float32]


def user_nodes(users: npt.NDArray[np.integer]) -> Tensor:
    """Node ids of users by number; unknown users (-1) share one. Users are odd, so that both kinds grow."""
    return torch.from_numpy((users.astype(np.int64) + 1) * 2 + 1)


def topic_nodes(topics: npt.NDArray[np.integer]) -> Tensor:
    """Node ids of topics by number."""
    return torch.from_numpy(topics.astype(np.int64) * 2)


def node_count(history: History) -> int:
    """How many node ids a history needs."""
    return 2 * max(history.topic_count, len(history.users) + 1)


def to_temporal_data(history: History) -> TemporalData:
    """A history as PyG `TemporalData`: user to topic, `t` in epoch seconds UTC, `msg` `[E, MESSAGE_DIM]`."""
    topic = history.topic.astype(np.int64)
    order = np.argsort(topic, kind="stable")
    place = np.empty(len(topic), dtype=np.int64)
    starts = np.searchsorted(topic[order], np.arange(history.topic_count))
    place[order] = np.arange(len(topic)) - starts[topic[order]]
    message = np.stack([history.weight, np.log1p(place) / 5], axis=1).astype(np.float32)
    return TemporalData(
        src=user_nodes(history.user),
        dst=topic_nodes(topic),
        t=torch.from_numpy(history.time.copy()),
        msg=torch.from_numpy(message),
    )


def prefix_digest(history: History, size: int) -> str:
    """SHA-256 of the first `size` mentions: two histories that share it have the same nodes so far."""
    digest = hashlib.sha256()
    for column in (history.time, history.topic, history.user, history.weight):
        digest.update(np.ascontiguousarray(column[:size]).tobytes())
    topics = int(history.topic[:size].max(initial=-1)) + 1
    users = int(history.user[:size].max(initial=-1)) + 1
    for names in (history.topics[:topics], history.users[:users]):
        digest.update("\0".join(names).encode())
        digest.update(b"\1")
    return digest.hexdigest()


class RollingState:
    """The network's memory and neighbours as of the end of a block of hours.

    Mentions are taken in block by block on a fixed grid, whenever and however often it is asked, so that
    what is known at a cut depends on the mentions before it and on nothing else. Mentions of a block that
    has begun are taken in for one question and then undone.

    Args:
        model: the network, whose buffers hold the state.
        block_hours: length of a block, aligned with 00:00 UTC.
    """

    def __init__(self, model: TemporalGraphNetwork, block_hours: int = 6) -> None:
        self.model = model
        self._block = block_hours * HOUR
        self.size = 0
        self.until: int | None = None
        self._history: History | None = None
        self._saved: tuple[str, Mapping[str, list[str]]] = ("", {"topics": [], "users": []})

    def restart(self) -> None:
        """Forgets all mentions."""
        self.model.reset()
        self.size, self.until, self._history = 0, None, None

    def embeddings(
        self, history: History, cuts: list[tuple[int, npt.NDArray[np.int64]]]
    ) -> Iterator[npt.NDArray[np.float32]]:
        """The embeddings of `embedded`."""
        return (held.embedding for held in self.embedded(history, cuts))

    @torch.no_grad()
    def embedded(self, history: History, cuts: list[tuple[int, npt.NDArray[np.int64]]]) -> Iterator[Embedded]:
        """Embeddings of topics at each cut, as of what was before it, and whom they attended to.

        Args:
            history: at least until the last cut.
            cuts: moments (epoch seconds UTC), ascending, and topic numbers at each.

        Yields:
            For each cut.
        """
        self.model.eval()
        past = history.until(cuts[-1][0]) if cuts else history
        data = past.derived(to_temporal_data)
        self.model.grow(node_count(past))
        self._settle(past, cuts[0][0] if cuts else 0)
        for moment, topics in cuts:
            self._advance(past, data, moment // self._block * self._block)
            partial = int(np.searchsorted(past.time, moment))
            touched = torch.cat([data.src[self.size : partial], data.dst[self.size : partial]]).unique()
            kept = self.model.snapshot(touched)
            self._observe(data, self.size, partial)
            updated = self.model.memory.update()
            nodes = topic_nodes(topics)
            embedding, weights = self.model.embed(nodes, torch.tensor(moment), updated)
            near = self.model.neighbors.query(nodes)
            users = ((near.ids - 1) // 2 - 1).masked_fill(~near.mask, -1)
            yield Embedded(embedding.numpy(), users.numpy(), weights.mean(1).numpy())
            self.model.restore(touched, kept)

    def resume(self, size: int, until: int | None, digest: str, vocabulary: Mapping[str, list[str]]) -> None:
        """Says what a state that was loaded into the network has seen; it is checked before it is used."""
        self.size, self.until, self._saved = size, until, (digest, vocabulary)

    @property
    def digest(self) -> str:
        """SHA-256 of the mentions that the state has seen."""
        return self._saved[0] if self._history is None else prefix_digest(self._history, self.size)

    @property
    def vocabulary(self) -> Mapping[str, list[str]]:
        """Names of the topics and users that the state has seen, by number."""
        if self._history is None:
            return self._saved[1]
        seen = self._history
        return {
            "topics": list(seen.topics[: int(seen.topic[: self.size].max(initial=-1)) + 1]),
            "users": list(seen.users[: int(seen.user[: self.size].max(initial=-1)) + 1]),
        }

    def continues(self, history: History, moment: int) -> bool:
        """Whether the state is that of an earlier moment (epoch seconds UTC) of this very history."""
        if self.until is not None and self.until > moment:
            return False
        if self._history is not None and history.origin is self._history.origin:
            return True
        return bool(self.size) and len(history) >= self.size and (prefix_digest(history, self.size) == self.digest)

    def _settle(self, history: History, first_cut: int) -> None:
        """Starts anew unless the state is that of an earlier moment of this very history."""
        if not self.continues(history, first_cut):
            self.restart()
        # A view of the mentions that the state will have seen: it says whose state this is.
        self._history = history

    def _advance(self, history: History, data: TemporalData, until: int) -> None:
        """Takes in whole blocks before `until`."""
        end = int(np.searchsorted(history.time, until))
        block = history.time[self.size : end] // self._block
        edges = np.flatnonzero(np.diff(block)) + 1 + self.size
        for start, stop in zip([self.size, *edges], [*edges, end], strict=True):
            self._observe(data, int(start), int(stop))
        self.size, self.until = end, until
        # Pending messages are applied at the block's end, so that a question does not change the state.
        self.model.memory.update()

    def _observe(self, data: TemporalData, start: int, stop: int) -> None:
        for first in range(start, stop, _MOST_EVENTS):
            part = slice(first, min(first + _MOST_EVENTS, stop))
            self.model.memory.update()
            self.model.observe(data.src[part], data.dst[part], data.t[part], data.msg[part])
