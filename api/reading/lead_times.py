"""How long before topics became big they stood in the ten that were shown, and in the ten most mentioned."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import polars as pl

from api.reading.catalog_snapshot import Within
from api.reading.lake import LakeReader
from api.reading.spans import Span
from trend_assets.forecasting.accuracy import FORECAST

#: The list that a page of trends shows.
MOST_MENTIONED = "mentions_24h"
_DAY = timedelta(hours=24)
# A day is the hour and the 23 before it. Who was above the threshold within the day before does not cross it again.
_BIG = """
    WITH days AS (
        SELECT topic, hour, sum(mentions) OVER (
            PARTITION BY topic ORDER BY hour RANGE BETWEEN INTERVAL 23 HOURS PRECEDING AND CURRENT ROW
        ) AS mentions
        FROM topic_activity WHERE hour >= $known AND hour < $later
    ), above AS (
        SELECT topic, hour + INTERVAL 1 HOUR AS reached,
               hour - lag(hour) OVER (PARTITION BY topic ORDER BY hour) AS since
        FROM days WHERE mentions >= $threshold
    ), crossed AS (
        SELECT topic, reached FROM above
        WHERE (since IS NULL OR since > INTERVAL 24 HOURS) AND reached >= $start AND reached < $end
    )
    SELECT topic, reached FROM crossed WHERE EXISTS (
        SELECT 1 FROM days WHERE days.topic = crossed.topic AND days.mentions >= 2 * $threshold
            AND days.hour + INTERVAL 1 HOUR BETWEEN crossed.reached AND crossed.reached + INTERVAL 24 HOURS
    )
"""
_SHOWN = f"""
    WITH ranked AS (
        SELECT cut, topic, rank AS {FORECAST}, row_number() OVER (
            PARTITION BY cut ORDER BY (metadata ->> '{MOST_MENTIONED}')::DOUBLE DESC, topic
        ) AS {MOST_MENTIONED}
        FROM predictions
        WHERE label = $label AND model_version = coalesce($model, model_version) AND made = $made AND revision = 0
          AND cut >= $before AND cut < $end
    )
    SELECT * FROM ranked WHERE least({FORECAST}, {MOST_MENTIONED}) <= $k
"""


class LeadTimes(NamedTuple):
    """Of the topics that became big.

    Attributes:
        big: how many there were.
        hours: ranking to the hours from the first list that named a topic until it became big, one for each that was
            named.
    """

    big: int
    hours: dict[str, list[float]]


def lead_times(lake: LakeReader, label: str, model: str | None, made: str, asked: Span, k: int = 10) -> LeadTimes:
    """Lead times of the first forecasts, and of the list of the most mentioned topics at the same moments.

    A topic becomes big in the hour in which its mentions of 24 hours reach the threshold (`forecast.threshold`), if
    they reach twice the threshold within a day from then. A list names it early if it does so in the 24 hours before.

    Args:
        lake: is read.
        label: whose forecasts, as it is stored.
        model: forecasts of this version alone; None for all.
        made: when they were made, seen from their cuts.
        asked: when the topics became big. Only the time from the first such forecast on counts.
        k: topics of a list.
    """
    threshold = lake.settings.forecast.threshold
    before = asked.start - _DAY
    given = {"label": label, "model": model, "made": made, "before": before, "end": asked.end, "k": k}
    shown = lake.read(_SHOWN, given, Within("predictions", "cut", before, asked.end))
    if shown.is_empty():
        return LeadTimes(0, {})
    first: datetime = shown["cut"].min()  # type: ignore[assignment]
    start = max(asked.start, first)
    known, later = start - 2 * _DAY, asked.end + _DAY
    bounds = {"start": start, "end": asked.end, "known": known, "later": later, "threshold": threshold}
    big = lake.read(_BIG, bounds, Within("topic_activity", "hour", known, later))
    return LeadTimes(big.height, {ranking: _hours(big, shown, ranking, k) for ranking in (FORECAST, MOST_MENTIONED)})


def _hours(big: pl.DataFrame, shown: pl.DataFrame, ranking: str, k: int) -> list[float]:
    named = shown.filter(pl.col(ranking) <= k).select("topic", "cut")
    early = big.join(named, on="topic").filter(
        pl.col("cut") < pl.col("reached"), pl.col("cut") >= pl.col("reached") - _DAY
    )
    waited = early.group_by("topic", "reached").agg(pl.col("cut").min()).select(pl.col("reached") - pl.col("cut"))
    return (waited.to_series().dt.total_minutes() / 60).sort().to_list()
