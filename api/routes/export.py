"""Routes that export forecasts and outcomes as files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import pyarrow as pa
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pyarrow import csv, parquet

from api.models.common import Label, Revision
from api.reading.asked_label import stored_label
from api.reading.lake import Reader
from api.reading.spans import End, Start, span

router = APIRouter(prefix="/export", tags=["export"])

_DEFAULT_DAYS = 7
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Filtered before the join, so that files of other times are passed over.
_ROWS = """
    SELECT p.cut, p.label, p.horizon_hours, p.topic, p.rank, p.score, p.confidence, p.growth, p.source_events_count,
           p.model_version, p.metadata, p.forecast_at, p.run_id, p.revision, p.made,
           o.came_true, o.mentions_before, o.mentions_after, o.growth AS growth_observed
    FROM (FROM predictions WHERE cut >= $start AND cut < $end AND ($label IS NULL OR label = $label)
            AND ($hours IS NULL OR horizon_hours = $hours)
          QUALIFY revision = if($newest, max(revision) OVER (PARTITION BY cut, label), 0)) p
    LEFT JOIN (SELECT cut, label, topic, came_true, mentions_before, mentions_after, growth
               FROM prediction_outcomes WHERE cut >= $start AND cut < $end) o USING (cut, label, topic)
    ORDER BY p.cut, p.label, p.rank
"""


class Format(StrEnum):
    """What kind of file."""

    PARQUET = "parquet"
    CSV = "csv"


_MEDIA = {Format.PARQUET: "application/vnd.apache.parquet", Format.CSV: "text/csv; charset=utf-8"}


class _Outbox(io.RawIOBase):
    """What was written since it was last emptied."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(memoryview(data))  # type: ignore[arg-type]
        self._parts.append(part)
        return len(part)

    def empty(self) -> bytes:
        found = b"".join(self._parts)
        self._parts.clear()
        return found


@router.get(
    "",
    response_class=StreamingResponse,
    responses={200: {"description": "The file.", "content": {"text/csv": {}, _MEDIA[Format.PARQUET]: {}}}},
)
def export(
    lake: Reader,
    format: Annotated[Format, Query(description="Of the file.")] = Format.PARQUET,
    label: Annotated[Label | None, Query(description="Default: all, further horizons as `emerges_6h`.")] = None,
    horizon: Annotated[
        int | None, Query(ge=1, le=168, description="Hours ahead; default: all, or with `label` the main horizon.")
    ] = None,
    revision: Annotated[Revision, Query(description="The first forecast of each cut, or its newest.")] = Revision.FIRST,
    start: Start = None,
    end: End = None,
) -> StreamingResponse:
    """Forecasts of the span's cuts with what became of them; `growth_observed` is what really grew."""
    asked = span(start, end, lake.newest("predictions", "cut"), _DEFAULT_DAYS, lake.settings.api.max_days)
    spans = asked.of("predictions", "cut"), asked.of("prediction_outcomes", "cut")
    named = stored_label(lake, (label or Label.EMERGES).value, horizon)
    stored = label and named
    wanted = {"label": stored, "hours": horizon, "newest": revision is Revision.NEWEST}
    batches = lake.batches(_ROWS, {"start": asked.start, "end": asked.end, **wanted}, *spans)
    # The first piece is asked for here, so that a lake that cannot be read is a problem and not half a file.
    first = next(batches)
    name = f"predictions-{asked.start:%Y%m%dT%H%M}-{asked.end:%Y%m%dT%H%M}.{format.value}"
    return StreamingResponse(
        _encoded(first, batches, format),
        media_type=_MEDIA[format],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _encoded(first: pa.RecordBatch, batches: Iterator[pa.RecordBatch], format: Format) -> Iterator[bytes]:
    outbox = _Outbox()
    kind = parquet.ParquetWriter if format is Format.PARQUET else csv.CSVWriter
    with pa.PythonFile(outbox, mode="w") as sink, kind(sink, first.schema) as writer:  # type: ignore[arg-type]
        for batch in batches:
            writer.write_batch(batch if format is Format.PARQUET else _without_formulas(batch))
            yield outbox.empty()
    yield outbox.empty()


def _without_formulas(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Spreadsheets run what begins like a formula, and people on platforms choose how topics are called."""
    field = batch.schema.field("topic")
    safe = [f"'{topic}" if (topic or "").startswith(_FORMULA) else topic for topic in batch.column("topic").to_pylist()]
    return batch.set_column(batch.schema.get_field_index("topic"), field, pa.array(safe, field.type))
