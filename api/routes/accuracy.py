"""Routes of forecast accuracy, compared with counting baselines."""

from __future__ import annotations

from datetime import timedelta
from statistics import median
from typing import Annotated

import polars as pl
from fastapi import APIRouter, Query

from api.models.accuracy import Accuracy, BigTopics, CalibrationBin, LeadTime, RankingAccuracy, WeekAccuracy
from api.models.common import Label, Made
from api.reading.asked_label import stored_label
from api.reading.known import refuse_unknown
from api.reading.lake import LakeReader, Reader
from api.reading.lead_times import lead_times
from api.reading.spans import End, Span, Start, span
from api.routes.predictions import Ahead
from trend_assets.forecasting.accuracy import means, measured, scored_rows
from trend_assets.words import kind_of, ranking_title

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
_SCORED = f"SELECT made, count(DISTINCT cut) AS cuts FROM prediction_outcomes WHERE {_SPAN} GROUP BY made"
_ROWS = scored_rows(f"{_SPAN} AND made = ?", f"{_SPAN} AND hour >= ? AND hour < ?")
_CALIBRATION = f"""
    SELECT least(floor(confidence * 10), 9) / 10 AS low, low + 0.1 AS high, count(*) AS forecasts,
           avg(confidence) AS confidence, avg(came_true::INTEGER) AS came_true,
           sum((confidence - came_true::INTEGER) ** 2) AS squared
    FROM prediction_outcomes WHERE {_SPAN} AND made = ? AND confidence IS NOT NULL GROUP BY low ORDER BY low
"""


@router.get("")
def accuracy(
    lake: Reader,
    label: Annotated[Label, Query(description="What was forecast.")] = Label.EMERGES,
    horizon: Ahead = None,
    model: Annotated[
        str | None, Query(max_length=200, description="Forecasts of this model version; default: all.")
    ] = None,
    made: Annotated[Made, Query(description="Forecasts made when, seen from their cuts.")] = Made.LIVE,
    start: Start = None,
    end: End = None,
) -> Accuracy:
    """NDCG@10 and P@10 of the stored forecasts by week beside counting, and how well confidence is calibrated."""
    stored = stored_label(lake, label.value, horizon)
    hours = horizon or lake.settings.forecast.horizon_hours
    newest = lake.value(_NEWEST, (stored, model))
    if newest is None and model is not None:
        refuse_unknown("model", model, lake.read(_MODELS)["model_version"].to_list())
    if newest is None:
        return Accuracy(
            label=label,
            horizon_hours=hours,
            made=made,
            scored={},
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
    asked = span(start, end, newest, _DEFAULT_DAYS, lake.settings.api.max_days)
    found = measure(lake, stored, hours, model, made, asked)
    return found.model_copy(update={"big_topics": _big_topics(lake, stored, model, made, asked)})


def measure(lake: LakeReader, label: str, hours: int, model: str | None, made: Made, asked: Span) -> Accuracy:
    """The accuracy of a model's forecasts, or of all, at the cuts in a span.

    Args:
        lake: where they are stored.
        label: what was forecast, as it is stored.
        hours: its horizon.
        model: whose forecasts; None for all.
        made: when, seen from their cuts: kinds are never mixed.
        asked: the cuts.
    """
    here = [label, model, asked.start, asked.end]
    spans = asked.of("prediction_outcomes", "cut"), asked.of("predictions", "cut")
    scored = {Made(kind): cuts for kind, cuts in lake.read(_SCORED, here, *spans).sort("made").iter_rows()}
    rows = lake.read(_ROWS, [*here, made.value, *here, asked.start - _HOUR, asked.end], *spans)
    figures = measured(rows)
    overall = means(figures)
    weeks = means(figures.with_columns(pl.col("cut").dt.truncate("1w").alias("week")), "week")
    bins = lake.read(_CALIBRATION, [*here, made.value], *spans)
    return Accuracy(
        label=Label(kind_of(label)),
        horizon_hours=hours,
        made=made,
        scored=scored,
        simulated=lake.simulated(),
        start=asked.start,
        end=asked.end,
        cuts=_cuts(overall),
        overall=_rankings(overall),
        weeks=[
            WeekAccuracy(week=week, cuts=_cuts(found), rankings=_rankings(found))
            for (week,), found in weeks.group_by("week", maintain_order=True)
        ],
        calibration=[CalibrationBin(**row) for row in bins.drop("squared").iter_rows(named=True)],
        brier=float(bins["squared"].sum()) / float(bins["forecasts"].sum()) if bins.height else None,
        reason=_reason(made, scored) if overall.is_empty() else None,
    )


def _big_topics(lake: LakeReader, label: str, model: str | None, made: Made, asked: Span) -> BigTopics | None:
    found = lead_times(lake, label, model, made.value, asked)
    if not found.hours:
        return None
    return BigTopics(
        threshold=lake.settings.forecast.threshold,
        topics=found.big,
        lists=[
            LeadTime(
                ranking=ranking,
                title=ranking_title(ranking),
                named=len(hours),
                median_hours=median(hours) if hours else None,
            )
            for ranking, hours in found.hours.items()
        ],
    )


def _reason(made: Made, scored: dict[Made, int]) -> str:
    if scored.get(made):
        return f"no {made.value} list of the span can be judged: it takes ten topics, of which one came true"
    others = ", ".join(f"{cuts} {kind.value} (made={kind.value})" for kind, cuts in scored.items())
    return f"no {made.value} forecast of the span has come due" + (f"; of others {others} cuts have" if others else "")


def _cuts(figures: pl.DataFrame) -> int:
    return int(figures["cuts"][0]) if figures.height else 0


def _rankings(figures: pl.DataFrame) -> list[RankingAccuracy]:
    return [
        RankingAccuracy(
            ranking=row["ranking"],
            title=ranking_title(row["ranking"]),
            ndcg_at_10=row["ndcg"],
            precision_at_10=row["precision"],
        )
        for row in figures.iter_rows(named=True)
    ]
