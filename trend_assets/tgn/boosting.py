"""Gradient-boosted trees over a topic's features, used beside the neural heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import lightgbm
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from trend_assets.forecasting.sampling import drawn


@dataclass(frozen=True, slots=True)
class BoostingSettings:
    """How LightGBM (Ke et al. 2017) is fitted.

    Args:
        trees, leaves, learning_rate, min_leaf, columns, bins: LightGBM's.
        seeds: how many boosters each view of the features gets.
        negatives: of the topics that did not rise, so many are drawn for each one that did, and weigh for all:
            most of a large stream says the same over and over.
    """

    trees: int = 150
    leaves: int = 15
    learning_rate: float = 0.05
    min_leaf: int = 50
    columns: float = 0.4
    bins: int = 63
    negatives: int = 10
    seeds: int = 1


def fit_trees(
    features: npt.NDArray[np.float32],
    outcomes: npt.NDArray[np.bool_],
    likely: npt.NDArray[np.float32],
    widths: Sequence[int],
    settings: BoostingSettings,
    seed: int,
    threads: int,
) -> list[lightgbm.Booster]:
    """A committee of boosters that see more and more: the first `width` columns, for each of `widths`.

    With few examples those that see little hold, with many those that see all. The same seed and number of
    threads give the same bits.

    Args:
        features: `[rows, columns]`.
        outcomes: which came true; (rows,).
        likely: what is learnt, in [0, 1]; (rows,).
        widths: ascending.
        settings: how.
        seed: of all chance.
        threads: LightGBM's.
    """
    parameters = {
        "objective": "cross_entropy",
        "num_leaves": settings.leaves,
        "learning_rate": settings.learning_rate,
        "min_data_in_leaf": settings.min_leaf,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "feature_fraction": settings.columns,
        "max_bin": settings.bins,
        "num_threads": threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    rows, weights = drawn(outcomes, settings.negatives, np.random.default_rng(seed))
    features, targets = features[rows], likely[rows]
    committee = []
    for width in widths:
        data = lightgbm.Dataset(np.ascontiguousarray(features[:, :width]), targets, weight=weights, params=parameters)
        data.construct()
        for number in range(settings.seeds):
            booster = lightgbm.train(parameters | {"seed": seed + number}, data, settings.trees)
            # As text and back, so that a booster just fitted and one loaded are the same to the last bit.
            committee.append(from_tensor(to_tensor(booster)))
    return committee


def mean_logit(boosters: Sequence[lightgbm.Booster], features: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Mean log-odds of a committee, shape (rows,)."""
    views = {width: np.ascontiguousarray(features[:, :width]) for width in {each.num_feature() for each in boosters}}
    scores = [each.predict(views[each.num_feature()], raw_score=True, num_threads=1) for each in boosters]
    mean: npt.NDArray[np.float64] = np.mean(cast(list[npt.NDArray[np.float64]], scores), axis=0)
    return mean


def to_tensor(booster: lightgbm.Booster) -> Tensor:
    """A booster's text as bytes, uint8 `[length]`."""
    return torch.frombuffer(bytearray(booster.model_to_string().encode()), dtype=torch.uint8)


def from_tensor(text: Tensor) -> lightgbm.Booster:
    """The booster whose text was kept by `to_tensor`."""
    return lightgbm.Booster(model_str=text.numpy().tobytes().decode())
