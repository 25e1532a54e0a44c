"""Trees that were fitted on other streams: what rises everywhere alike need not be learnt anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Self

import lightgbm
import numpy as np
import numpy.typing as npt
from torch import Tensor

from trend_assets.forecasting.context import CONTEXT_NAMES, Context
from trend_assets.forecasting.features import COUNT_NAMES
from trend_assets.tgn.boosting import from_tensor, to_tensor
from trend_assets.tgn.checkpoint import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from trend_assets.tgn.participants import RECORD_NAMES

KIND = "pretrained_trees"
#: Made by `python -m trend_assets_tests.benchmarks.pretraining`; the folder says of which streams.
SHIPPED = Path(__file__).with_name("shipped")

#: What they see of a topic: its first columns as `TopicInputs.names` begins with them, then its context.
TOPIC_NAMES = (*COUNT_NAMES, *RECORD_NAMES)
COLUMNS = (*TOPIC_NAMES, *CONTEXT_NAMES)

_PARAMETERS: Mapping[str, Any] = {
    "objective": "cross_entropy",
    "num_leaves": 31,
    "learning_rate": 0.05,
    "min_data_in_leaf": 100,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "feature_fraction": 0.4,
    "max_bin": 63,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
_TREES = 250


class Lesson(NamedTuple):
    """What one stream teaches of a label.

    Attributes:
        table: columns as `COLUMNS`, `[rows, columns]`.
        likely: what is learnt, in [0, 1]; (rows,).
        weight: of each row; streams are weighed against each other by the root of their rows; (rows,).
    """

    table: npt.NDArray[np.float32]
    likely: npt.NDArray[np.float32]
    weight: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Pretrained:
    """A booster for each label of some; log-odds of any stream's topics.

    Args:
        trees: by label, as `emerges` and `emerges_6h`.
        origin: of which streams they were made, and until when; JSON values.
    """

    trees: Mapping[str, lightgbm.Booster]
    origin: Mapping[str, Any]

    @classmethod
    def fit(cls, lessons: Mapping[str, Sequence[Lesson]], origin: Mapping[str, Any], threads: int = 1) -> Self:
        """Fits LightGBM (Ke et al. 2017) on what streams teach, label by label; the same lessons give the same bits."""
        return cls({label: _fitted(each, threads) for label, each in lessons.items()}, origin)

    def log_odds(self, label: str, features: npt.NDArray[np.float32], context: Context) -> npt.NDArray[np.float64]:
        """Of a label that there is, (rows,); not calibrated.

        Args:
            features: columns that begin with `TOPIC_NAMES`, `[rows, columns]`.
            context: of the same rows.
        """
        table = np.concatenate([features[:, : len(TOPIC_NAMES)], context.of(label)], axis=1)
        found: npt.NDArray[np.float64] = self.trees[label].predict(table, raw_score=True, num_threads=1)  # type: ignore[assignment]
        return found

    def tensors(self) -> dict[str, Tensor]:
        """What a checkpoint keeps, by label."""
        return {label: to_tensor(booster) for label, booster in self.trees.items()}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], origin: Mapping[str, Any]) -> Self:
        """Those whose `tensors` were kept."""
        return cls({label: from_tensor(text) for label, text in tensors.items()}, origin)

    def save(self, folder: Path) -> None:
        """Writes them into a new folder."""
        save_checkpoint(folder, KIND, Checkpoint(self.tensors(), {"columns": COLUMNS, "origin": dict(self.origin)}))


@lru_cache(maxsize=4)
def load_pretrained(folder: Path = SHIPPED) -> Pretrained:
    """Those that `Pretrained.save` wrote; by default those that this release brings.

    Raises:
        CheckpointError: they cannot be read, or see other columns than this release computes.
    """
    kept = load_checkpoint(folder, KIND)
    if tuple(kept.metadata["columns"]) != COLUMNS:
        raise CheckpointError(f"{folder} was fitted on other columns than this release computes: make it anew")
    return Pretrained.from_tensors(kept.tensors, kept.metadata["origin"])


def pretrained_of(name: str) -> Pretrained | None:
    """Those of a setting: `shipped`, `none`, or a folder.

    Raises:
        CheckpointError: as for `load_pretrained`.
    """
    if name == "none":
        return None
    return load_pretrained(SHIPPED if name == "shipped" else Path(name))


def _fitted(lessons: Sequence[Lesson], threads: int) -> lightgbm.Booster:
    # A stream of a hundred times the rows teaches ten times as much.
    weights = [each.weight / each.weight.sum() * np.sqrt(len(each.weight)) for each in lessons]
    weight = np.concatenate(weights)
    parameters = dict(_PARAMETERS, num_threads=threads, seed=0)
    data = lightgbm.Dataset(
        np.concatenate([each.table for each in lessons]),
        np.concatenate([each.likely for each in lessons]),
        weight=weight / weight.mean(),
        params=parameters,
    )
    # As text and back, so that those just fitted and those loaded are the same to the last bit.
    return from_tensor(to_tensor(lightgbm.train(parameters, data, _TREES)))
