"""The accuracy of stored forecasts, compared with counting baselines at the same cuts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trend_assets.forecasting.accuracy import FORECAST, means, measured, scored_rows
from trend_assets.forecasting.labels import LABELS
from trend_assets.lake.store import Lake

_ROWS = scored_rows(
    "label = $label AND made = $made AND cut > $start AND cut <= $end",
    "label = $label AND cut > $start AND cut <= $end AND hour >= $start AND hour < $end",
)
_LABELS = f"""
    SELECT label FROM prediction_outcomes WHERE cut > ? AND cut <= ? GROUP BY label
    ORDER BY coalesce(list_position({list(LABELS)}, label), 9), min(horizon_hours)
"""
_MADE = """
    SELECT made FROM prediction_outcomes WHERE cut > ? AND cut <= ?
    GROUP BY made ORDER BY made <> 'live', count(DISTINCT cut) DESC, made
"""


@dataclass(frozen=True, slots=True)
class CutScores:
    """One ranking's mean over the cuts that count."""

    label: str
    ranking: str
    is_model: bool
    precision_at_10: float
    ndcg_at_10: float
    cuts: int


def made_of(lake: Lake, start: datetime, end: datetime) -> list[str]:
    """When the scored forecasts of the cuts in `(start, end]` were made: `live` first, then the most frequent."""
    return lake.read(_MADE, [start, end])["made"].to_list()


def stored_scores(lake: Lake, start: datetime, end: datetime, made: str = "live") -> list[CutScores]:
    """The first forecasts of the cuts in `(start, end]` whose outcome is known, beside every counting ranking.

    The rankings are made at the same cuts over the same topics; the best comes first.

    Cuts with fewer than ten topics, or with none that came true, do not count, as in a backtest.

    Args:
        lake: where they are stored.
        start: exclusive, timezone-aware.
        end: inclusive.
        made: only forecasts that were made then, as `predictions` declares it: kinds are never mixed.
    """
    labels = lake.read(_LABELS, [start, end])["label"]
    return [scores for label in labels for scores in label_scores(lake, label, start, end, made)]


def label_scores(lake: Lake, label: str, start: datetime, end: datetime, made: str) -> list[CutScores]:
    """`stored_scores` of one label, as it is stored."""
    rows = lake.read(_ROWS, {"label": label, "made": made, "start": start, "end": end})
    return [
        CutScores(label, row["ranking"], row["ranking"] == FORECAST, row["precision"], row["ndcg"], row["cuts"])
        for row in means(measured(rows)).iter_rows(named=True)
    ]
