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

from trend_assets.forecasting.context import CONTEXT_NAMES
from trend_assets.forecasting.features import COUNT_NAMES
from trend_assets.tgn.boosting import BoostingSettings, fit_trees, from_tensor, log_odds, to_tensor, with_needed
from trend_assets.tgn.checkpoint import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from trend_assets.tgn.participants import PARTICIPANT_NAMES

KIND = "pretrained_trees"
#: Made by `python -m trend_assets_tests.benchmarks.pretraining`; the folder says of which streams.
SHIPPED = Path(__file__).with_name("shipped")

#: What they see of a topic: its first columns as `TopicInputs.names` begins with them.
TOPIC_NAMES = (*COUNT_NAMES, *CONTEXT_NAMES, *PARTICIPANT_NAMES)
#: And what they are asked: whether it gets so many mentions in so many hours.
COLUMNS = (*TOPIC_NAMES, "horizon", "needed")

_SETTINGS = BoostingSettings(trees=600)
_BOOSTER = "trees"


class Lesson(NamedTuple):
    """What one stream teaches of one horizon.

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
    """A booster that says how likely a topic of any stream gets at least so many mentions in so many hours.

    Args:
        booster: the last two of its columns are the logarithms of the hours and of the mentions.
        origin: of which streams it was made, and until when; JSON values.
    """

    booster: lightgbm.Booster
    origin: Mapping[str, Any]

    @classmethod
    def fit(cls, lessons: Sequence[Lesson], origin: Mapping[str, Any], threads: int = 1) -> Self:
        """Fits LightGBM (Ke et al. 2017) on what streams teach; the same lessons give the same bits."""
        return cls(_fitted(lessons, threads), origin)

    def log_odds(
        self, features: npt.NDArray[np.float32], hours: int, needed: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        """Of getting the mentions that are needed, (rows,); not calibrated.

        Args:
            features: columns that begin with `TOPIC_NAMES`, `[rows, columns]`.
            hours: of the horizon.
            needed: mentions; (rows,).
        """
        return log_odds(self.booster, asked_of(features[:, : len(TOPIC_NAMES)], hours, needed))

    def tensors(self) -> dict[str, Tensor]:
        """What a checkpoint keeps."""
        return {_BOOSTER: to_tensor(self.booster)}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], origin: Mapping[str, Any]) -> Self:
        """The one whose `tensors` were kept."""
        return cls(from_tensor(tensors[_BOOSTER]), origin)

    def save(self, folder: Path) -> None:
        """Writes it into a new folder."""
        save_checkpoint(folder, KIND, Checkpoint(self.tensors(), {"columns": COLUMNS, "origin": dict(self.origin)}))


def asked_of(features: npt.NDArray[np.float32], hours: int, needed: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """What the trees see: columns as `COLUMNS` of topics as `TOPIC_NAMES`."""
    horizon = np.full((len(features), 1), np.log(hours), np.float32)
    return with_needed(np.concatenate([features, horizon], axis=1), needed)


@lru_cache(maxsize=4)
def load_pretrained(folder: Path = SHIPPED) -> Pretrained:
    """The one that `Pretrained.save` wrote; by default that of this release.

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
    weight = np.concatenate([each.weight / each.weight.sum() * np.sqrt(len(each.weight)) for each in lessons])
    inputs, likely = (
        np.concatenate(found) for found in zip(*((each.table, each.likely) for each in lessons), strict=True)
    )
    return fit_trees(inputs, likely, weight / weight.mean(), _SETTINGS, threads=threads)
