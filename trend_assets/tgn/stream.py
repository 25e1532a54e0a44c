"""The network's state as it rolls along a history."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from trend_assets.forecasting.history import HOUR, History
from trend_assets.graph.interactions import (
    Interactions,
    PrefixDigest,
    interactions_of,
    node_count,
    topic_nodes,
    user_nodes,
)
from trend_assets.graph.messages import DEFAULT_MESSAGES
from trend_assets.tgn.model import TemporalGraphNetwork, View

_MOST_EVENTS = 1000


class Embedded(NamedTuple):
    """What the network holds of topics at a cut.

    Attributes:
        embedding: float32 `[n, memory_dim]`.
        view: what the embedding is made of.
    """

    embedding: npt.NDArray[np.float32]
    view: View


class _Before(NamedTuple):
    """A state as it was before a batch was taken in: how far it had come, and the nodes that the batch changed."""

    size: int
    until: int | None
    touched: Tensor
    kept: dict[str, Tensor]


class RollingState:
    """The network's memory and neighbours as of the end of a block of hours, and of whole batches since.

    Mentions are taken in block by block on a fixed grid, and in a block in batches of a fixed size, whenever and
    however often it is asked, so that what is known at a cut depends on the mentions before it and on nothing
    else. The last batch of a block that has begun is taken in for one question and then undone.

    Args:
        model: the network, whose buffers hold the state.
        block_hours: length of a block, aligned with 00:00 UTC.
        messages: of `graph.messages.MESSAGES`, what the interactions that the network takes in carry.
    """

    def __init__(
        self, model: TemporalGraphNetwork, block_hours: int = 6, messages: tuple[str, ...] = DEFAULT_MESSAGES
    ) -> None:
        self.model = model
        self._messages, self.interactions = messages, interactions_of(messages)
        self._block = block_hours * HOUR
        self.size = 0
        self.until: int | None = None
        self._history: History | None = None
        self._seen = PrefixDigest(self._messages)
        self._saved: tuple[str, Mapping[str, list[str]]] = ("", {"topics": [], "users": []})
        self._back: deque[_Before] = deque(maxlen=0)
        self._foreign: object = None

    def restart(self) -> None:
        """Forgets all mentions."""
        self.model.reset()
        self.size, self.until, self._history, self._foreign = 0, None, None, None
        self._seen = PrefixDigest(self._messages)
        self._back.clear()

    @torch.no_grad()
    def embedded(self, history: History, cuts: list[tuple[int, npt.NDArray[np.int64]]]) -> Iterator[Embedded]:
        """Embeddings of topics at each cut, as of what was before it, and whom they attend to.

        Args:
            history: at least until the last cut.
            cuts: moments (epoch seconds UTC), ascending, and topic numbers at each.

        Yields:
            For each cut.
        """
        self.model.eval()
        past = history.until(cuts[-1][0]) if cuts else history
        self._settle(past, cuts[0][0] if cuts else 0)
        data = past.derived(self.interactions)
        self.model.grow(node_count(past))
        for moment, topics in cuts:
            self._advance(past, data, moment)
            partial = int(np.searchsorted(past.time, moment))
            touched = self._touched(data, self.size, partial)
            kept = self.model.snapshot(touched)
            self._observe(data, self.size, partial)
            updated = self.model.memory.update()
            view = self.model.view(topic_nodes(topics), torch.tensor(moment), updated)
            yield Embedded(self.model.attend(view, updated.states).numpy(), view)
            self.model.restore(touched, kept)

    @torch.no_grad()
    def without(self, held: Embedded, rows: npt.NDArray[np.int64], users: npt.NDArray[np.int64]) -> Tensor:
        """What embeddings would be that attend to all posts but those of a user; float32 `[pairs, memory_dim]`.

        Args:
            held: what `embedded` gave.
            rows: of it; (pairs,).
            users: by number, one for each of the rows; (pairs,).
        """
        view = View(*(part[torch.from_numpy(rows)] for part in held.view))
        others = view.ids != user_nodes(users).unsqueeze(1)
        return self.model.attend(view._replace(mask=view.mask & others), self.model.memory.memory[:0])

    def replay(self, history: History, cuts: list[tuple[int, npt.NDArray[np.int64]]]) -> Iterator[Tensor]:
        """The embeddings of `embedded` from an empty memory, with gradient, one cut after another.

        The gradient reaches what embeds, and what updates the memory from the last batch before a cut. The state is of
        no use afterwards where the weights have moved.

        Args:
            history: at least until the last cut.
            cuts: as for `embedded`, at the ends of blocks.

        Yields:
            For each cut float32 `[n, memory_dim]`.
        """
        self.restart()
        self._history = history
        data = history.derived(self.interactions)
        self.model.grow(node_count(history))
        for moment, topics in cuts:
            with torch.no_grad():
                self._take_in(history, data, moment)
            updated = self.model.memory.update()
            yield self.model.embed(topic_nodes(topics), torch.tensor(moment), updated)

    @torch.no_grad()
    def advance(self, history: History, moment: int, batches: int | None) -> bool:
        """Takes in what a question at a moment (epoch seconds UTC) would, so that the next one has less to do.

        Args:
            history: at least until then, of which the state is that of an earlier moment.
            batches: how many to take in at most; all where it is None.

        Returns:
            Whether there are more.
        """
        self.model.eval()
        past = history.until(moment)
        self._settle(past, moment)
        self.model.grow(node_count(past))
        data = past.derived(self.interactions)
        return not self._advance(past, data, moment, batches)

    def keep_back(self, batches: int) -> None:
        """From now on the last `batches` can be taken back, for a question about a moment just past."""
        self._back = deque(maxlen=batches)

    def resume(self, size: int, until: int | None, digest: str, vocabulary: Mapping[str, list[str]]) -> None:
        """Says what a state that was loaded into the network has seen; it is checked before it is used."""
        self.size, self.until, self._saved = size, until, (digest, vocabulary)

    def go_on(self, history: History, size: int, until: int | None, state: Mapping[str, Tensor]) -> None:
        """Takes up what a network of these weights knew after the first `size` mentions of this very history."""
        self.model.adopt(state)
        self._back.clear()
        self._foreign = None
        self._seen = PrefixDigest(self._messages)
        self.size, self.until, self._history = size, until, history

    def touched(self, history: History, start: int, stop: int) -> Tensor:
        """The nodes that change when mentions `[start, stop)` are taken in, each once."""
        return self._touched(history.derived(self.interactions), start, stop)

    @property
    def digest(self) -> str:
        """SHA-256 of the mentions that the state has seen."""
        if self._history is None:
            return self._saved[0]
        if self._seen.size > self.size:
            self._seen = PrefixDigest(self._messages)
        self._seen.extend(self._history, self.size)
        return self._seen.hexdigest()

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
        if not self._reaches(moment):
            return False
        if self._history is not None and history.origin is self._history.origin:
            return True
        if not self.size or len(history) < self.size or history.origin is self._foreign:
            return False
        if not self._has_seen(history):
            # It will say so again for as long as the history only grows.
            self._foreign = history.origin
            return False
        return True

    def _reaches(self, moment: int) -> bool:
        """Whether it has taken in nothing from after a moment, or can take that back."""
        untils = [self.until, *(before.until for before in self._back)]
        return any(until is None or until <= moment for until in untils)

    def _has_seen(self, history: History) -> bool:
        """Whether the state is that of the first mentions of another history."""
        if (
            self.until is not None
            and self.until % self._block == 0
            and np.searchsorted(history.time, self.until) != self.size
        ):
            # A post came late into a block whose last batch was short: with it, that batch was another.
            return False
        found = PrefixDigest(self._messages)
        found.extend(history, self.size)
        if found.hexdigest() != self.digest:
            return False
        self._seen = found
        return True

    def _settle(self, history: History, first_cut: int) -> None:
        """Starts anew unless the state is that of an earlier moment of this very history."""
        if not self.continues(history, first_cut):
            self.restart()
        while self.until is not None and self.until > first_cut:
            self.size, self.until, touched, kept = self._back.pop()
            self.model.restore(touched, kept)
        # A view of the mentions that the state will have seen: it says whose state this is.
        self._history = history

    def _advance(self, history: History, data: Interactions, moment: int, batches: int | None = None) -> bool:
        """`_take_in`, and pending messages are applied, so that a question does not change the state."""
        done = self._take_in(history, data, moment, batches)
        self.model.memory.update()
        return done

    def _take_in(self, history: History, data: Interactions, moment: int, batches: int | None = None) -> bool:
        """Takes in whole blocks before a moment, and of the block that has begun all batches but the last one.

        Returns:
            Whether it is done, or as many batches as were allowed have been taken in before.
        """
        begun = int(np.searchsorted(history.time, moment // self._block * self._block))
        known = int(np.searchsorted(history.time, moment))
        while batches != 0 and (begun > self.size or known - self.size > _MOST_EVENTS):
            block_end = (int(history.time[self.size]) // self._block + 1) * self._block
            stop = min(self.size + _MOST_EVENTS, int(np.searchsorted(history.time, block_end)))
            whole = stop - self.size == _MOST_EVENTS
            if self._back.maxlen:
                self.model.memory.update()
                touched = self._touched(data, self.size, stop)
                self._back.append(_Before(self.size, self.until, touched, self.model.snapshot(touched)))
            self._observe(data, self.size, stop)
            self.size, self.until = stop, int(history.time[stop - 1]) + 1 if whole else block_end
            batches = None if batches is None else batches - 1
        return batches != 0

    def _touched(self, data: Interactions, start: int, stop: int) -> Tensor:
        """The nodes that change when mentions are taken in, each once."""
        nodes: Tensor = torch.cat(data.rows(start, stop)[:2]).unique()
        return nodes

    def _observe(self, data: Interactions, start: int, stop: int) -> None:
        if stop > start:
            self.model.memory.update()
            self.model.observe(*data.rows(start, stop))
