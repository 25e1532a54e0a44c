"""How good a ranking was at cuts whose outcomes its fit had not seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.backtest import BacktestResult


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A ranking's NDCG@10 at cuts whose outcomes it had not seen.

    Args:
        labels: label to cut (epoch seconds UTC) to NDCG@10; cuts that do not count are absent.
    """

    labels: Mapping[str, Mapping[int, float]]

    @classmethod
    def of(cls, label_values: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]]) -> HeldOut:
        """From cuts and values of each label, shapes (cuts,); NaN where it could not score."""
        return cls(
            {
                label: {
                    int(time): float(value)
                    for time, value in zip(np.asarray(times), np.asarray(values), strict=True)
                    if not np.isnan(value)
                }
                for label, (times, values) in label_values.items()
            }
        )

    @classmethod
    def of_backtest(cls, result: BacktestResult, ranking: str) -> HeldOut:
        """Of one of the rankings that a backtest walked."""
        return cls.of(
            {label: (found.times, found.values[ranking]["ndcg_at_10"]) for label, found in result.labels.items()}
        )

    def to_json(self) -> dict[str, Any]:
        """JSON values from which `from_json` makes it again."""
        return {label: {"cuts": list(at), "ndcg_at_10": list(at.values())} for label, at in self.labels.items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> HeldOut:
        """What `to_json` wrote."""
        return cls.of({label: (at["cuts"], at["ndcg_at_10"]) for label, at in values.items()})

    @property
    def mean(self) -> float | None:
        """Over all cuts of all labels; none where there are none."""
        values = [value for at in self.labels.values() for value in at.values()]
        return float(np.mean(values)) if values else None
