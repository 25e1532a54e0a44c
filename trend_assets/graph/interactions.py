"""Converts a history of mentions into the tensors that a temporal graph network reads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from trend_assets.graph.growing import GrowingArray
from trend_assets.graph.messages import DEFAULT_MESSAGES, DETAILED, KINDS, MESSAGES, width

if TYPE_CHECKING:
    from torch_geometric.data import TemporalData

Ints = npt.NDArray[np.int64]


class Mentioned(Protocol):
    """What is asked of a history: see `trend_assets.forecasting.history.History`."""

    @property
    def topic_count(self) -> int:
        """How many topics have been seen."""
        ...

    @property
    def user_count(self) -> int:
        """How many users have been seen."""
        ...

    @property
    def time(self) -> Ints:
        """Epoch seconds UTC of each mention, (n,), ascending."""
        ...

    @property
    def topic(self) -> npt.NDArray[np.int32]:
        """Number of each mention's topic, (n,)."""
        ...

    @property
    def user(self) -> npt.NDArray[np.int32]:
        """Number of each mention's user, (n,); -1 where unknown."""
        ...

    @property
    def weight(self) -> npt.NDArray[np.float32]:
        """Weight of each mention, (n,)."""
        ...

    def detail(self, part: str) -> npt.NDArray[Any]:
        """Of `DETAILED`: codes of kinds, vectors `[n, TEXT_DIM]`, or numbers of users, -1 for none."""
        ...

    def topic_name(self, number: int) -> str:
        """The topic of a number."""
        ...

    def user_name(self, number: int) -> str:
        """The user of a number."""
        ...


def user_nodes(users: npt.NDArray[np.integer]) -> Tensor:
    """Node ids of users by number; unknown users (-1) share one. Users are odd, so that both kinds grow."""
    return torch.from_numpy((users.astype(np.int64) + 1) * 2 + 1)


def topic_nodes(topics: npt.NDArray[np.integer]) -> Tensor:
    """Node ids of topics by number."""
    return torch.from_numpy(topics.astype(np.int64) * 2)


def node_count(history: Mentioned) -> int:
    """How many node ids a history needs."""
    return 2 * max(history.topic_count, history.user_count + 1)


