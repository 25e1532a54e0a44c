"""What is forecast, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from api.lake import LakeReader, Reader
from api.models import Label, Prediction, PredictionPage

router = APIRouter(prefix="/predictions", tags=["predictions"])

_CUT = "SELECT max(cut) AS cut FROM predictions WHERE label = ? AND cut <= coalesce(?, cut)"
_ROWS = """
    SELECT p.cut, p.label, p.topic, p.rank, p.score, p.confidence, p.growth, p.source_events_count,
           p.model_version, p.metadata, o.came_true, o.mentions_after
    FROM predictions p
    LEFT JOIN prediction_outcomes o ON o.cut = p.cut AND o.label = p.label AND o.topic = p.topic
    WHERE p.cut = ? AND p.label = ? AND starts_with(p.topic, ?) AND p.rank > ?
      AND (? IS NULL OR p.confidence >= ?)
    ORDER BY p.rank LIMIT ?
"""

At = Annotated[AwareDatetime | None, Query(description="The newest cut not after this moment; default: now.")]
ForLabel = Annotated[Label, Query(description="What is forecast.")]


@router.get("")
def predictions(
    lake: Reader,
    label: ForLabel = Label.BURSTS,
    at: At = None,
    topic: Annotated[str, Query(max_length=200, description="Topics that begin so.")] = "",
    min_confidence: Annotated[float | None, Query(ge=0, le=1, description="At least so sure.")] = None,
    after_rank: Annotated[int, Query(ge=0, le=1_000_000_000, description="For the next page: the last rank seen.")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> PredictionPage:
    """The forecasts of one cut in order of rank, page by page."""
    return _page(lake, label, at, topic, after_rank, min_confidence, limit)


@router.get("/top")
def top(
    lake: Reader,
    label: ForLabel = Label.BURSTS,
    at: At = None,
    k: Annotated[int, Query(ge=1, le=100, description="How many.")] = 10,
) -> PredictionPage:
    """The k likeliest topics of the newest cut, or of any past one."""
    return _page(lake, label, at, "", 0, None, k)


def _page(
    lake: LakeReader,
    label: Label,
    at: datetime | None,
    topic: str,
    after_rank: int,
    min_confidence: float | None,
    limit: int,
) -> PredictionPage:
    simulated = is_simulated(lake)
    cut = lake.read(_CUT, [label.value, at])["cut"][0]
    if cut is None:
        when = f" at or before {at.isoformat()}" if at else " yet"
        return PredictionPage(cut=None, simulated=simulated, items=[], reason=f"no forecast of `{label.value}`{when}")
    rows = lake.read(_ROWS, [cut, label.value, topic, after_rank, min_confidence, min_confidence, limit])
    items = [_prediction(row) for row in rows.iter_rows(named=True)]
    return PredictionPage(
        cut=cut, simulated=simulated, items=items, reason=None if items else "no topic fits these filters"
    )


def _prediction(row: dict[str, Any]) -> Prediction:
    return Prediction(**{**row, "metadata": orjson.loads(row["metadata"])})


def is_simulated(lake: LakeReader) -> bool:
    """Whether any event came from the simulated world."""
    found = lake.read("SELECT 1 FROM raw_events WHERE starts_with(origin, 'simulator') LIMIT 1")
    return found.height > 0
