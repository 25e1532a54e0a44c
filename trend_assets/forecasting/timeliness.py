"""How a forecast stands to its cut: what counts as live, and what was made with hindsight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import polars as pl

from trend_assets.lake.tables import PREDICTIONS

#: Of the first forecast of a cut; a later one is `revised`, whenever it is made.
Timeliness = Literal["live", "late", "backfill"]


@dataclass(frozen=True, slots=True)
class Punctuality:
    """When a first forecast counts as what.

    Args:
        within: it is `live` until so long after its cut.
        horizon: it is a `backfill` from so long after its cut on, when its outcome was already known; else `late`.
    """

    within: timedelta
    horizon: timedelta

    def of(self, cut: datetime, forecast_at: datetime) -> Timeliness:
        """What a forecast counts as; both moments timezone-aware."""
        if forecast_at - cut <= self.within:
            return "live"
        return "late" if forecast_at - cut < self.horizon else "backfill"


def signed(forecast: pl.DataFrame, forecast_at: datetime, run_id: str, rule: Punctuality) -> pl.DataFrame:
    """A forecast as `PREDICTIONS` takes it.

    Args:
        forecast: of one cut, as `forecast` made it.
        forecast_at: when, timezone-aware.
        run_id: the run that made it.
        rule: what counts as live.
    """
    if forecast.is_empty():
        return PREDICTIONS.frame()
    made = rule.of(forecast["cut"][0], forecast_at)
    return PREDICTIONS.conform(
        forecast.with_columns(
            forecast_at=pl.lit(forecast_at, PREDICTIONS.schema["forecast_at"]),
            run_id=pl.lit(run_id),
            # The lake numbers it when it is written.
            revision=pl.lit(0, pl.Int64),
            made=pl.lit(made),
        )
    )