class Interactions:
    """A history as interactions of users with topics, and with the users whom they answer, which grow with it.

    With `answers` among the parts, a user's answer to another one is an interaction of both, which stands behind the
    first mention that tells of it: once a second, however many topics the answer names.

    Args:
        history: all mentions so far.
        parts: of `MESSAGES`, what an interaction carries.
    """

    def __init__(self, history: Mentioned, parts: tuple[str, ...] = DEFAULT_MESSAGES) -> None:
        self.parts = tuple(part for part in MESSAGES if part in parts)
        self._src, self._dst, self._time = (GrowingArray(np.empty(0, np.int64)) for _ in range(3))
        self._message = GrowingArray(np.empty((0, width(self.parts)), np.float32))
        self._mentions = GrowingArray(np.empty(0, np.int64))
        #: The first interaction of each mention, and behind the last one how many there are.
        self._starts = GrowingArray(np.zeros(1, np.int64))
        self.extend(history)

    def extend(self, history: Mentioned) -> None:
        """Takes in what came since."""
        known = len(self._starts) - 1
        new = slice(known, None)
        topic = history.topic[new].astype(np.int64)
        if not len(topic):
            return
        self._mentions.append(np.zeros(history.topic_count - len(self._mentions), np.int64))
        message = self._messages(history, new, self._places(topic))
        src, dst, time = user_nodes(history.user[new]).numpy(), topic_nodes(topic).numpy(), history.time[new]
        answers = _answers(history, new) if "answers" in self.parts else np.empty(0, np.int64)
        behind = answers + 1
        other = user_nodes(history.detail("answers")[new][answers]).numpy() if len(answers) else answers
        self._src.append(np.insert(src, behind, src[answers]))
        self._dst.append(np.insert(dst, behind, other))
        self._time.append(np.insert(time, behind, time[answers]))
        self._message.append(np.insert(message, behind, self._links(message[answers]), axis=0))
        each = np.ones(len(topic), np.int64)
        each[answers] = 2
        self._starts.append(self._starts.array[-1] + np.cumsum(each))

    def _messages(self, history: Mentioned, new: slice, places: Ints) -> npt.NDArray[np.float32]:
        columns: dict[str, Callable[[], npt.NDArray[Any]]] = {
            "weight": lambda: history.weight[new, None],
            "place": lambda: np.log1p(places)[:, None] / 5,
            "type": lambda: np.eye(len(KINDS), dtype=np.float32)[history.detail("type")[new]],
            "text": lambda: history.detail("text")[new],
            "answers": lambda: np.stack([history.detail("answers")[new] >= 0, np.zeros(len(places))], axis=1),
        }
        parts = [columns[part]() for part in self.parts]
        return np.concatenate([np.empty((len(places), 0)), *parts], axis=1).astype(np.float32)

    def _links(self, messages: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """What links of users carry that stand behind mentions which carry `messages`."""
        links = messages.copy()
        if "place" in self.parts:
            links[:, width(self.parts[: self.parts.index("place")])] = 0
        links[:, -1:] = 1
        return links

    def _places(self, topic: Ints) -> Ints:
        """How many mentions of its topic each one has before it, shape (n,); they count from now on."""
        order = np.argsort(topic, kind="stable")
        numbers, starts, sizes = np.unique(topic[order], return_index=True, return_counts=True)
        place = np.empty(len(topic), dtype=np.int64)
        place[order] = np.arange(len(topic)) + np.repeat(self._mentions.array[numbers] - starts, sizes)
        self._mentions.put(numbers, self._mentions.array[numbers] + sizes)
        return place

    def rows(self, first: int, last: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Both nodes, epoch seconds UTC, and messages `[E, width]` of mentions `[first, last)`, without copying."""
        start, end = self._starts.array[[first, last]].tolist()
        columns = (self._src, self._dst, self._time, self._message)
        src, dst, time, message = (torch.from_numpy(column.part(start, end)) for column in columns)
        return src, dst, time, message


def _answers(history: Mentioned, new: slice) -> Ints:
    """Which of the new mentions are the first of a second to tell that a known user answers another one."""
    user, other = history.user[new].astype(np.int64), history.detail("answers")[new].astype(np.int64)
    told = np.flatnonzero((user >= 0) & (other >= 0) & (user != other))
    links = np.stack([history.time[new][told], user[told], other[told]], axis=1)
    _, first = np.unique(links, axis=0, return_index=True)
    return told[np.sort(first)]


@cache
def interactions_of(parts: tuple[str, ...]) -> Callable[[Mentioned], Interactions]:
    """What makes interactions with these parts: always the same object, so that a history makes them once."""
    return lambda history: Interactions(history, parts)


def to_temporal_data(history: Mentioned, parts: tuple[str, ...] = DEFAULT_MESSAGES) -> TemporalData:
    """A history as PyG `TemporalData`: `src` and `dst` nodes, `t` in epoch seconds UTC, `msg` `[E, width(parts)]`."""
    # Three seconds to load: what only forecasts does without.
    from torch_geometric.data import TemporalData

    src, dst, time, message = Interactions(history, parts).rows(0, len(history.time))
    return TemporalData(src=src, dst=dst, t=time, msg=message)


class PrefixDigest:
    """SHA-256 of the first mentions of a history: two histories that share it have the same nodes so far.

    Going on costs what the further mentions cost.

    Args:
        parts: of `MESSAGES`; of what interactions do not carry nothing is told.
    """

    def __init__(self, parts: tuple[str, ...] = DEFAULT_MESSAGES) -> None:
        self.size = self._topics = self._users = 0
        self._details = tuple(part for part in DETAILED if part in parts)
        self._hashes = [hashlib.sha256() for _ in range(3 + len(self._details))]

    def extend(self, history: Mentioned, size: int) -> None:
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
        details = [np.ascontiguousarray(history.detail(name)[part]).tobytes() for name in self._details]
        for digest, content in zip(self._hashes, [rows.tobytes(), *texts, *details], strict=True):
            digest.update(content)
        self.size, self._topics, self._users = size, topics, users

    def hexdigest(self) -> str:
        """The digest so far."""
        return hashlib.sha256(b"".join(each.digest() for each in self._hashes)).hexdigest()
