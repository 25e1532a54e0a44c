"""The graph model as a ranking: what counting knows, who takes part, and what the memory holds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import lightgbm
import numpy as np
import numpy.typing as npt
import torch

from trend_assets.forecasting.examples import CutMemory, Examples
from trend_assets.forecasting.features import COUNT_NAMES
from trend_assets.forecasting.history import History
from trend_assets.forecasting.labels import LABELS, Cut, LabelSettings, make_cut
from trend_assets.forecasting.learned import MIN_EXAMPLES
from trend_assets.forecasting.ranking import Scores
from trend_assets.tgn.boosting import BoostingSettings, fit_trees, from_tensor, mean_logit, to_tensor
from trend_assets.tgn.checkpoint import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from trend_assets.tgn.heads import Heads, HeadSettings, fit_heads
from trend_assets.tgn.link_training import LinkTrainer, LinkTrainingSettings
from trend_assets.tgn.model import ModelSettings, TemporalGraphNetwork
from trend_assets.tgn.participants import PARTICIPANT_NAMES, ParticipantIndex
from trend_assets.tgn.stream import MESSAGE_DIM, Embedded, RollingState, node_count, to_temporal_data

KIND = "tgn_forecaster"
#: Users named as a reason.
MOST_USERS = 3

_Table = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ForecasterSettings:
    """How the forecaster is made and fitted; the same for every stream.

    Args:
        labels: what is asked at a cut.
        every_hours: hours between the cuts learnt from, and between updates of the memory.
        days: how many days back the cuts learnt from go.
        model: sizes of the network.
        link: link training.
        link_epochs: passes over the stream.
        heads: the neural heads.
        boosting: the trees.
        seed: of everything drawn.
        threads: threads that fit the trees; the same number gives the same bits.
    """

    labels: LabelSettings = field(default_factory=LabelSettings)
    every_hours: int = 6
    days: int = 365
    model: ModelSettings = field(default_factory=ModelSettings)
    link: LinkTrainingSettings = field(
        default_factory=lambda: LinkTrainingSettings(batch_size=200, recent_negatives=1000)
    )
    link_epochs: int = 2
    heads: HeadSettings = field(default_factory=HeadSettings)
    boosting: BoostingSettings = field(default_factory=BoostingSettings)
    seed: int = 0
    threads: int = 2

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The settings that `dataclasses.asdict` wrote."""
        parts = {
            "labels": LabelSettings,
            "model": ModelSettings,
            "link": LinkTrainingSettings,
            "heads": HeadSettings,
            "boosting": BoostingSettings,
        }
        made = {name: kind(**values[name]) for name, kind in parts.items()}
        return cls(**{**values, **made})


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """What is forecast at a cut.

    Args:
        scores: for each label that was learnt, in (0, 1), not calibrated; (n,) each.
        growth: expected log1p(after) - log1p(before); (n,); NaN where nothing was learnt.
        users: for each topic the users whose recent posts it attends to most, and their share of the
            attention, best first; at most `MOST_USERS`.
    """

    scores: Scores
    growth: npt.NDArray[np.float64]
    users: Sequence[Sequence[tuple[str, float]]] = ()


@dataclass(slots=True)
class _Fitted:
    state: RollingState
    labels: tuple[str, ...]
    heads: list[Heads]
    trees: Mapping[str, list[lightgbm.Booster]]
    until: int
    report: dict[str, Any]


