"""Gradient-boosted trees: how they are fitted, asked and kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Table = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class BoostingSettings:
    """How LightGBM (Ke et al. 2017) is fitted.

    Args:
        trees, leaves, learning_rate, min_leaf, columns, bins: LightGBM's.
        further_rate: the learning rate of trees that go on from others.
        most_questions: that are learnt from.
    """

    trees: int = 300
    leaves: int = 31
    learning_rate: float = 0.05
    min_leaf: int = 100
    columns: float = 0.4
    bins: int = 63
    further_rate: float = 0.02
    most_questions: int = 150_000


def fit_trees(
    inputs: Table,
    likely: npt.NDArray[np.float32],
    weight: npt.NDArray[np.float32],
    settings: BoostingSettings,
    seed: int = 0,
    threads: int = 1,
    begin: npt.NDArray[np.float64] | None = None,
) -> lightgbm.Booster:
    """A booster of log-odds; the same seed and number of threads give the same bits.

    Args:
        inputs: `[rows, columns]`.
        likely: what is learnt, in [0, 1]; (rows,).
        weight: of each row; (rows,).
        settings: how.
        seed: of all chance.
        threads: LightGBM's.
        begin: log-odds that are known already: the booster learns what to add to them; (rows,).
    """
    parameters: dict[str, Any] = {
        "objective": "cross_entropy",
        "num_leaves": settings.leaves,
        "learning_rate": settings.learning_rate if begin is None else settings.further_rate,
        "min_data_in_leaf": settings.min_leaf,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "feature_fraction": settings.columns,
        "max_bin": settings.bins,
        "num_threads": threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
        "seed": seed,
    }
    data = lightgbm.Dataset(inputs, likely, weight=weight, init_score=begin, params=parameters)
    # As text and back, so that a booster just fitted and one loaded are the same to the last bit.
    return from_tensor(to_tensor(lightgbm.train(parameters, data, settings.trees)))


def with_needed(table: Table, needed: npt.NDArray[Any]) -> Table:
    """A table with the logarithm of the mentions asked as its last column."""
    return np.column_stack([table, np.log(needed)]).astype(np.float32, copy=False)


def log_odds(booster: lightgbm.Booster, table: Table) -> npt.NDArray[np.float64]:
    """Of each row of a table that has all of the booster's columns; (rows,)."""
    found: npt.NDArray[np.float64] = booster.predict(table, raw_score=True, num_threads=1)  # type: ignore[assignment]
    return found


def to_tensor(booster: lightgbm.Booster) -> Tensor:
    """A booster's text as bytes, uint8 `[length]`."""
    return torch.frombuffer(bytearray(booster.model_to_string().encode()), dtype=torch.uint8)


def from_tensor(text: Tensor) -> lightgbm.Booster:
    """The booster whose text was kept by `to_tensor`."""
    return lightgbm.Booster(model_str=text.numpy().tobytes().decode())
