"""A history of mentions as a stream of interactions between users and topics."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch_geometric.data import TemporalData

from trend_assets.forecasting.growing import GrowingArray
from trend_assets.forecasting.history import History

#: Width of a mention's features: its weight and how early in its topic's life it came.
MESSAGE_DIM = 2


def user_nodes(users: npt.NDArray[np.integer]) -> Tensor:
    """Node ids of users by number; unknown users (-1) share one. Users are odd, so that both kinds grow."""
    return torch.from_numpy((users.astype(np.int64) + 1) * 2 + 1)


def topic_nodes(topics: npt.NDArray[np.integer]) -> Tensor:
    """Node ids of topics by number."""
    return torch.from_numpy(topics.astype(np.int64) * 2)


def node_count(history: History) -> int:
    """How many node ids a history needs."""
    return 2 * max(history.topic_count, history.user_count + 1)


class Interactions:
    """A history as interactions of users with topics, which grow with it.

    Args:
        history: all mentions so far.
    """

    def __init__(self, history: History) -> None:
        self._src, self._dst, self._time = (GrowingArray(np.empty(0, np.int64)) for _ in range(3))
        self._message = GrowingArray(np.empty((0, MESSAGE_DIM), np.float32))
        self._mentions = GrowingArray(np.empty(0, np.int64))
        self.extend(history)

    def extend(self, history: History) -> None:
        """Takes in what came since."""
        known = len(self._time)
        topic = history.topic[known:].astype(np.int64)
        if not len(topic):
            return
        self._mentions.append(np.zeros(history.topic_count - len(self._mentions), np.int64))
        message = np.stack([history.weight[known:], np.log1p(self._places(topic)) / 5], axis=1)
        self._src.append(user_nodes(history.user[known:]).numpy())
        self._dst.append(topic_nodes(topic).numpy())
        self._message.append(message.astype(np.float32))
        self._time.append(history.time[known:])

    def _places(self, topic: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """How many mentions of its topic each one has before it, shape (n,); they count from now on."""
        order = np.argsort(topic, kind="stable")
        numbers, starts, sizes = np.unique(topic[order], return_index=True, return_counts=True)
        place = np.empty(len(topic), dtype=np.int64)
        place[order] = np.arange(len(topic)) + np.repeat(self._mentions.array[numbers] - starts, sizes)
        self._mentions.writable[numbers] += sizes
        return place

    def rows(self, first: int, last: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """User and topic nodes, epoch seconds UTC, and messages `[E, MESSAGE_DIM]` of mentions, without copying."""
        columns = (self._src, self._dst, self._time, self._message)
        src, dst, time, message = (torch.from_numpy(column.writable[first:last]) for column in columns)
        return src, dst, time, message


def to_temporal_data(history: History) -> TemporalData:
    """A history as PyG `TemporalData`: user to topic, `t` in epoch seconds UTC, `msg` `[E, MESSAGE_DIM]`."""
    src, dst, time, message = Interactions(history).rows(0, len(history))
    return TemporalData(src=src, dst=dst, t=time, msg=message)


class PrefixDigest:
    """SHA-256 of the first mentions of a history: two histories that share it have the same nodes so far.

    Going on costs what the further mentions cost.
    """

    def __init__(self) -> None:
        self.size = self._topics = self._users = 0
        self._hashes = [hashlib.sha256() for _ in range(3)]

    def extend(self, history: History, size: int) -> None:
        """Goes on to the first `size` mentions."""
        part = slice(self.size, size)
        rows = np.empty(size - self.size, [("time", "<i8"), ("topic", "<i4"), ("user", "<i4"), ("weight", "<f4")])
        rows["time"], rows["topic"], rows["user"] = history.time[part], history.topic[part], history.user[part]
        rows["weight"] = history.weight[part]
        topics = max(self._topics, int(rows["topic"].max(initial=-1)) + 1)
        users = max(self._users, int(rows["user"].max(initial=-1)) + 1)
        names = (
            [history.topic_name(number) for number in range(self._topics, topics)],
            [history.user_name(number) for number in range(self._users, users)],
        )
        texts = ["".join(f"{name}\0" for name in group).encode() for group in names]
        for digest, content in zip(self._hashes, [rows.tobytes(), *texts], strict=True):
            digest.update(content)
        self.size, self._topics, self._users = size, topics, users

    def hexdigest(self) -> str:
        """The digest so far."""
        return hashlib.sha256(b"".join(each.digest() for each in self._hashes)).hexdigest()
