"""How collection went."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field


class CollectedHour(BaseModel):
    """One hour of one source."""

    hour: datetime = Field(description="Start of the hour (UTC).")
    source: str = Field(description="The source, a file's name for an import, `pipeline` for a failed run.")
    status: str = Field(description="`complete`, `partial`, `skipped` or `failed`.", examples=["complete"])
    events: int = Field(description="Events that the source gave.")
    rejected: int = Field(description="Rows that could not become events.")
    requests: int = Field(description="Requests that it took.")
    finished_at: datetime = Field(description="When the collection ended (UTC).")
    message: str = Field(description="What happened; empty where all went well.")


class SourceSummary(BaseModel):
    """One source over the span."""

    source: str
    hours: int = Field(description="Hours with a record.")
    failed: int = Field(description="Hours that failed.")
    events: int
    rejected: int
    requests: int
    last_hour: datetime = Field(description="Newest hour with a record (UTC).")


class Gap(BaseModel):
    """Hours in a row without events of a source that gave some before."""

    source: str
    start: datetime = Field(description="First missing hour (UTC).")
    end: datetime = Field(description="Where the gap ends, exclusive (UTC).")
    hours: int


class CollectionStatus(BaseModel):
    """Collection by source and hour."""

    start: datetime | None = Field(description="First hour looked at (UTC); null where nothing was collected.")
    end: datetime | None = Field(description="Where the span ends, exclusive (UTC).")
    simulated: bool = Field(description="Whether the lake holds posts of the simulated world.")
    sources: list[SourceSummary]
    hours: list[CollectedHour] = Field(description="Newest first.")
    gaps: list[Gap] = Field(description="Hours neither complete nor partial between a source's first and the end.")
    truncated: bool = Field(description="Whether there are more hours than were asked for.")
    reason: str | None = Field(None, description="Why there is nothing.")
