"""Routes that start pipeline runs, and show the state of runs and schedules."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, HTTPException, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPBearer

from api.models.common import Problem
from api.models.runs import Clock, CollectionRequest, Daemon, PredictionRequest, Run, SchedulerStatus, StartedRun
from api.pipeline.dagster_client import Dagster, DagsterClient, DagsterDown
from api.reading.known import among
from api.reading.lake import LakeReader
from api.reading.spans import WrongMoment
from trend_assets.lake.connection import LakeError
from trend_assets.periods import FIRST_DAY, hour_key, hour_start
from trend_assets.settings import Settings, enabled_sources

router = APIRouter(tags=["runs"])

_HOUR = timedelta(hours=1)
_JOB = "hourly_pipeline"
_FLOW = (
    *("raw_events", "events", "event_embeddings", "topic_phrases", "near_copies", "topic_activity", "topic_labels"),
    *("temporal_edges", "nodes"),
)
_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body is not JSON."},
    403: {"model": Problem, "description": "The key has not the scope `operate`."},
    408: {"model": Problem, "description": "The body did not arrive in time."},
    413: {"model": Problem, "description": "The body is too large."},
    409: {"model": Problem, "description": "Dagster does not start the run."},
    503: {"model": Problem, "description": "Dagster's webserver does not answer."},
}
# The guard has looked at the key before any route is reached: this is for the documentation.
_documented = HTTPBearer(
    auto_error=False,
    description="Starting runs needs a key with the scope `operate`: `trend api-key NAME --operate`. Where "
    "`api.open_reads` is false, reading needs one, too: `trend api-key NAME`.",
)

IdempotencyKey = Annotated[
    str | None,
    Header(max_length=200, description="Requests with the same key are one run; default: made from the request."),
]


@router.post(
    "/collection/trigger",
    status_code=202,
    responses=_REFUSALS,
    dependencies=[Depends(_documented)],
    tags=["collection"],
)
async def trigger(
    request: Request,
    dagster: Dagster,
    response: Response,
    asked: Annotated[CollectionRequest | None, Body()] = None,
    idempotency_key: IdempotencyKey = None,
) -> StartedRun:
    """Starts collecting and enriching one hour from every enabled source, or from one; the same request is one run."""
    asked = asked or CollectionRequest()
    hour = hour_start(asked.hour or datetime.now(UTC) - _HOUR)
    sources = _sources(request.app.state.settings, asked.source)
    kind = f"collect {asked.source}" if asked.source else "collect"
    assets = [*(f"sources/{source}" for source in sources), *_FLOW]
    return await _start(request, dagster, response, kind, assets, hour, idempotency_key)


@router.post(
    "/predictions/generate",
    status_code=202,
    responses=_REFUSALS,
    dependencies=[Depends(_documented)],
    tags=["predictions"],
)
async def generate(
    request: Request,
    dagster: Dagster,
    response: Response,
    asked: Annotated[PredictionRequest | None, Body()] = None,
    idempotency_key: IdempotencyKey = None,
) -> StartedRun:
    """Starts the forecast of one cut; the same request twice is one run."""
    hour = hour_start((asked and asked.at) or datetime.now(UTC)) - _HOUR
    return await _start(request, dagster, response, "predict", ("predictions",), hour, idempotency_key)


@router.get("/runs/{run_id}", responses={404: {"model": Problem, "description": "No run of that id."}})
async def run(
    dagster: Dagster,
    run_id: Annotated[str, Path(max_length=100, pattern=r"^[A-Za-z0-9-]+$", description="Dagster's id of the run.")],
) -> Run:
    """How a run stands."""
    found = await dagster.run(run_id)
    if found is None:
        raise HTTPException(404, f"no run {run_id}: GET /scheduler/status lists those that run and failed")
    return _run(dagster, found)


@router.get("/scheduler/status", tags=["health"])
async def scheduler(dagster: Dagster) -> SchedulerStatus:
    """Schedules and sensors with their last and next ticks, running and failed runs; says so when Dagster is down."""
    try:
        answer = await dagster.clocks()
    except DagsterDown as error:
        return SchedulerStatus(
            status="unavailable",
            reason=str(error),
            dagster_link=dagster.address,
            clocks=[],
            daemons=[],
            running=[],
            failed=[],
        )
    health = answer["instance"]["daemonHealth"]["allDaemonStatuses"]
    return SchedulerStatus(
        status="ok",
        reason=None,
        dagster_link=dagster.address,
        clocks=[_schedule(item) for item in _results(answer["schedulesOrError"])]
        + [_sensor(item) for item in _results(answer["sensorsOrError"])],
        daemons=[Daemon(name=item["daemonType"], healthy=item["healthy"]) for item in health if item["required"]],
        running=[_run(dagster, item) for item in _results(answer["running"])],
        failed=[_run(dagster, item) for item in _results(answer["failed"])],
    )


async def _start(
    request: Request,
    dagster: DagsterClient,
    response: Response,
    kind: str,
    assets: Sequence[str],
    hour: datetime,
    given: str | None,
) -> StartedRun:
    begin = await run_in_threadpool(_begin, request.app.state.settings, request.app.state.reader)
    if not begin <= hour <= datetime.now(UTC) - _HOUR:
        raise WrongMoment(
            f"the hour {hour.isoformat()} has no partition: they go from {begin.isoformat()} (the oldest event, or "
            "schedule.history_start) to the last hour that is over"
        )
    partition = hour_key(hour)
    request_key = hashlib.sha256(f"{kind} {partition} {given or ''}".encode()).hexdigest()
    found, created = await dagster.start(_JOB, assets, partition, request_key)
    run = _run(dagster, found)
    response.headers["Location"] = run.link
    return StartedRun(**run.model_dump(), created=created)


def _begin(settings: Settings, lake: LakeReader) -> datetime:
    """When the first partition begins, as Dagster's definitions say."""
    try:
        oldest = lake.read("SELECT min(hour) AS hour FROM raw_events")["hour"][0]
    except LakeError:
        oldest = None
    begin = settings.schedule.history_start
    return datetime.combine(min(begin, max(oldest.date(), FIRST_DAY)) if oldest else begin, time(), UTC)


