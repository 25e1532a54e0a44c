"""The graph model as a ranking: what counting knows, who takes part, and what the memory holds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import lightgbm
import numpy as np
import numpy.typing as npt
import torch

from trend_assets.forecasting.context import Context
from trend_assets.forecasting.examples import CutMemory, Examples
from trend_assets.forecasting.history import History
from trend_assets.forecasting.labels import Cut
from trend_assets.forecasting.learned import MIN_EXAMPLES
from trend_assets.forecasting.ranking import Scores
from trend_assets.tgn.boosting import fit_trees, from_tensor
from trend_assets.tgn.checkpoint import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from trend_assets.tgn.contributors import Contributors, explained, most, participants_of
from trend_assets.tgn.fitted import Fitted
from trend_assets.tgn.forecast_training import ForecastTrainer, PastCuts
from trend_assets.tgn.heads import Heads
from trend_assets.tgn.inputs import Table, TopicInputs
from trend_assets.tgn.linear import Linear
from trend_assets.tgn.model import is_of_nodes
from trend_assets.tgn.pretrained import TOPIC_NAMES, Pretrained, pretrained_of
from trend_assets.tgn.settings import ForecasterSettings
from trend_assets.tgn.shares import Shares
from trend_assets.tgn.stream import Embedded, RollingState
from trend_assets.tgn.torch_scope import one_thread, seeded

KIND = "tgn_forecaster"
#: Share of mentions whose user is known from which other streams' trees are asked.
_KNOWN_USERS = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """What is forecast at a cut.

    Args:
        scores: for each label that was learnt, in (0, 1), not calibrated; NaN where it is not asked; (n,) each.
        growth: by horizon in hours, expected log1p(after) - log1p(before); NaN where nothing was learnt; (n,) each.
    """

    scores: Scores
    growth: Mapping[int, npt.NDArray[np.float64]]


class Seen(NamedTuple):
    """What was known at a cut.

    Attributes:
        history: in which it was seen.
        features: of its topics; float32 `[n, features]`.
        held: what the network holds of them, if it is used.
        context: what surrounds them, if what other streams taught is used.
    """

    history: History
    features: Table
    held: Embedded | None
    context: Context | None


class TgnForecaster:
    """Ranks by a temporal graph network over users and topics, as a correction to counting.

    `fit` trains the network to predict who will post where next, and then, with neural heads on a topic's
    embedding beside its log counts, its participants, its course and what became of earlier topics with like
    texts, to predict what became of the topics of past cuts. Beside them stand boosted trees on the same but the
    embedding, of which some see the counts alone, a linear model of the counts, and trees that were fitted on other
    streams (`Pretrained`), so that little data makes it no worse than counting. Their log-odds are averaged, with
    weights that depend on how many past cuts there were (`Shares`). Every fit starts anew, so that it depends on the
    mentions before `until`, the settings, those other streams and nothing else.

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
        self._fitted: Fitted | None = None
        #: What was kept beside the checkpoint that this was loaded from.
        self.extra_metadata: Mapping[str, Any] = {}

    @property
    def report(self) -> Mapping[str, Any]:
        """Of the latest fit: `link_losses` and `forecast_losses` by epoch, `rows`, `positives` by label, `seconds`."""
        return self._ready().report

    def fit(self, history: History, until: int) -> None:
        """Learn from what was before `until` (epoch seconds UTC), from nothing.

        A label with fewer than ten positives or negatives is not learnt.
        """
        clock = _Clock()
        with seeded(self.settings.seed):
            inputs = self._inputs()
            taught = self._taught(inputs.names, history.until(until))
            inputs.fit(history, until)
            clock.lap("links")
            past = inputs.past_cuts(history, until)
            clock.lap("features")
            examples = past.examples
            labels = tuple(label for label in examples.asked if _learnable(examples, label))
            trees = {label: self._fit_trees(past.features, inputs.views, examples, label) for label in labels}
            clock.lap("trees")
            linear = Linear.fit(past.features[:, : inputs.views[0]], examples, labels) if labels else None
            clock.lap("linear")
            heads, losses = self._fit_heads(inputs, past, labels) if labels else (None, [])
            clock.lap("forecast")
        report = {
            "link_losses": inputs.link_losses,
            "forecast_losses": losses,
            "rows": len(examples),
            "positives": {label: int(true.sum()) for label, true in examples.labels.items()},
            "seconds": clock.laps,
        }
        self._fitted = Fitted(inputs, labels, heads, trees, linear, taught, Shares.of(len(past.cuts)), until, report)

    def score(self, history: History, cut: Cut) -> Scores:
        """Scores in (0, 1), not calibrated, for each label that was learnt; NaN where it is not asked; (n,) each."""
        return self.forecast(history, cut).scores

    def growth(self, history: History, cut: Cut) -> Mapping[int, npt.NDArray[np.float64]]:
        """For each horizon in hours, expected log1p(after) - log1p(before) of each topic; (n,) each."""
        return self.forecast(history, cut).growth

    def forecast(self, history: History, cut: Cut) -> Forecast:
        """Scores and growth of a cut's topics.

        Args:
            history: at least until the cut; nothing later is looked at.
            cut: what is asked.

        Raises:
            RuntimeError: `fit` was not called.
        """
        return self.judge(cut, self.look(history, cut))

    def look(self, history: History, cut: Cut) -> Seen:
        """What `judge` needs to know; the memory goes on, so one at a time may look."""
        inputs = self._ready().inputs
        with one_thread(), torch.no_grad():
            features, held = inputs.at(history, cut)
        taught = self._ready().pretrained is not None
        return Seen(history, features, held, Context.at(history, cut, self.settings.labels) if taught else None)

    def judge(self, cut: Cut, seen: Seen) -> Forecast:
        """The forecast from what was seen at a cut; changes nothing, so many at a time may judge."""
        fitted = self._ready()
        horizons = self.settings.labels.horizons
        if not len(cut) or fitted.heads is None:
            none = np.full(len(cut), np.nan)
            return Forecast({label: np.empty(0) for label in fitted.labels}, dict.fromkeys(horizons, none))
        with one_thread(), torch.no_grad():
            log_odds, growth = fitted.judge(seen.features, _tensor(seen.held), seen.context, cut.asked)
        scores = {label: 1 / (1 + np.exp(-values)) for label, values in log_odds.items()}
        return Forecast(scores, dict(zip(horizons, growth.T, strict=True)))

    def contributors(self, cut: Cut, seen: Seen, forecast: Forecast | None = None) -> Contributors:
        """To whom the scores of a cut's best topics owe most; nothing may be taken in meanwhile.

        Args:
            cut, seen: as for `judge`.
            forecast: what `judge` gave, where that is known.
        """
        fitted, (history, features, held, context) = self._ready(), seen
        if not len(cut) or fitted.heads is None:
            return {label: [()] * len(cut) for label in fitted.labels}
        scores = (forecast or self.judge(cut, seen)).scores
        rows, users = participants_of(fitted.inputs.participants(history, cut), explained(cut, scores))
        chosen, place = np.unique(rows, return_inverse=True)
        embedding = _tensor(held)
        with one_thread(), torch.no_grad():
            whole, _ = fitted.judge(
                features[chosen],
                None if embedding is None else embedding[chosen],
                context and context.rows(chosen),
                _of_rows(cut, chosen),
            )
            without, _ = fitted.judge(
                *fitted.inputs.without(history, cut, (features, held), rows, users),
                context and context.rows(rows),
                _of_rows(cut, rows),
            )
        names = [history.user_name(user) for user in users]
        return {label: most(len(cut), rows, names, told[place] - without[label]) for label, told in whole.items()}

    def continues(self, history: History, moment: int) -> bool:
        """Whether the memory can be rolled forward to `moment` (epoch seconds UTC) along this history."""
        return self._ready().inputs.state.continues(history, moment)

    def advance(self, history: History, batches: int) -> bool:
        """Takes in what a question at the history's end would, so that it has less to do.

        Args:
            history: nothing is done while the memory cannot be rolled forward along it.
            batches: of the network, at most.

        Returns:
            Whether there are more.
        """
        inputs = self._ready().inputs
        if not inputs.state.continues(history, history.end):
            return False
        with one_thread():
            return inputs.advance(history, batches)

    def take_in(self, history: History) -> None:
        """Takes in all that a question at the history's end would; its memory must go on along it."""
        with one_thread():
            self._ready().inputs.advance(history, None)

    @property
    def rolling(self) -> RollingState:
        """The network's state."""
        return self._ready().inputs.state

    def keep_back(self, batches: int) -> None:
        """From now on so many batches of the network can be taken back, for a question about a moment just past."""
        self._ready().inputs.state.keep_back(batches)

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
        state = fitted.inputs.state
        tensors = {f"network.{name}": value for name, value in state.model.state_dict().items()}
        tensors |= fitted.tensors()
        metadata = {
            "settings": asdict(self.settings),
            "label_definitions": asdict(self.settings.labels),
            "labels": fitted.labels,
            "shares": list(fitted.shares),
            "pretrained": fitted.pretrained and dict(fitted.pretrained.origin),
            "seed": self.settings.seed,
            "until": fitted.until,
            "report": fitted.report,
            "nodes": state.model.num_nodes,
            "features": fitted.inputs.names,
            "state": {"size": state.size, "until": state.until, "digest": state.digest},
            "vocabulary": state.vocabulary,
            "extra": dict(extra_metadata or {}),
        }
        save_checkpoint(folder, KIND, Checkpoint(tensors, metadata))

    @classmethod
    def load(cls, folder: Path, memory: CutMemory | None = None, *, knows_nodes: bool = True) -> Self:
        """The forecaster that `save` wrote.

        Args:
            folder: where it is.
            memory: as for the constructor.
            knows_nodes: whether its network knows what it had seen; else its memory is empty.

        Raises:
            CheckpointError: it is missing, truncated, changed, foreign, or counts other features.
        """
        checkpoint = load_checkpoint(folder, KIND, lambda name: knows_nodes or not is_of_nodes(name.partition(".")[2]))
        try:
            return cls._from_checkpoint(checkpoint, memory, folder)
        except (KeyError, TypeError, ValueError, RuntimeError, lightgbm.basic.LightGBMError) as error:
            reason = " ".join(str(error).split())
            raise CheckpointError(f"{folder} is of another release, or not whole: {reason}") from error

    @classmethod
    def _from_checkpoint(cls, checkpoint: Checkpoint, memory: CutMemory | None, folder: Path) -> Self:
        metadata, tensors = checkpoint.metadata, checkpoint.tensors
        settings = ForecasterSettings.from_json(metadata["settings"])
        forecaster = cls(settings, memory)
        inputs = forecaster._inputs()
        if metadata["features"] != inputs.names:
            raise CheckpointError(f"{folder} was fitted on other features than this release computes")
        weights = _part(checkpoint, "network.")
        if any(map(is_of_nodes, weights)):
            inputs.resume(metadata["nodes"], weights, **metadata["state"], vocabulary=metadata["vocabulary"])
        else:
            inputs.begin(weights)
        labels = tuple(metadata["labels"])
        forecaster._fitted = Fitted(
            inputs=inputs,
            labels=labels,
            heads=_load_heads(checkpoint, inputs, len(labels)) if labels else None,
            trees={
                label: [
                    from_tensor(tensors[f"trees.{label}.{n}"])
                    for n in range(settings.boosting.seeds * len(inputs.views))
                ]
                for label in labels
            },
            linear=Linear.from_tensors(_part(checkpoint, "linear.")) if labels else None,
            pretrained=_load_pretrained(checkpoint),
            shares=Shares(*metadata["shares"]),
            until=metadata["until"],
            report=dict(metadata["report"]),
        )
        forecaster.extra_metadata = dict(metadata.get("extra", {}))
        return forecaster

    def _inputs(self) -> TopicInputs:
        return TopicInputs(self.settings, self._memory)

    def _ready(self) -> Fitted:
        if self._fitted is None:
            raise RuntimeError("the forecaster has not been fitted")
        return self._fitted

    def _taught(self, names: list[str], past: History) -> Pretrained | None:
        # They judge by counts and by who takes part; where that is not known they mislead.
        seen = names[: len(TOPIC_NAMES)] == list(TOPIC_NAMES)
        known = seen and len(past) > 0 and float((past.user >= 0).mean()) >= _KNOWN_USERS
        return pretrained_of(self.settings.pretrained) if known else None

    def _fit_heads(self, inputs: TopicInputs, past: PastCuts, labels: tuple[str, ...]) -> tuple[Heads, list[float]]:
        state = inputs.state if inputs.uses_network else None
        trainer = ForecastTrainer(state, past, labels, self.settings.heads)
        losses = trainer.fit()
        return trainer.heads, losses

    def _fit_trees(self, features: Table, views: list[int], examples: Examples, label: str) -> list[lightgbm.Booster]:
        asked, settings = examples.asked[label], self.settings
        return fit_trees(
            features[asked],
            examples.labels[label][asked],
            examples.likely[label][asked],
            views,
            settings.boosting,
            settings.seed,
            settings.threads,
        )


