"""Response models of collection states and quotas."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field


class CollectedHour(BaseModel):
    """One hour of one source."""

    hour: datetime = Field(description="Start of the hour (UTC).")
    source: str = Field(description="The source, a file's name for an import, `pipeline` for a failed run.")
    status: str = Field(description="`complete`, `partial`, `empty`, `skipped` or `failed`.", examples=["complete"])
    events: int = Field(description="Events that the source gave.")
    rejected: int = Field(description="Rows that could not become events.")
    requests: int = Field(description="Requests that it took.")
    finished_at: datetime = Field(description="When the collection ended (UTC).")
    message: str = Field(description="What happened; empty where all went well.")


class SourceSummary(BaseModel):
    """One source over the span."""

    source: str = Field(description="The source, or an imported file.")
    hours: int = Field(description="Hours with a record.")
    failed: int = Field(description="Hours that failed.")
    events: int = Field(description="Events that it gave.")
    rejected: int = Field(description="Rows that could not become events.")
    requests: int = Field(description="Requests that it took.")
    last_hour: datetime = Field(description="Newest hour with a record (UTC).")


class Gap(BaseModel):
    """Hours in a row without events of a source that gave some before."""

    source: str = Field(description="The source that gave nothing.")
    start: datetime = Field(description="First missing hour (UTC).")
    end: datetime = Field(description="Where the gap ends, exclusive (UTC).")
    hours: int = Field(description="Missing hours in a row.")


class Quota(BaseModel):
    """What a live source may spend in a period."""

    source: str = Field(description="The source that has the budget.", examples=["twitter"])
    unit: str = Field(description="What is counted.", examples=["posts"])
    limit: int = Field(description="The budget of the period, as set.")
    used: int = Field(description="What was spent of it.")
    left: int = Field(description="What is left of it.")
    start: datetime = Field(description="First moment of the period (UTC).")
    end: datetime = Field(description="Where the period ends, exclusive (UTC).")


class Held(BaseModel):
    """A live source that asked to be left alone for a while."""

    source: str = Field(description="The source that is waited for.")
    until: datetime = Field(description="When it is asked again (UTC).")
    reason: str = Field(description="What it said, in words.")


class CollectionStatus(BaseModel):
    """Collection by source and hour."""

    start: datetime | None = Field(description="First hour looked at (UTC); null where nothing was collected.")
    end: datetime | None = Field(description="Where the span ends, exclusive (UTC).")
    simulated: bool = Field(description="Whether the lake holds posts of the simulated world.")
    sources: list[SourceSummary] = Field(description="Each source over the span.")
    hours: list[CollectedHour] = Field(description="Newest first.")
    gaps: list[Gap] = Field(description="Failed, skipped or never asked between a source's first hour and the end.")
    quotas: list[Quota] = Field(description="Of enabled sources that have a budget, now.")
    held: list[Held] = Field(description="Sources that are not asked now.")
    truncated: bool = Field(description="Whether there are more hours than were asked for.")
    reason: str | None = Field(None, description="Why there is nothing.")
