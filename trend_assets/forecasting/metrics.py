"""How good a ranking was: precision and NDCG at k, calibration error, bootstrap over weeks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]
BoolArray = npt.NDArray[np.bool_]

_DAY = 24 * 3600
_WEEK = 7 * _DAY
#: Fewer are too few to resample.
FEWEST_WEEKS = 4
# 1970-01-05 was the first Monday.
_FIRST_MONDAY = 4 * _DAY


def ranked(scores: FloatArray) -> npt.NDArray[np.intp]:
    """Positions from the highest score to the lowest; equal ones keep their order, which a table must have.

    No metric looks at that order: see `score_lists`.
    """
    return np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")


@dataclass(frozen=True, slots=True, eq=False)
class ListScores:
    """How good rankings of many lists were; those that cannot be measured are left out.

    Args:
        lists: numbers of the lists, ascending; shape (m,).
        precision: at k; shape (m,).
        ndcg: at k; shape (m,).
    """

    lists: npt.NDArray[np.int64]
    precision: npt.NDArray[np.float64]
    ndcg: npt.NDArray[np.float64]


def score_lists(lists: npt.NDArray[np.integer], relevant: BoolArray, scores: FloatArray, k: int = 10) -> ListScores:
    """Precision and NDCG at k of many ranked lists with binary gain, in expectation over the order of ties.

    Items with equal scores stand in an order that nobody chose, so each order is equally likely. Of a group of n
    tied items at ranks c + 1 to c + n, of which r are relevant, each rank holds a relevant one with probability
    r / n. So with the discount d(i) = 1 / log2(i + 1)

        expected precision@k = 1 / k * sum over groups of r / n * (number of its ranks <= k)
        expected DCG@k       =         sum over groups of r / n * (sum of d over its ranks <= k)

    (McSherry & Najork 2008, "Computing Information Retrieval Performance Measures Efficiently in the Presence of
    Tied Scores", ECIR; DCG and its ideal: Järvelin & Kekäläinen 2002.) The ideal does not depend on ties.

    A list with fewer than k items, or with nothing relevant, tells nothing: it is left out.

    Args:
        lists: to which list each item belongs, a number >= 0; shape (n,).
        relevant: shape (n,).
        scores: the higher the better; shape (n,).

    Raises:
        ValueError: lengths that differ, or a score that is not a number.
    """
    if not len(lists) == len(relevant) == len(scores):
        raise ValueError(f"{len(scores)} scores for {len(relevant)} items")
    if np.isnan(scores).any():
        raise ValueError("a score is not a number")
    if not len(lists):
        return ListScores(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0))
    order = np.lexsort((-np.asarray(scores, dtype=np.float64), lists))
    number, score = np.asarray(lists, dtype=np.int64)[order], np.asarray(scores)[order]
    new_list = np.ones(len(order), dtype=np.bool_)
    new_list[1:] = number[1:] != number[:-1]
    new_group = new_list.copy()
    new_group[1:] |= score[1:] != score[:-1]
    group_at, list_at = np.flatnonzero(new_group), np.flatnonzero(new_list)
    hits = np.concatenate([[0], np.cumsum(np.asarray(relevant, dtype=np.int64)[order])])
    group_end = np.append(group_at[1:], len(order))
    share = (hits[group_end] - hits[group_at]) / (group_end - group_at)
    list_of_group = np.cumsum(new_list)[group_at] - 1
    first = np.minimum(group_at - list_at[list_of_group], k)
    last = np.minimum(group_end - list_at[list_of_group], k)
    discounted = np.concatenate([[0.0], np.cumsum(1.0 / np.log2(np.arange(k) + 2.0))])
    found = np.bincount(list_of_group, share * (last - first), minlength=len(list_at))
    gain = np.bincount(list_of_group, share * (discounted[last] - discounted[first]), minlength=len(list_at))
    list_end = np.append(list_at[1:], len(order))
    positives = hits[list_end] - hits[list_at]
    told = (list_end - list_at >= k) & (positives > 0)
    ideal = discounted[np.minimum(positives[told], k)]
    return ListScores(number[list_at][told], found[told] / k, gain[told] / ideal)


def precision_at_k(relevant: BoolArray, scores: FloatArray, k: int = 10) -> float:
    """Share of relevant items among the k with the highest scores, in expectation over ties (`score_lists`).

    Args:
        relevant: shape (n,), some true.
        scores: shape (n,).

    Raises:
        ValueError: nothing relevant, fewer than k items, lengths that differ, a score that is no number.
    """
    return float(_one(relevant, scores, k).precision[0])


def ndcg_at_k(relevant: BoolArray, scores: FloatArray, k: int = 10) -> float:
    """Normalised discounted cumulative gain at k with binary gain, in expectation over ties (`score_lists`).

    Args:
        relevant: shape (n,), some true.
        scores: shape (n,).

    Raises:
        ValueError: nothing relevant, fewer than k items, lengths that differ, a score that is no number.
    """
    return float(_one(relevant, scores, k).ndcg[0])


def _one(relevant: BoolArray, scores: FloatArray, k: int) -> ListScores:
    if len(relevant) < k:
        raise ValueError(f"{len(relevant)} items are fewer than k = {k}")
    if not np.any(relevant):
        raise ValueError("there is no score where nothing is relevant")
    return score_lists(np.zeros(len(relevant), dtype=np.int64), relevant, scores, k)


def calibration_bins(outcomes: BoolArray, confidence: FloatArray, bins: int = 10) -> list[tuple[float, float, int]]:
    """Stated confidence beside what came true, over bins that hold equally many (Nguyen and O'Connor 2015).

    Most topics have a confidence near zero: bins of equal width would hold almost all of them in the first one.

    Args:
        outcomes: shape (n,).
        confidence: in [0, 1]; shape (n,).

    Returns:
        Of each bin that holds any, the least confident first: mean confidence, share that came true, how many.

    Raises:
        ValueError: nothing to measure, lengths that differ, or a confidence outside [0, 1].
    """
    if not len(outcomes) or len(outcomes) != len(confidence):
        raise ValueError(f"{len(outcomes)} outcomes for {len(confidence)} confidences")
    if not np.all((confidence >= 0) & (confidence <= 1)):
        raise ValueError("confidence must lie in [0, 1]")
    filled = np.array_split(np.argsort(confidence, kind="stable"), min(bins, len(confidence)))
    return [(float(confidence[rows].mean()), float(outcomes[rows].mean()), len(rows)) for rows in filled]


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
    return seconds - (seconds - _FIRST_MONDAY) % _WEEK


def whole_blocks(times: npt.ArrayLike) -> Literal["weeks", "days"]:
    """What to resample of cuts at some times (epoch seconds): days where there are fewer than four weeks."""
    return "weeks" if len(np.unique(week_start(times))) >= FEWEST_WEEKS else "days"


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
