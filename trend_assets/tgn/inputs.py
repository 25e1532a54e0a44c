"""The input features of a topic at a cut: counts, participants, course, and the network's embedding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.features import COUNT_NAMES
from trend_assets.forecasting.history import History
from trend_assets.forecasting.labels import Cut, make_cut
from trend_assets.graph.interactions import node_count, to_temporal_data
from trend_assets.graph.messages import width
from trend_assets.tgn.course import COURSE_NAMES, course_table
from trend_assets.tgn.forecast_training import PastCuts
from trend_assets.tgn.link_training import LinkTrainer
from trend_assets.tgn.model import TemporalGraphNetwork
from trend_assets.tgn.parallel import train_in_parallel
from trend_assets.tgn.participants import PARTICIPANT_NAMES, ParticipantIndex
from trend_assets.tgn.precedents import PRECEDENT_NAMES, PrecedentIndex
from trend_assets.tgn.settings import ForecasterSettings
from trend_assets.tgn.stream import Embedded, RollingState

Table = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

_NAMES = {
    "counts": COUNT_NAMES,
    "participants": PARTICIPANT_NAMES,
    "course": COURSE_NAMES,
    "precedents": PRECEDENT_NAMES,
}


class TopicInputs:
    """The groups of inputs that the settings name for past cuts and for the one asked: a table, and the network.

    Args:
        settings: of the forecaster.
        memory: past cuts and their log counts.
    """

    def __init__(self, settings: ForecasterSettings, memory: CutMemory) -> None:
        self.settings = settings
        self._memory = memory
        self.state = self._state(self._network(1))
        self.link_losses: list[float] = []

    def resume(self, nodes: int, weights: Mapping[str, Tensor], **state: Any) -> None:
        """Takes up a network of `nodes` nodes and what it has seen, as `RollingState.resume` has it."""
        model = self._network(nodes)
        model.load_state_dict(weights)
        self.state = self._state(model)
        self.state.resume(**state)

    def begin(self, weights: Mapping[str, Tensor]) -> None:
        """Takes up a network's weights; it has seen nothing."""
        model = self._network(1)
        model.load_state_dict({**dict(model.state()), **weights})
        self.state = self._state(model)

    @property
    def names(self) -> list[str]:
        """Of the columns, in their order."""
        return [name for group in self._table_groups for name in _NAMES[group]]

    @property
    def views(self) -> list[int]:
        """How many of the first columns nested views take in: counts alone, all."""
        sizes = {len(COUNT_NAMES) if self._uses("counts") else 0, len(self.names)}
        return sorted(size for size in sizes if size)

    def fit(self, history: History, until: int) -> None:
        """Trains the network, if it is used, on what was before `until` (epoch seconds UTC), from nothing."""
        past = history.until(until)
        model = self._network(max(node_count(past), 1))
        self.link_losses = self._train(model, past) if self.uses_network and len(past) else []
        self.state = self._state(model)

    def past_cuts(self, history: History, until: int) -> PastCuts:
        """The inputs of the topics at past cuts, `[rows, len(names)]`, and what became of them."""
        past = history.until(until)
        examples = self._memory.examples(history, until)
        times = self._memory.cut_times(past, until).tolist()
        asked = [(moment, make_cut(past, moment, self.settings.labels).topics) for moment in times]
        asked = [(moment, topics) for moment, topics in asked if len(topics)]
        if not asked:
            return PastCuts(past, asked, np.empty((0, len(self.names)), np.float32), examples)
        topics = np.concatenate([topics for _, topics in asked])
        return PastCuts(past, asked, self._table(past, topics, examples.times, examples.features), examples)

    def at(self, history: History, cut: Cut) -> tuple[Table, Embedded | None]:
        """The inputs of a cut's topics, `[n, len(names)]`, and what the network holds of them, if it is used."""
        past = history.until(cut.time)
        counts = self._memory.known_at(history, cut).features
        table = self._table(past, cut.topics, np.full(len(cut), cut.time), counts)
        if not self.uses_network:
            return table, None
        (held,) = self.state.embedded(past, [(cut.time, cut.topics)])
        return table, held

    def participants(self, history: History, cut: Cut) -> npt.NDArray[np.int64]:
        """Users of a cut's topics who count, by number, -1 where unknown or none; (n, some)."""
        index = history.until(cut.time).derived(ParticipantIndex)
        return index.users(cut.topics, np.full(len(cut), cut.time))

    def without(
        self, history: History, cut: Cut, known: tuple[Table, Embedded | None], rows: Rows, users: Rows
    ) -> tuple[Table, Tensor | None]:
        """What `at` would give for a topic of whose participants one is a stranger: `[pairs, len(names)]`, embedding.

        The topic's counts stay as they are: what changes is who wrote the posts, not how many there are.

        Args:
            history: as for `at`.
            cut: as for `at`.
            known: what `at` gave.
            rows: topics by place in the cut; (pairs,).
            users: the stranger of each, by number; (pairs,).
        """
        table, held = known
        changed = table[rows]
        if self._uses("participants"):
            first = self.names.index(PARTICIPANT_NAMES[0])
            index = history.until(cut.time).derived(ParticipantIndex)
            who = index.table(cut.topics[rows], np.full(len(rows), cut.time), strangers=users)
            changed[:, first : first + len(PARTICIPANT_NAMES)] = who
        return changed, self.state.without(held, rows, users) if held else None

    def advance(self, history: History, batches: int | None) -> bool:
        """Takes in what a question at the history's end would, of the network `batches` at most; whether more wait."""
        if self._uses("precedents"):
            history.derived(PrecedentIndex)
        if self._uses("participants"):
            history.derived(ParticipantIndex)
        return self.uses_network and self.state.advance(history, history.end, batches)

    def _network(self, nodes: int) -> TemporalGraphNetwork:
        return TemporalGraphNetwork(nodes, width(self.settings.messages), self.settings.model)

    def _state(self, model: TemporalGraphNetwork) -> RollingState:
        return RollingState(model, self.settings.every_hours, self.settings.messages)

    def _train(self, model: TemporalGraphNetwork, past: History) -> list[float]:
        settings, data = self.settings, to_temporal_data(past, self.settings.messages)
        if settings.processes > 1:
            return train_in_parallel(model, data, settings.link, settings.link_epochs, settings.processes)
        trainer = LinkTrainer(model, settings.link)
        return [trainer.train_epoch(data).loss for _ in range(settings.link_epochs)]

    @property
    def uses_network(self) -> bool:
        """Whether the network is one of the groups."""
        return self._uses("network")

    @property
    def _table_groups(self) -> list[str]:
        return [group for group in self.settings.groups if group in _NAMES]

    def _uses(self, group: str) -> bool:
        return group in self.settings.groups

    def _table(
        self, past: History, topics: npt.NDArray[np.int64], moments: npt.NDArray[np.int64], counts: Table
    ) -> Table:
        compute: dict[str, Callable[[], Table]] = {
            "counts": lambda: counts,
            "participants": lambda: past.derived(ParticipantIndex).table(topics, moments),
            "course": lambda: course_table(past, topics, moments),
            "precedents": lambda: past.derived(PrecedentIndex).table(topics),
        }
        return np.concatenate([compute[group]() for group in self._table_groups], axis=1)
