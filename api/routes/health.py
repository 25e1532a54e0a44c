"""Routes of health."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.models.health import Drift, Health, Load, SourceStatus
from api.reading.lake import LakeReader, Reader
from trend_assets import __version__
from trend_assets.lake.connection import LakeError

router = APIRouter(tags=["health"])

_LAST = """
    SELECT source, max(hour) AS hour, arg_max(status, hour) AS status, arg_max(events, hour) AS events,
           arg_max(message, hour) AS message
    FROM collection_status GROUP BY source ORDER BY hour DESC LIMIT 50
"""
_TRAINED = "SELECT max(week) FROM training_runs WHERE status = 'succeeded'"

_DRIFT = "SELECT * FROM drift_checks ORDER BY checked_at DESC LIMIT 1"
_LOAD = "SELECT checked_at, waiting, step, load, postponed_hours FROM load_checks ORDER BY checked_at DESC LIMIT 1"


@router.get("/health", responses={503: {"model": Health, "description": "Not fit to serve, with reasons."}})
def health(response: Response, lake: Reader) -> Health:
    """The lake, the last collection of each source, the last training, the last forecast."""
    try:
        found = _health(lake)
    except LakeError as error:
        found = Health(
            status="unavailable",
            reasons=[str(error)],
            version=__version__,
            lake_snapshot=None,
            last_event=None,
            last_collection=[],
            last_training=None,
            last_prediction=None,
        )
    response.status_code = 200 if found.status == "ok" else 503
    return found


def _health(lake: LakeReader) -> Health:
    event, prediction = lake.newest("raw_events", "timestamp"), lake.newest("predictions", "cut")
    reasons = []
    if event is None:
        reasons.append("no events yet: run `trend import FILE` or `trend demo`")
    if event is not None and prediction is None:
        reasons.append("no forecast yet: run `trend predict` or let the hourly schedule run")
    drift = [Drift(**row) for row in lake.read(_DRIFT).iter_rows(named=True)]
    load = [Load(**row) for row in lake.read(_LOAD).iter_rows(named=True)] if lake.has("load_checks") else []
    return Health(
        status="unavailable" if reasons else "ok",
        reasons=reasons,
        version=__version__,
        lake_snapshot=lake.snapshot(),
        last_event=event,
        last_collection=[SourceStatus(**row) for row in lake.read(_LAST).iter_rows(named=True)],
        last_training=lake.value(_TRAINED),
        last_prediction=prediction,
        drift=drift[0] if drift else None,
        load=load[0] if load else None,
    )