class TgnForecaster:
    """Ranks by a temporal graph network over users and topics, as a correction to counting.

    `fit` trains the network to predict who will post where next, rolls it along the past once more to
    see what it held of each topic at each past cut, and fits heads to what became of these topics:
    trees and a small neural network on log counts, the record of the participants, and the topic's
    embedding. Their log-odds are averaged. Every fit starts anew, so that it depends on the mentions
    before `until`, the settings and nothing else.

    `score` rolls the memory forward, so that what an hour costs does not grow with the history.

    Args:
        settings: sizes and training.
        memory: past cuts shared with other rankings; must have the same label settings.

    Raises:
        ValueError: a shared memory of other label settings or cadence.
    """

    name = "tgn"

    def __init__(self, settings: ForecasterSettings | None = None, memory: CutMemory | None = None) -> None:
        self.settings = settings = settings or ForecasterSettings()
        self._memory = memory or CutMemory(settings.labels, settings.every_hours, settings.days)
        shared = (self._memory.settings, self._memory.every_hours, self._memory.days)
        if shared != (settings.labels, settings.every_hours, settings.days):
            raise ValueError("the shared memory of cuts has other labels, cadence or days than the settings")
        self._fitted: _Fitted | None = None

    @property
    def report(self) -> Mapping[str, Any]:
        """Of the latest fit: `link_losses` by epoch, `rows`, `positives` by label, `seconds` by part."""
        return self._ready().report

    def fit(self, history: History, until: int) -> None:
        """Learn from what was before `until` (epoch seconds UTC), from nothing.

        A label with fewer than ten positives or negatives is not learnt.
        """
        clock = _Clock()
        past = history.until(until)
        with _torch(self.settings.seed):
            model, losses = self._train_network(past)
            clock.lap("network")
            examples = self._memory.examples(history, until)
            state = RollingState(model, self.settings.every_hours)
            features = self._table(past, state, self._memory.cut_times(past, until).tolist(), examples)
            clock.lap("replay")
            labels = tuple(label for label in LABELS if _learnable(examples, label))
            heads = self._fit_heads(features, examples, labels)
            clock.lap("heads")
            trees = {label: self._fit_trees(features, examples, label) for label in labels}
            clock.lap("trees")
        report = {
            "link_losses": losses,
            "rows": len(examples),
            "positives": {label: int(examples.labels[label].sum()) for label in LABELS},
            "seconds": clock.laps,
        }
        self._fitted = _Fitted(state, labels, heads, trees, until, report)

    def score(self, history: History, cut: Cut) -> Scores:
        """Scores in (0, 1), not calibrated, for each label that was learnt; (n,) each."""
        return self.forecast(history, cut).scores

    def growth(self, history: History, cut: Cut) -> npt.NDArray[np.float64]:
        """Expected log1p(after) - log1p(before) of each topic; (n,)."""
        return self.forecast(history, cut).growth

    def forecast(self, history: History, cut: Cut) -> Forecast:
        """Scores and growth of a cut's topics.

        Args:
            history: at least until the cut; nothing later is looked at.
            cut: what is asked.

        Raises:
            RuntimeError: `fit` was not called.
        """
        fitted = self._ready()
        if not len(cut) or not fitted.heads:
            empty = {label: np.empty(0) for label in fitted.labels}
            return Forecast(empty, np.full(len(cut), np.nan), [()] * len(cut))
        past = history.until(cut.time)
        with _torch(self.settings.seed), torch.no_grad():
            counts = self._memory.known_at(history, cut).features
            times = np.full(len(cut), cut.time)
            who = ParticipantIndex(past).table(cut.topics, times)
            (held,) = fitted.state.embedded(past, [(cut.time, cut.topics)])
            features = np.concatenate([counts, who, held.embedding], axis=1)
            outputs = [head(torch.from_numpy(features)) for head in fitted.heads]
            logits = torch.stack([logit for logit, _ in outputs]).mean(0).numpy().astype(np.float64)
            growth = torch.stack([growth for _, growth in outputs]).mean(0).numpy().astype(np.float64)
        scores = {
            label: 1 / (1 + np.exp(-(logits[:, column] + mean_logit(fitted.trees[label], features)) / 2))
            for column, label in enumerate(fitted.labels)
        }
        return Forecast(scores, growth, _most_attended(held, past))

    def continues(self, history: History, moment: int) -> bool:
        """Whether the memory can be rolled forward to `moment` (epoch seconds UTC) along this history."""
        return self._ready().state.continues(history, moment)

    @property
    def mentions_taken_in(self) -> int:
        """How many mentions the memory has seen."""
        return self._ready().state.size

    def save(self, folder: Path, extra_metadata: Mapping[str, Any] | None = None) -> None:
        """Writes a checkpoint that gives the same scores to the last bit.

        Args:
            folder: must not exist yet.
            extra_metadata: JSON values to keep beside it: metrics, the lake's snapshot, baselines' metrics.

        Raises:
            RuntimeError: `fit` was not called.
            FileExistsError: the folder exists.
        """
        fitted = self._ready()
        state = fitted.state
        tensors = {f"network.{name}": value for name, value in state.model.state_dict().items()}
        for number, head in enumerate(fitted.heads):
            tensors |= {f"heads.{number}.{name}": value for name, value in head.state_dict().items()}
        for label, boosters in fitted.trees.items():
            tensors |= {f"trees.{label}.{n}": to_tensor(booster) for n, booster in enumerate(boosters)}
        metadata = {
            "settings": asdict(self.settings),
            "label_definitions": asdict(self.settings.labels),
            "labels": fitted.labels,
            "seed": self.settings.seed,
            "until": fitted.until,
            "report": fitted.report,
            "nodes": state.model.num_nodes,
            "features": [*COUNT_NAMES, *PARTICIPANT_NAMES],
            "state": {"size": state.size, "until": state.until, "digest": state.digest},
            "vocabulary": state.vocabulary,
            "extra": dict(extra_metadata or {}),
        }
        save_checkpoint(folder, KIND, Checkpoint(tensors, metadata))

    @classmethod
    def load(cls, folder: Path, memory: CutMemory | None = None) -> Self:
        """The forecaster that `save` wrote.

        Raises:
            CheckpointError: it is missing, truncated, changed, foreign, or counts other features.
        """
        checkpoint = load_checkpoint(folder, KIND)
        if checkpoint.metadata.get("features") != [*COUNT_NAMES, *PARTICIPANT_NAMES]:
            raise CheckpointError(f"{folder} was fitted on other features than this release computes")
        try:
            return cls._from_checkpoint(checkpoint, memory)
        except (KeyError, TypeError, ValueError, RuntimeError, lightgbm.basic.LightGBMError) as error:
            reason = " ".join(str(error).split())
            raise CheckpointError(f"{folder} is of another release, or not whole: {reason}") from error

    @classmethod
    def _from_checkpoint(cls, checkpoint: Checkpoint, memory: CutMemory | None) -> Self:
        metadata = checkpoint.metadata
        settings = ForecasterSettings.from_json(metadata["settings"])
        forecaster = cls(settings, memory)
        labels = tuple(metadata["labels"])
        model = TemporalGraphNetwork(metadata["nodes"], MESSAGE_DIM, settings.model)
        model.load_state_dict(_part(checkpoint, "network."))
        state = RollingState(model, settings.every_hours)
        state.resume(**metadata["state"], vocabulary=metadata["vocabulary"])
        forecaster._fitted = _Fitted(
            state=state,
            labels=labels,
            heads=[_load_heads(checkpoint, n, len(labels), settings) for n in range(settings.heads.seeds)]
            if labels
            else [],
            trees={
                label: [from_tensor(checkpoint.tensors[f"trees.{label}.{n}"]) for n in range(settings.boosting.seeds)]
                for label in labels
            },
            until=metadata["until"],
            report=dict(metadata["report"]),
        )
        return forecaster

    def _ready(self) -> _Fitted:
        if self._fitted is None:
            raise RuntimeError("the forecaster has not been fitted")
        return self._fitted

    def _train_network(self, past: History) -> tuple[TemporalGraphNetwork, list[float]]:
        settings = self.settings
        model = TemporalGraphNetwork(max(node_count(past), 1), MESSAGE_DIM, settings.model)
        trainer = LinkTrainer(model, settings.link)
        data = to_temporal_data(past)
        losses = [trainer.train_epoch(data).loss for _ in range(settings.link_epochs)] if len(past) else []
        return model, losses

    def _table(self, past: History, state: RollingState, times: list[int], examples: Examples) -> _Table:
        width = len(COUNT_NAMES) + len(PARTICIPANT_NAMES) + self.settings.model.memory_dim
        if not times:
            return np.empty((0, width), np.float32)
        asked = [(moment, make_cut(past, moment, self.settings.labels).topics) for moment in times]
        who = ParticipantIndex(past).table(np.concatenate([topics for _, topics in asked]), examples.times)
        held = np.concatenate(list(state.embeddings(past, asked)))
        return np.concatenate([examples.features, who, held], axis=1)

    def _fit_heads(self, features: _Table, examples: Examples, labels: tuple[str, ...]) -> list[Heads]:
        settings = self.settings
        if not labels:
            return []
        return [
            fit_heads(features, examples, labels, settings.heads, settings.seed + number)
            for number in range(settings.heads.seeds)
        ]

    def _fit_trees(self, features: _Table, examples: Examples, label: str) -> list[lightgbm.Booster]:
        asked, settings = examples.asked[label], self.settings
        return fit_trees(
            features[asked],
            examples.labels[label][asked],
            settings.boosting,
            settings.seed,
            settings.threads,
        )


