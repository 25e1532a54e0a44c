"""Response models of health."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field


class SourceStatus(BaseModel):
    """One source's last collection."""

    source: str = Field(description="The source, or an imported file.")
    hour: datetime = Field(description="The hour that was collected (UTC).")
    status: str = Field(description="How its newest hour ended: `complete`, `partial`, `empty`, `skipped` or `failed`.")
    events: int = Field(description="Events of that hour.")
    message: str = Field(description="What happened; empty where all went well.")


class Drift(BaseModel):
    """The newest look at whether the model in use is still what it was."""

    checked_at: datetime = Field(description="When it was looked at (UTC).")
    model_version: str = Field(description="The model in use then.")
    live_cuts: int = Field(description="Scored cuts, over all labels, that the live accuracy stands on.")
    live_ndcg_at_10: float | None = Field(description="Of the live forecasts, 0 to 1; null with too few cuts.")
    held_out_ndcg_at_10: float | None = Field(description="On the weeks held out in training, 0 to 1.")
    input_psi: float | None = Field(description="Population stability index of the mentions a day.")
    reasons: str = Field(description="Why it has drifted, in words; empty where it has not.")


class Load(BaseModel):
    """The newest look at how much waits, and what gives way."""

    checked_at: datetime = Field(description="When it was looked at (UTC).")
    waiting: int = Field(description="Events that waited to be taken in, and texts to be embedded.")
    step: int = Field(description="Of `load`, 0 to 3; 0 where nothing gives way.")
    load: str = Field(description="`normal`, `larger_batches`, `embeddings_postponed` or `sampled`.")
    postponed_hours: int = Field(description="Hours of which texts were still to be embedded.")


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
    drift: Drift | None = Field(None, description="Null where no model was in use when the sensor looked last.")
    load: Load | None = Field(None, description="Null where no hour was collected by the schedule yet.")
