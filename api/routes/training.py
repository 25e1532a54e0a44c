"""Routes of trainings."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query

from api.models.training import TrainingRun, TrainingStatus
from api.pipeline.dagster_client import Dagster
from api.pipeline.dagster_links import week_link
from api.reading.lake import Reader
from trend_assets.words import ranking_title

router = APIRouter(prefix="/training", tags=["training"])

_RUNS = "SELECT * FROM training_runs ORDER BY started_at DESC, run_id LIMIT ?"


@router.get("/status")
def status(
    lake: Reader, dagster: Dagster, limit: Annotated[int, Query(ge=1, le=500, description="How many at most.")] = 52
) -> TrainingStatus:
    """Trainings, the newest first, with losses and metrics beside the baselines'."""
    items = [_run(row, dagster.address) for row in lake.read(_RUNS, [limit]).iter_rows(named=True)]
    titles = {name: ranking_title(name) for item in items for name in item.metrics}
    return TrainingStatus(
        items=items,
        titles=titles,
        reason=None if items else "no training yet: run `trend train --week MONDAY` or enable the schedule",
    )


def _run(row: dict[str, Any], dagster: str) -> TrainingRun:
    parsed = {name: orjson.loads(row[name] or "{}") for name in ("losses", "metrics")}
    link = week_link(dagster, "tgn_checkpoint", row["week"])
    return TrainingRun(**{**row, **parsed, "dagster_link": link})
