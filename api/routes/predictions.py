"""Routes of forecasts and their outcomes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query

from api.models.common import Label, Revision, SourceName
from api.models.predictions import Prediction, PredictionPage
from api.pipeline.dagster_client import Dagster
from api.pipeline.dagster_links import partition_link
from api.reading.catalog_snapshot import Within
from api.reading.lake import LakeReader, Reader
from api.reading.spans import EVER, Moment
from api.reading.topic_labels import topic_labels
from trend_assets.topic_names import canonical_beginning
from trend_assets.words import expected_mentions

router = APIRouter(prefix="/predictions", tags=["predictions"])

_HOUR = timedelta(hours=1)
#: How often a cut was forecast again; null where it never was.
_NEWEST_REVISION = "SELECT max(revision) FROM predictions WHERE cut = ? AND label = ?"
_CUT = "SELECT max(cut) FROM predictions WHERE label = ? AND cut >= ? AND cut <= ?"
#: A cut is mostly found soon before the moment that is asked for.
_SOON = timedelta(days=2)
_TICK = timedelta(microseconds=1)
COLUMNS = """
    p.cut, p.label, p.topic, p.rank, p.score, p.confidence, p.growth, p.source_events_count,
    p.model_version, p.metadata, p.forecast_at, p.revision, p.made, 
    coalesce(o.mentions_before, (p.metadata ->> 'before')::BIGINT, p.source_events_count) AS mentions_before,
    o.came_true, o.mentions_after
"""
#: An outcome is of a topic: it is the same for every revision.
JOIN = "LEFT JOIN prediction_outcomes o ON o.cut = p.cut AND o.label = p.label AND o.topic = p.topic"
_ROWS = f"""
    SELECT {COLUMNS} FROM predictions p {JOIN}
    WHERE p.cut = ? AND p.label = ? AND p.revision = ? AND starts_with(p.topic, ?) AND p.rank > ?
      AND (? IS NULL OR p.confidence >= ?) {{more}}
    ORDER BY p.rank LIMIT ?
"""
# Only where it is asked for: without it an answer does not change when there are new events.
_NAMED_BY = """
    AND p.topic IN (
        WITH posts AS (SELECT id, topics FROM events WHERE source = ? AND hour >= ? AND hour < ?)
        SELECT unnest(topics) FROM posts
        UNION ALL
        SELECT topic FROM topic_phrases JOIN posts ON id = event_id WHERE hour >= ? AND hour < ?
    )
"""

At = Annotated[Moment | None, Query(description="The newest cut not after this moment; default: now.")]
ForLabel = Annotated[Label, Query(description="What is forecast.")]
Which = Annotated[
    Revision,
    Query(description="`first`: the forecast as it was made and is scored; `newest`: with the posts that came later."),
]
Source = Annotated[SourceName | None, Query(description="Topics that this source named in the 24 h before the cut.")]


@router.get("")
def predictions(
    lake: Reader,
    dagster: Dagster,
    label: ForLabel = Label.EMERGES,
    at: At = None,
    topic: Annotated[str, Query(max_length=200, description="Topics that begin so.")] = "",
    source: Source = None,
    revision: Which = Revision.FIRST,
    min_confidence: Annotated[float | None, Query(ge=0, le=1, description="At least so sure.")] = None,
    after_rank: Annotated[int, Query(ge=0, le=1_000_000_000, description="For the next page: the last rank seen.")] = 0,
    limit: Annotated[int, Query(ge=1, le=500, description="How many at most.")] = 50,
) -> PredictionPage:
    """The forecasts of one cut in order of rank, which is that of their calibrated probability, page by page."""
    return _page(lake, dagster.address, label, at, topic, source, revision, after_rank, min_confidence, limit)


@router.get("/top")
def top(
    lake: Reader,
    dagster: Dagster,
    label: ForLabel = Label.EMERGES,
    at: At = None,
    source: Source = None,
    revision: Which = Revision.FIRST,
    k: Annotated[int, Query(ge=1, le=100, description="How many.")] = 10,
) -> PredictionPage:
    """The k topics likeliest to grow at the newest cut, or at any past one, by their calibrated probability."""
    return _page(lake, dagster.address, label, at, "", source, revision, 0, None, k)


def _page(
    lake: LakeReader,
    dagster: str,
    label: Label,
    at: datetime | None,
    topic: str,
    source: SourceName | None,
    revision: Revision,
    after_rank: int,
    min_confidence: float | None,
    limit: int,
) -> PredictionPage:
    simulated = lake.simulated()
    cut = _newest_cut(lake, label, at)
    if cut is None:
        when = f" at or before {at.isoformat()}" if at else " yet"
        return PredictionPage(cut=None, simulated=simulated, items=[], reason=f"no forecast of `{label.value}`{when}")
    revisions = lake.value(_NEWEST_REVISION, (cut, label.value), Within("predictions", "cut", cut, cut + _TICK))
    number = 0 if revision is Revision.FIRST else revisions
    day = (cut - 24 * _HOUR, cut)
    named_by = [source.value, *day, *day] if source is not None else []
    query = _ROWS.format(more=_NAMED_BY if named_by else "")
    asked = [
        cut,
        label.value,
        number,
        canonical_beginning(topic),
        after_rank,
        min_confidence,
        min_confidence,
        *named_by,
        limit,
    ]
    here = [Within(table, "cut", cut, cut + _TICK) for table in ("predictions", "prediction_outcomes")]
    before = [Within(table, "hour", *day) for table in ("events", "topic_phrases")]
    rows = lake.read(query, asked, *here, *before)
    labels = topic_labels(lake, rows["topic"].to_list(), cut)
    items = [prediction(row, dagster, labels.get(row["topic"])) for row in rows.iter_rows(named=True)]
    return PredictionPage(
        cut=cut,
        revisions=revisions,
        simulated=simulated,
        items=items,
        reason=None if items else "no topic fits these filters",
    )


def _newest_cut(lake: LakeReader, label: Label, at: datetime | None) -> datetime | None:
    newest = lake.newest("predictions", "cut")
    if newest is None:
        return None
    until = min(at, newest) if at else newest
    for since in (until - _SOON, EVER):
        within = Within("predictions", "cut", since, until + _TICK)
        cut: datetime | None = lake.value(_CUT, (label.value, since, until), within)
        if cut:
            return cut
    return None


def prediction(row: dict[str, Any], dagster: str, topic_label: dict[str, Any] | None = None) -> Prediction:
    """A row of `COLUMNS` as the API answers it.

    Args:
        row: from the lake.
        dagster: address of the Dagster UI.
        topic_label: what the topic was called, if anything.
    """
    link = partition_link(dagster, "predictions", row["cut"] - _HOUR)
    expected = expected_mentions(row["mentions_before"], row["growth"])
    made = {"metadata": orjson.loads(row["metadata"]), "expected_mentions": expected, "dagster_link": link}
    return Prediction(**{**row, **made, "topic_label": topic_label})