def _sources(settings: Settings, asked: str | None) -> tuple[str, ...]:
    """All sources that are enabled, or the one that is asked for."""
    enabled = enabled_sources(settings)
    if asked is None:
        return enabled
    if asked not in enabled:
        raise HTTPException(422, f"{asked!r} is no enabled source{among(asked, enabled, 'enabled')}")
    return (asked,)


def _results(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = answer.get("results", [])
    return results


def _run(dagster: DagsterClient, found: Mapping[str, Any]) -> Run:
    tags = {tag["key"]: tag["value"] for tag in found["tags"]}
    return Run(
        run_id=found["runId"],
        job=found["jobName"],
        status=found["status"],
        partition=tags.get("dagster/partition"),
        created_at=found["creationTime"],
        started_at=found["startTime"],
        ended_at=found["endTime"],
        link=f"/runs/{found['runId']}",
        dagster_link=f"{dagster.address}/runs/{found['runId']}",
    )


def _schedule(item: Mapping[str, Any]) -> Clock:
    running = item["scheduleState"]["status"] == "RUNNING"
    upcoming = _results(item["futureTicks"]) if running else []
    next_tick = upcoming[0]["timestamp"] if upcoming else None
    return _clock(item["name"], "schedule", item["scheduleState"], item["cronSchedule"], next_tick)


def _sensor(item: Mapping[str, Any]) -> Clock:
    next_tick = (item["nextTick"] or {}).get("timestamp")
    return _clock(item["name"], "sensor", item["sensorState"], None, next_tick)


def _clock(name: str, kind: str, state: Mapping[str, Any], cron: str | None, next_tick: float | None) -> Clock:
    last = (state["ticks"] or [None])[0]
    return Clock(
        name=name,
        kind=kind,
        status=state["status"],
        cron=cron,
        last_tick=last and datetime.fromtimestamp(last["timestamp"], UTC),
        last_tick_status=last and last["status"],
        last_tick_error=last and last["error"] and last["error"]["message"].strip().splitlines()[0],
        next_tick=next_tick and datetime.fromtimestamp(next_tick, UTC),
    )
