"""How right the stored forecasts were, beside counting."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.models.accuracy import Accuracy, CalibrationBin, RankingAccuracy, WeekAccuracy
from api.models.common import Label
from api.reading.known import refuse_unknown
from api.reading.lake import LakeReader, Reader
from api.reading.spans import End, Span, Start, span

router = APIRouter(prefix="/accuracy", tags=["accuracy"])

_DEFAULT_DAYS = 84
_HOUR = timedelta(hours=1)
_OF = "label = ? AND model_version = coalesce(?, model_version)"
_NEWEST = f"SELECT max(cut) FROM prediction_outcomes WHERE {_OF}"
#: One that was trained and has forecast nothing is known, too.
_MODELS = """
    SELECT model_version, max(seen) AS seen FROM (
        SELECT model_version, max(cut) AS seen FROM predictions GROUP BY model_version
        UNION ALL SELECT model_version, max(cut) FROM prediction_outcomes GROUP BY model_version
        UNION ALL SELECT model_version, max(week) FROM training_runs GROUP BY model_version
    ) WHERE model_version IS NOT NULL GROUP BY model_version ORDER BY seen DESC, model_version
"""
_SPAN = f"{_OF} AND cut >= ? AND cut < ?"
#: Of what a forecast stored.
_COUNTED = (
    "mentions_3h",
    "mentions_24h",
    "mentions_48h",
    "mentions_168h",
    "mentions_720h",
    "same_day_last_week",
    "ewma_3d",
)
_COUNTS = json.dumps(dict.fromkeys(_COUNTED, "DOUBLE"))
# The counting rankings are read from the counts that each forecast stored, so they saw what the forecast saw;
# equal counts are ordered by topic. A cut with fewer than ten topics, or with none that came true, tells nothing.
_WEEKS = f"""
    WITH scored AS (
        SELECT o.cut, o.topic, o.came_true::INTEGER AS hit, o.rank,
               json_transform(p.metadata, '{_COUNTS}') AS counts
        FROM (FROM prediction_outcomes WHERE {_SPAN}) o
        JOIN (FROM predictions WHERE {_SPAN} AND hour >= ? AND hour < ?) p USING (cut, topic)
    ), counting AS (
        SELECT * FROM scored
        WHERE cut IN (SELECT cut FROM scored GROUP BY cut HAVING count(*) >= 10 AND sum(hit) > 0)
    ), long AS (
        SELECT cut, topic, hit,
               unnest(['forecast', 'mentions_3h', 'mentions_24h', 'momentum', 'mentions_7d', 'mentions_30d',
                       'same_day_last_week', 'ewma_3d']) AS ranking,
               unnest([-rank, counts.mentions_3h, counts.mentions_24h,
                       2 * counts.mentions_24h - counts.mentions_48h, counts.mentions_168h, counts.mentions_720h,
                       counts.same_day_last_week, counts.ewma_3d]) AS score
        FROM counting
    ), placed AS (
        SELECT cut, ranking, arg_min(hit, {{'score': -score, 'topic': topic}}, 10) AS top,
               range(1, 1 + least(10, sum(hit)::BIGINT)) AS ideal
        FROM long WHERE score IS NOT NULL GROUP BY cut, ranking
    ), cuts AS (
        SELECT cut, ranking, list_sum(top) / 10 AS precision_at_10,
               list_sum(list_transform(top, lambda hit, place: hit / log2(place + 1)))
                   / list_sum(list_transform(ideal, lambda place: 1 / log2(place + 1))) AS ndcg_at_10
        FROM placed
    )
    SELECT date_trunc('week', cut) AS week, ranking, count(*) AS cuts, avg(ndcg_at_10) AS ndcg_at_10,
           avg(precision_at_10) AS precision_at_10
    FROM cuts GROUP BY GROUPING SETS ((date_trunc('week', cut), ranking), (ranking))
    ORDER BY week NULLS FIRST, ndcg_at_10 DESC, ranking
"""
_CALIBRATION = f"""
    SELECT least(floor(confidence * 10), 9) / 10 AS low, low + 0.1 AS high, count(*) AS forecasts,
           avg(confidence) AS confidence, avg(came_true::INTEGER) AS came_true,
           sum((confidence - came_true::INTEGER) ** 2) AS squared
    FROM prediction_outcomes WHERE {_SPAN} AND confidence IS NOT NULL GROUP BY low ORDER BY low
"""


@router.get("")
def accuracy(
    lake: Reader,
    label: Annotated[Label, Query(description="What was forecast.")] = Label.BURSTS,
    model: Annotated[
        str | None, Query(max_length=200, description="Forecasts of this model version; default: all.")
    ] = None,
    start: Start = None,
    end: End = None,
) -> Accuracy:
    """NDCG@10 and P@10 of the stored forecasts by week beside counting, and how well confidence is calibrated."""
    newest = lake.value(_NEWEST, (label.value, model))
    if newest is None and model is not None:
        refuse_unknown("model", model, lake.read(_MODELS)["model_version"].to_list())
    if newest is None:
        return Accuracy(
            label=label,
            simulated=lake.simulated(),
            start=None,
            end=None,
            cuts=0,
            overall=[],
            weeks=[],
            calibration=[],
            brier=None,
            reason="no forecast has come due yet: forecast by `trend predict` or `trend up`, and look a horizon later",
        )
    return measure(lake, label, model, span(start, end, newest, _DEFAULT_DAYS, lake.settings.api.max_days))


def measure(lake: LakeReader, label: Label, model: str | None, asked: Span) -> Accuracy:
    """The accuracy of a model's forecasts, or of all, at the cuts in a span."""
    here = [label.value, model, asked.start, asked.end]
    spans = asked.of("prediction_outcomes", "cut"), asked.of("predictions", "cut")
    rows = lake.read(_WEEKS, [*here, *here, asked.start - _HOUR, asked.end], *spans).to_dicts()
    overall = [row for row in rows if row["week"] is None]
    bins = lake.read(_CALIBRATION, here, *spans)
    weeks: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        if row["week"] is not None:
            weeks.setdefault(row["week"], []).append(row)
    return Accuracy(
        label=label,
        simulated=lake.simulated(),
        start=asked.start,
        end=asked.end,
        cuts=_cuts(overall),
        overall=_complete(overall),
        weeks=[WeekAccuracy(week=week, cuts=_cuts(found), rankings=_complete(found)) for week, found in weeks.items()],
        calibration=[CalibrationBin(**row) for row in bins.drop("squared").iter_rows(named=True)],
        brier=bins["squared"].sum() / bins["forecasts"].sum() if bins.height else None,
        reason=None if overall else "no cut in the span has ten topics and one that came true",
    )


def _cuts(rows: list[dict[str, Any]]) -> int:
    return max((row["cuts"] for row in rows), default=0)


def _complete(rows: list[dict[str, Any]]) -> list[RankingAccuracy]:
    """Rankings measured at every cut: one whose counts were not stored everywhere cannot be compared."""
    names = ("ranking", "ndcg_at_10", "precision_at_10")
    return [RankingAccuracy(**{name: row[name] for name in names}) for row in rows if row["cuts"] == _cuts(rows)]
