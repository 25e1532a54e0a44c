"""How far confidences, stated as time went on, could be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.calibration import fit_calibrator
from trend_assets.forecasting.history import HOUR
from trend_assets.forecasting.labels import WEEK, Cut
from trend_assets.forecasting.metrics import calibration_bins, expected_calibration_error, week_start
from trend_assets.forecasting.ranking import Scores

#: Confidence is calibrated on the cuts of so many weeks before.
_WEEKS = 8
_FEWEST_WEEKS = 4
_LIKELY = 0.5
_Bin = tuple[float, float, int]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Confidences beside what came true.

    Args:
        error: expected calibration error over ten bins of equally many predictions.
        examples: predictions that carried a confidence.
        positives: those that came true.
        bins: of each bin: mean confidence, share that came true, predictions.
        likely: the same of all predictions with a confidence of a half or more; None where there is none.
    """

    error: float
    examples: int
    positives: int
    bins: tuple[_Bin, ...]
    likely: _Bin | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        bins = [_told(found) for found in self.bins]
        return {
            "expected_calibration_error": self.error,
            "examples": self.examples,
            "positives": self.positives,
            "bins": bins,
            "likely": self.likely and _told(self.likely),
        }


def _told(found: _Bin) -> dict[str, Any]:
    said, true, count = found
    return {"confidence": said, "came_true": true, "predictions": count}


@dataclass(slots=True)
class ConfidenceWalk:
    """Collects one ranking's scores along a backtest, and states confidences afterwards as it would have then.

    Those of a week stand on a calibration fitted on the eight weeks before, on cuts whose horizon had ended by
    its Monday 00:00 UTC. The first four weeks only teach.

    Args:
        ranking: whose scores.
        hours_of: the horizon of each label in hours.
    """

    ranking: str
    hours_of: Mapping[str, int]
    _seen: dict[str, list[tuple[int, npt.NDArray[Any], npt.NDArray[Any]]]] = field(default_factory=dict)

    def add(self, cut: Cut, came_true: Mapping[str, npt.NDArray[np.bool_]], scores: Mapping[str, Scores]) -> None:
        """One cut's scores and outcomes."""
        for label, score in scores.get(self.ranking, {}).items():
            if label in came_true:
                asked = cut.asked[label]
                self._seen.setdefault(label, []).append((cut.time, score[asked], came_true[label][asked]))

    def reliability(self) -> dict[str, Reliability | None]:
        """For each label; none where no week could be calibrated."""
        return {label: self._of(label) for label in self.hours_of}

    def _of(self, label: str) -> Reliability | None:
        seen = self._seen.get(label, [])
        if not seen:
            return None
        times = np.repeat([time for time, _, _ in seen], [len(score) for _, score, _ in seen]).astype(np.int64)
        scores = np.concatenate([score for _, score, _ in seen])
        came_true = np.concatenate([true for _, _, true in seen])
        weeks = week_start(times)
        said, true = [np.empty(0)], [np.empty(0, np.bool_)]
        for week in np.unique(weeks):
            taught = (times >= week - _WEEKS * WEEK) & (times + self.hours_of[label] * HOUR <= week)
            if len(np.unique(weeks[taught])) < _FEWEST_WEEKS:
                continue
            calibrator = fit_calibrator(scores[taught], came_true[taught]).calibrator
            if calibrator is not None:
                said.append(calibrator.confidence(scores[weeks == week]))
                true.append(came_true[weeks == week])
        return _reliability(np.concatenate(said), np.concatenate(true))


def _reliability(said: npt.NDArray[np.float64], true: npt.NDArray[np.bool_]) -> Reliability | None:
    if not len(said):
        return None
    bins = tuple(calibration_bins(true, said))
    sure = said >= _LIKELY
    likely = calibration_bins(true[sure], said[sure], 1)[0] if sure.any() else None
    return Reliability(expected_calibration_error(true, said), len(said), int(true.sum()), bins, likely)
