"""From scores to probabilities, learnt on past cuts only, or refused with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.history import HOUR, History
from trend_assets.forecasting.labels import WEEK, LabelSettings, make_cut, outcomes
from trend_assets.forecasting.metrics import ndcg_at_k
from trend_assets.forecasting.ranking import Ranking

FloatArray = npt.NDArray[np.floating]
BoolArray = npt.NDArray[np.bool_]
Method = Literal["isotonic", "platt"]

#: Positives (and negatives) that each method needs; isotonic steps are noise with fewer.
ISOTONIC_EXAMPLES = 200
PLATT_EXAMPLES = 30
_NEAR_ZERO = 1e-6
_TOP = 10


@dataclass(frozen=True, slots=True)
class Calibrator:
    """Turns a ranking's scores into probabilities; it never turns their order round.

    Args:
        method: `isotonic` (Zadrozny & Elkan 2002): `x` are scores, `y` probabilities between which it
            interpolates; `platt` (Platt 1999): `x` is the slope, `y` the intercept of a logistic curve.
        logit: whether `platt` reads the log-odds of scores that are probabilities.
    """

    method: Method
    x: tuple[float, ...]
    y: tuple[float, ...]
    logit: bool = False

    def confidence(self, scores: FloatArray) -> npt.NDArray[np.float64]:
        """Probabilities in [0, 1] for scores of shape (n,)."""
        if self.method == "isotonic":
            return np.clip(np.interp(scores, self.x, self.y), 0.0, 1.0)
        return _logistic(self.x[0] * _scale(scores, self.logit) + self.y[0])

    def to_dict(self) -> dict[str, Any]:
        """JSON values from which `from_dict` makes it again."""
        return {"method": self.method, "x": list(self.x), "y": list(self.y), "logit": self.logit}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Calibrator:
        """The calibrator of `to_dict`.

        Raises:
            ValueError: values that `to_dict` does not make.
        """
        x, y = (tuple(float(value) for value in values[name]) for name in ("x", "y"))
        sizes = len(x) == len(y) and (len(x) == 1 if values["method"] == "platt" else len(x) > 0)
        if values["method"] not in ("isotonic", "platt") or not sizes:
            raise ValueError(f"not a calibrator: method {values['method']!r}, {len(x)} x, {len(y)} y")
        return cls(values["method"], x, y, bool(values["logit"]))


@dataclass(frozen=True, slots=True)
class Calibration:
    """What came of calibrating one label: a calibrator, or the reason why there is none.

    `ndcg_at_10` is the ranking's mean over the cuts that were held out and count (at least ten topics,
    at least one that came true), none where there were no such cuts; `by_cut` has it cut by cut (epoch
    seconds UTC).
    """

    calibrator: Calibrator | None
    reason: str | None
    examples: int
    positives: int
    ndcg_at_10: float | None = None
    by_cut: Mapping[int, float] = field(default_factory=dict)


def fit_calibrator(scores: FloatArray, came_true: BoolArray) -> Calibration:
    """Calibrate on scores that were given before their outcomes were known.

    Isotonic regression where there are enough positives and negatives, Platt's logistic curve where
    there are few, neither where there are too few or where the score says nothing.

    Args:
        scores: shape (n,).
        came_true: shape (n,).
    """
    if len(scores) != len(came_true):
        raise ValueError(f"{len(scores)} scores for {len(came_true)} outcomes")
    scores = np.asarray(scores, dtype=np.float64)
    positives = int(np.count_nonzero(came_true))
    scarce = min(positives, len(scores) - positives)
    if scarce < PLATT_EXAMPLES:
        reason = (
            f"{positives} of {len(scores)} past predictions came true: "
            f"calibration needs at least {PLATT_EXAMPLES} that did and as many that did not"
        )
        return Calibration(None, reason, len(scores), positives)
    fit = _isotonic if scarce >= ISOTONIC_EXAMPLES else _platt
    calibrator = fit(scores, came_true)
    refusal = None if calibrator else "what came true had no higher scores than what did not"
    return Calibration(calibrator, refusal, len(scores), positives)


def fit_calibrated(
    ranking: Ranking,
    history: History,
    until: int,
    settings: LabelSettings,
    weeks: int = 8,
    every_hours: int = 6,
) -> dict[str, Calibration]:
    """Fit a ranking, with calibrators that stand on scores which it gave without knowing the outcome.

    The ranking is fitted on what was before the last `weeks`, scores their cuts as if each were now,
    and is then fitted again on everything before `until`, as which it is left.

    Args:
        until: epoch seconds UTC; nothing at or after it is looked at.

    Returns:
        A calibration for each label.
    """
    past = history.until(until)
    begin = until - weeks * WEEK
    step = every_hours * HOUR
    labels = settings.hours_of
    scores: dict[str, list[FloatArray]] = {label: [] for label in labels}
    came_true: dict[str, list[BoolArray]] = {label: [] for label in labels}
    times: dict[str, list[int]] = {label: [] for label in labels}
    if begin >= past.start:
        ranking.fit(past.until(begin), begin)
        last = min(until, past.end) - min(settings.horizons) * HOUR
        for time in range(-(-begin // step) * step, last + 1, step):
            cut = make_cut(past, time, settings)
            became = outcomes(past, cut, settings)
            for label, score in ranking.score(past.until(time), cut).items():
                if label not in became.labels:
                    continue
                asked = cut.asked[label]
                scores[label].append(score[asked])
                came_true[label].append(became.labels[label][asked])
                times[label].append(time)
    ranking.fit(past, until)
    return {label: _calibration(times[label], scores[label], came_true[label]) for label in labels}


def _calibration(times: list[int], scores: list[FloatArray], came_true: list[BoolArray]) -> Calibration:
    """Of one label, from its held-out cuts."""
    by_cut = {
        time: ndcg_at_k(truth, score)
        for time, score, truth in zip(times, scores, came_true, strict=True)
        if len(truth) >= _TOP and truth.any()
    }
    calibration = fit_calibrator(
        np.concatenate([np.empty(0), *scores]), np.concatenate([np.empty(0, np.bool_), *came_true])
    )
    mean = float(np.mean(list(by_cut.values()))) if by_cut else None
    return replace(calibration, ndcg_at_10=mean, by_cut=by_cut)


def _isotonic(scores: FloatArray, came_true: BoolArray) -> Calibrator | None:
    # Taken where it is used: it takes a second to load, and every hourly run loads this module.
    from sklearn.isotonic import IsotonicRegression

    # Laplace's rule of succession at both ends: that all of a few came true makes nothing certain.
    scores = np.append(scores, [scores.max(), scores.min()])
    came_true = np.append(came_true, [False, True])
    model = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, came_true)
    y = model.y_thresholds_
    if y[0] == y[-1]:
        return None
    return Calibrator("isotonic", tuple(model.X_thresholds_.tolist()), tuple(y.tolist()))


def _platt(scores: FloatArray, came_true: BoolArray) -> Calibrator | None:
    logit = bool(np.all((scores >= 0) & (scores <= 1)))
    scaled = _scale(scores, logit)
    spread = scaled.std()
    if not spread:
        return None
    from sklearn.linear_model import LogisticRegression

    center = scaled.mean()
    model = LogisticRegression().fit(((scaled - center) / spread)[:, None], came_true)
    slope = float(model.coef_[0, 0] / spread)
    if slope <= 0:
        return None
    return Calibrator("platt", (slope,), (float(model.intercept_[0] - slope * center),), logit)


def _scale(scores: FloatArray, logit: bool) -> npt.NDArray[np.float64]:
    values = np.asarray(scores, dtype=np.float64)
    if not logit:
        return values
    inside = np.clip(values, _NEAR_ZERO, 1 - _NEAR_ZERO)
    return np.log(inside) - np.log1p(-inside)


def _logistic(values: FloatArray) -> npt.NDArray[np.float64]:
    return np.exp(-np.logaddexp(0.0, -values))
