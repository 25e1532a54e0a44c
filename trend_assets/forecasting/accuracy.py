"""How right stored forecasts were, beside counting: asked of the lake in one way by everybody who shows it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from trend_assets.forecasting.metrics import score_lists

#: How the stored forecast itself is called among the rankings.
FORECAST = "forecast"
#: The rankings that only count, made from the counts that a forecast stores: they see what the forecast saw.
COUNTING: Mapping[str, str] = {
    "mentions_3h": "counts.mentions_3h",
    "mentions_24h": "counts.mentions_24h",
    "momentum": "2 * counts.mentions_24h - counts.mentions_48h",
    "mentions_7d": "counts.mentions_168h",
    "mentions_30d": "counts.mentions_720h",
    "same_day_last_week": "counts.same_day_last_week",
    "ewma_3d": "counts.ewma_3d",
}
_STORED = (
    "mentions_3h",
    "mentions_24h",
    "mentions_48h",
    "mentions_168h",
    "mentions_720h",
    "same_day_last_week",
    "ewma_3d",
)
_COUNTS = json.dumps(dict.fromkeys(_STORED, "DOUBLE"))

#: Why the model that ranked the label $main at $cut does not rank the further horizon's $label; null where it is not
#: said, no row where no trained model ranked it.
NOT_USED = """
    SELECT metrics ->> ('$.tgn.' || $label || '.not_used_because') AS reason
    FROM training_runs JOIN (
        SELECT model_version FROM predictions WHERE cut = $cut AND label = $main AND revision = 0 LIMIT 1
    ) USING (model_version)
    WHERE status = 'succeeded' ORDER BY started_at DESC LIMIT 1
"""
#: What was decided last of a model that could have ranked at $cut: of one in use, where there is one.
LAST_DECISION = """
    SELECT version, arg_max(action, number) AS last, arg_max(reason, number) AS reason FROM model_promotions
    WHERE week <= $cut GROUP BY version ORDER BY last = 'promoted' DESC, max(number) DESC LIMIT 1
"""

_MENTIONED = """
    SELECT EXISTS (FROM temporal_edges WHERE edge_type = 'about' AND hour <= $since) AS mentioned
"""


def were_compared(read: Callable[[str, dict[str, Any]], pl.DataFrame], cut: datetime, horizon_hours: int) -> bool:
    """Whether enough lay before a cut to see which count does best.

    Args:
        read: asks the lake, with a query and its parameters.
        cut: timezone-aware; the count of its day is chosen by the midnight (UTC) before it.
        horizon_hours: the main one.
    """
    midnight = cut.astimezone(UTC).replace(hour=0)
    return bool(read(_MENTIONED, {"since": compared_since(midnight, horizon_hours)}).item())


def compared_since(until: datetime, horizon_hours: int, every_hours: int = 12) -> datetime:
    """When a history must have begun at the latest so that counts can be compared by a moment.

    A count is scored at full hours of every so many, a day after the history's begin at the earliest, and by what came
    of it within the main horizon.

    Args:
        until: timezone-aware.
        horizon_hours: the main one.
        every_hours: between the moments that are compared.
    """
    step = every_hours * 3600
    last = int(until.timestamp()) - horizon_hours * 3600
    return datetime.fromtimestamp((last - 1) // step * step, UTC) - timedelta(days=1)


def scored_rows(outcomes: str, predictions: str) -> str:
    """The query for what `measured` takes.

    Args:
        outcomes: condition on `prediction_outcomes`: of one label, and made in one way.
        predictions: condition on `predictions` that leaves their rows.
    """
    counting = ", ".join(f"{made} AS {name}" for name, made in COUNTING.items())
    return f"""
        SELECT o.cut, o.came_true, -o.rank AS {FORECAST}, {counting}
        FROM (FROM prediction_outcomes WHERE {outcomes}) o
        JOIN (SELECT cut, topic, json_transform(metadata, '{_COUNTS}') AS counts
              FROM predictions WHERE revision = 0 AND {predictions}) p USING (cut, topic)
        ORDER BY o.cut
    """


def measured(rows: pl.DataFrame, k: int = 10) -> pl.DataFrame:
    """How good each ranking was at each cut; `cut`, `ranking`, `ndcg`, `precision`.

    The forecast is measured as it was shown, rank by rank, counts with their ties in expectation.

    Cuts with fewer than k topics, or with none that came true, are left out. So is a ranking at a cut where a count
    was not stored.

    Args:
        rows: of `scored_rows`, ordered by cut.
        k: how many of the best are looked at.
    """
    lists = rows["cut"].rle_id().cast(pl.Int64).to_numpy()
    cuts = rows["cut"].unique(maintain_order=True)
    relevant = rows["came_true"].to_numpy()
    found = []
    for ranking in (FORECAST, *COUNTING):
        scores = rows[ranking].cast(pl.Float64).to_numpy()
        whole = ~np.isin(lists, lists[np.isnan(scores)])
        told = score_lists(lists[whole], relevant[whole], scores[whole], k)
        figures = {"cut": cuts.gather(told.lists), "ndcg": told.ndcg, "precision": told.precision}
        found.append(pl.DataFrame(figures).insert_column(1, pl.lit(ranking).alias("ranking")))
    return pl.concat(found)


def means(figures: pl.DataFrame, by: str | None = None) -> pl.DataFrame:
    """Means of what `measured` gave over all cuts, or over those of each `by`; the best first.

    Only rankings that were measured at every cut: others cannot be compared.

    Returns:
        `ranking`, `cuts`, `ndcg`, `precision`, and `by`.
    """
    group = [by] if by else []
    told = figures.group_by(*group, "ranking").agg(
        pl.len().cast(pl.Int64).alias("cuts"), pl.col("ndcg", "precision").mean()
    )
    most = pl.col("cuts").max().over(by) if by else pl.col("cuts").max()
    order = [*group, "ndcg", "ranking"]
    return told.filter(pl.col("cuts") == most).sort(order, descending=[*(False for _ in group), True, False])
