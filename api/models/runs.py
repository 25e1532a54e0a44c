"""Response models of pipeline runs and schedules."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from api.reading.spans import Moment


class CollectionRequest(BaseModel):
    """Which hour to collect."""

    model_config = ConfigDict(extra="forbid")

    hour: Moment | None = Field(
        None,
        description="A moment in the hour; default: the last hour that is over.",
        examples=["2026-02-02T05:00:00Z"],
    )
    source: str | None = Field(
        None, max_length=40, description="Ask this source alone; default: every enabled one.", examples=["twitter"]
    )


class PredictionRequest(BaseModel):
    """When to forecast."""

    model_config = ConfigDict(extra="forbid")

    at: Moment | None = Field(
        None,
        description="The newest full hour not after this moment is the cut; default: now.",
        examples=["2026-02-02T06:00:00Z"],
    )


class Run(BaseModel):
    """A run of the pipeline."""

    run_id: str = Field(description="Dagster's id of the run.", examples=["f3925bbb-2e87-469d-a295-8b1fd860e624"])
    job: str = Field(description="The job that it belongs to.", examples=["hourly_pipeline"])
    status: str = Field(description="As Dagster calls it.", examples=["QUEUED"])
    partition: str | None = Field(description="The hour or week it is for, as Dagster's partition key (UTC).")
    created_at: datetime | None = Field(description="When it was asked for (UTC).")
    started_at: datetime | None = Field(description="When it began (UTC).")
    ended_at: datetime | None = Field(description="When it ended (UTC).")
    link: str = Field(description="The run in the API.", examples=["/runs/f3925bbb-2e87-469d-a295-8b1fd860e624"])
    dagster_link: str = Field(description="The run in the Dagster UI.")


class StartedRun(Run):
    """A run that was asked for."""

    created: bool = Field(description="False where the same request had started it before.")


class Clock(BaseModel):
    """A schedule or sensor."""

    name: str = Field(description="As in the Dagster UI.")
    kind: str = Field(description="`schedule` or `sensor`.")
    status: str = Field(description="`RUNNING` or `STOPPED`.")
    cron: str | None = Field(description="When a schedule ticks (UTC).")
    last_tick: datetime | None = Field(description="UTC.")
    last_tick_status: str | None = Field(
        description="How the last tick ended, as Dagster calls it; null before the first."
    )
    last_tick_error: str | None = Field(description="The first line of its error; null where there was none.")
    next_tick: datetime | None = Field(description="UTC; null where it is stopped.")


class Daemon(BaseModel):
    """A part of Dagster's daemon."""

    name: str = Field(description="The daemon's kind, as Dagster calls it.")
    healthy: bool | None = Field(description="Null where it never ran.")


class SchedulerStatus(BaseModel):
    """Dagster's clocks and runs."""

    status: str = Field(description="`ok`, or `unavailable` with the reason.")
    reason: str | None = Field(description="Why Dagster does not answer; null where it does.")
    dagster_link: str = Field(description="The Dagster UI.")
    clocks: list[Clock] = Field(description="Schedules and sensors.")
    daemons: list[Daemon] = Field(description="Those that Dagster needs to start runs.")
    running: list[Run] = Field(description="Queued and running, at most 100.")
    failed: list[Run] = Field(description="The newest twenty failed runs.")
