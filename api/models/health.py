"""Whether the platform is fit to serve."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field


class SourceStatus(BaseModel):
    """One source's last collection."""

    source: str
    hour: datetime = Field(description="The hour that was collected (UTC).")
    status: str
    events: int
    message: str


class Health(BaseModel):
    """Whether the platform is fit to serve."""

    status: str = Field(description="`ok`, or `unavailable` with reasons.", examples=["ok"])
    reasons: list[str] = Field(description="What is missing or wrong.")
    version: str = Field(description="Release of trend_assets.")
    lake_snapshot: int | None = Field(description="The lake's newest snapshot.")
    last_event: datetime | None = Field(description="Time of the newest event (UTC).")
    last_collection: list[SourceStatus] = Field(description="Last collection of each source.")
    last_training: datetime | None = Field(description="Week of the newest trained model (UTC).")
    last_prediction: datetime | None = Field(description="Newest cut (UTC).")
