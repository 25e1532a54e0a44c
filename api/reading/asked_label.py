"""The label by which the forecasts that a request asks for are stored."""

from __future__ import annotations

from api.reading.known import Unknown
from api.reading.lake import LakeReader
from trend_assets.words import TITLES

_LAST_MADE = "SELECT max(cut) FROM predictions WHERE label = ?"


def stored_label(lake: LakeReader, label: str, horizon: int | None) -> str:
    """The stored name of a label so many hours ahead, by default of the main horizon.

    Raises:
        Unknown: it is not forecast so far ahead, and never was.
    """
    forecast = lake.settings.forecast
    stored = forecast.label(label, horizon)
    further = forecast.further_horizons if label == "emerges" else {}
    if stored in TITLES or horizon in further or lake.value(_LAST_MADE, (stored,)) is not None:
        return stored
    known = ", ".join(map(str, (forecast.horizon_hours, *further)))
    raise Unknown(f"horizon: `{label}` is not forecast {horizon} h ahead, but {known} h")
