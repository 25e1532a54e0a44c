"""How good a ranking was: precision and NDCG at k, calibration error, bootstrap over weeks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.labels import WEEK

FloatArray = npt.NDArray[np.floating]
BoolArray = npt.NDArray[np.bool_]

_DAY = 24 * 3600
# 1970-01-05 was the first Monday.
_FIRST_MONDAY = 4 * _DAY


def ranked(scores: FloatArray) -> npt.NDArray[np.intp]:
    """Positions from the highest score to the lowest; ties keep their order."""
    return np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")


def precision_at_k(relevant: BoolArray, scores: FloatArray, k: int = 10) -> float:
    """Share of relevant items among the k with the highest scores; shapes (n,).

    Raises:
        ValueError: fewer than k items, lengths that differ, or a score that is not a number.
    """
    _check(relevant, scores, k)
    return float(relevant[ranked(scores)[:k]].mean())


def ndcg_at_k(relevant: BoolArray, scores: FloatArray, k: int = 10) -> float:
    """Normalised discounted cumulative gain at k with binary gain (Järvelin & Kekäläinen 2002).

    Args:
        relevant: shape (n,).
        scores: shape (n,).

    Raises:
        ValueError: nothing relevant, fewer than k items, lengths that differ, a score that is no number.
    """
    _check(relevant, scores, k)
    hits = int(np.count_nonzero(relevant))
    if not hits:
        raise ValueError("NDCG is not defined where nothing is relevant")
    discounts = 1.0 / np.log2(np.arange(k) + 2.0)
    gain = discounts[relevant[ranked(scores)[:k]]].sum()
    return float(gain / discounts[: min(hits, k)].sum())


def calibration_bins(outcomes: BoolArray, confidence: FloatArray, bins: int = 10) -> list[tuple[float, float, int]]:
    """Stated confidence beside what came true, over bins of equal width.

    Args:
        outcomes: shape (n,).
        confidence: in [0, 1]; shape (n,).

    Returns:
        Of each bin that holds any: mean confidence, share that came true, how many.

    Raises:
        ValueError: nothing to measure, lengths that differ, or a confidence outside [0, 1].
    """
    if not len(outcomes) or len(outcomes) != len(confidence):
        raise ValueError(f"{len(outcomes)} outcomes for {len(confidence)} confidences")
    if not np.all((confidence >= 0) & (confidence <= 1)):
        raise ValueError("confidence must lie in [0, 1]")
    index = np.minimum((np.asarray(confidence, dtype=np.float64) * bins).astype(np.intp), bins - 1)
    counts = np.bincount(index, minlength=bins)
    stated = np.bincount(index, weights=confidence, minlength=bins)
    real = np.bincount(index, weights=outcomes, minlength=bins)
    return [
        (float(stated[number] / counts[number]), float(real[number] / counts[number]), int(counts[number]))
        for number in np.flatnonzero(counts)
    ]


def expected_calibration_error(outcomes: BoolArray, confidence: FloatArray, bins: int = 10) -> float:
    """Mean distance of stated confidence from what came true, over `calibration_bins` (Naeini 2015)."""
    distances = (abs(said - true) * count for said, true, count in calibration_bins(outcomes, confidence, bins))
    return sum(distances) / len(outcomes)


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its bootstrap interval."""

    mean: float
    low: float
    high: float


def week_start(times: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Monday 00:00 UTC of each epoch second's week, in epoch seconds."""
    seconds = np.asarray(times, dtype=np.int64)
    return seconds - (seconds - _FIRST_MONDAY) % WEEK


def paired_bootstrap(
    differences: FloatArray,
    times: npt.NDArray[np.int64],
    level: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
    whole: Literal["weeks", "days"] = "weeks",
) -> Interval:
    """Percentile interval of a mean paired difference, resampling whole weeks (Efron & Tibshirani 1993).

    Cuts of a week share topics, so that single cuts would make the interval too narrow.

    Args:
        differences: one ranking's metric minus the other's at each cut; shape (cuts,).
        times: epoch seconds UTC of the cuts; shape (cuts,).
        whole: what is resampled; days (UTC) where there are too few weeks.

    Raises:
        ValueError: no cut, or lengths that differ.
    """
    if not len(differences) or len(differences) != len(times):
        raise ValueError(f"{len(differences)} differences for {len(times)} cuts")
    blocks = week_start(times) if whole == "weeks" else np.asarray(times) // _DAY
    _, block = np.unique(blocks, return_inverse=True)
    sums = np.bincount(block, weights=differences)
    sizes = np.bincount(block)
    drawn = np.random.default_rng(seed).integers(len(sums), size=(resamples, len(sums)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(np.mean(differences)), float(low), float(high))


def _check(relevant: BoolArray, scores: FloatArray, k: int) -> None:
    if len(relevant) != len(scores):
        raise ValueError(f"{len(scores)} scores for {len(relevant)} items")
    if len(relevant) < k:
        raise ValueError(f"{len(relevant)} items are fewer than k = {k}")
    if np.isnan(scores).any():
        raise ValueError("a score is not a number")