class _Clock:
    def __init__(self) -> None:
        self._last = time.perf_counter()
        self.laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name], self._last = round(now - self._last, 3), now


@contextmanager
def _torch(seed: int) -> Iterator[None]:
    """One thread and a seed, which the caller's own are kept apart from.

    The tensors are too small to gain by a second thread, and lose much where another process wants it.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(before)


def _most_attended(held: Embedded, past: History) -> list[tuple[tuple[str, float], ...]]:
    names = past.users
    found = []
    for users, attention in zip(held.users.tolist(), held.attention.tolist(), strict=True):
        shares: dict[int, float] = {}
        for user, share in zip(users, attention, strict=True):
            if user >= 0:
                shares[user] = shares.get(user, 0.0) + share
        most = sorted(shares, key=lambda user: (-shares[user], user))[:MOST_USERS]
        found.append(tuple((names[user], round(shares[user], 4)) for user in most))
    return found


def _learnable(examples: Examples, label: str) -> bool:
    outcomes = examples.labels[label][examples.asked[label]]
    return min(int(outcomes.sum()), int((~outcomes).sum())) >= MIN_EXAMPLES


def _part(checkpoint: Checkpoint, prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in checkpoint.tensors.items() if name.startswith(prefix)}


def _load_heads(checkpoint: Checkpoint, number: int, labels: int, settings: ForecasterSettings) -> Heads:
    width = len(COUNT_NAMES) + len(PARTICIPANT_NAMES) + settings.model.memory_dim
    heads = Heads(width, labels, settings.heads)
    heads.load_state_dict(_part(checkpoint, f"heads.{number}."))
    return heads.eval()
