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
        within: it is `live` until so long after its cut, then `late`.
    """

    within: timedelta

    def of(self, cut: datetime, forecast_at: datetime, horizon: timedelta) -> Timeliness:
        """What a forecast counts as.

        Args:
            cut, forecast_at: timezone-aware.
            horizon: it is a `backfill` from so long after its cut on, for its outcome was already known.
        """
        if forecast_at - cut >= horizon:
            return "backfill"
        return "live" if forecast_at - cut <= self.within else "late"


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
    cut: datetime = forecast["cut"][0]
    made = {hours: rule.of(cut, forecast_at, timedelta(hours=hours)) for hours in forecast["horizon_hours"].unique()}
    return PREDICTIONS.conform(
        forecast.with_columns(
            forecast_at=pl.lit(forecast_at, PREDICTIONS.schema["forecast_at"]),
            run_id=pl.lit(run_id),
            # The lake numbers it when it is written.
            revision=pl.lit(0, pl.Int64),
            made=pl.col("horizon_hours").replace_strict(made, return_dtype=pl.String),
        )
    )