def _of_rows(cut: Cut, rows: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.bool_]]:
    """What labels are asked of some of a cut's topics."""
    return {label: asked[rows] for label, asked in cut.asked.items()}


class _Clock:
    def __init__(self) -> None:
        self._last = time.perf_counter()
        self.laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name], self._last = round(now - self._last, 3), now


def _tensor(held: Embedded | None) -> torch.Tensor | None:
    return torch.from_numpy(held.embedding) if held else None


def _learnable(examples: Examples, label: str) -> bool:
    outcomes = examples.labels[label][examples.asked[label]]
    return min(int(outcomes.sum()), int((~outcomes).sum())) >= MIN_EXAMPLES


def _part(checkpoint: Checkpoint, prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in checkpoint.tensors.items() if name.startswith(prefix)}


def _load_pretrained(checkpoint: Checkpoint) -> Pretrained | None:
    # Models of the releases before have none.
    origin = checkpoint.metadata.get("pretrained")
    return None if origin is None else Pretrained.from_tensors(_part(checkpoint, "pretrained."), origin)


def _load_heads(checkpoint: Checkpoint, inputs: TopicInputs, labels: int) -> Heads:
    embedding = inputs.settings.model.memory_dim if inputs.uses_network else 0
    horizons = len(inputs.settings.labels.horizons)
    heads = Heads(len(inputs.names), embedding, labels, inputs.settings.heads, horizons)
    heads.load_state_dict(_part(checkpoint, "heads."))
    return heads.eval()
