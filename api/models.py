"""What the API answers; units are in the descriptions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Label(StrEnum):
    """What is forecast of a topic."""

    BURSTS = "bursts"
    BREAKS_OUT = "breaks_out"
    EMERGES = "emerges"


class Problem(BaseModel):
    """An error as RFC 9457 describes it."""

    type: str = Field("about:blank", description="What kind of problem it is.")
    title: str = Field(description="The problem in a few words.")
    status: int = Field(description="HTTP status.")
    detail: str = Field(description="What happened, to what, and what to do.")


class Prediction(BaseModel):
    """One forecast of one topic."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "cut": "2015-01-05T06:00:00Z",
                    "label": "bursts",
                    "topic": "$tsla",
                    "rank": 1,
                    "score": 0.83,
                    "confidence": 0.41,
                    "growth": 0.9,
                    "source_events_count": 12,
                    "model_version": "tgn-2015-01-05-1f0c9a7e",
                    "metadata": {"mentions_24h": 12},
                    "came_true": True,
                    "mentions_after": 31,
                }
            ]
        }
    )

    cut: datetime = Field(description="When it was forecast (UTC).")
    label: Label = Field(description="What is forecast.")
    topic: str = Field(description="The topic in canonical spelling.")
    rank: int = Field(description="1 is the likeliest topic of its cut and label.")
    score: float = Field(description="Ranks the topics; the scale is the model's own.")
    confidence: float | None = Field(description="Calibrated probability (0 to 1); null where not calibrated.")
    growth: float | None = Field(description="Expected log1p(after) - log1p(before); null where not estimated.")
    source_events_count: int = Field(description="Events in the window before the cut.")
    model_version: str = Field(description="The checkpoint, or `baseline:NAME` where no model was trained.")
    metadata: dict[str, Any] = Field(description="The counts behind it.")
    came_true: bool | None = Field(description="Whether it came true; null until the horizon has passed.")
    mentions_after: int | None = Field(description="Events in the horizon; null until it has passed.")


class PredictionPage(BaseModel):
    """Forecasts of one cut."""

    cut: datetime | None = Field(description="The newest cut that answers the question; null where there is none.")
    simulated: bool = Field(description="Whether the lake holds posts of the simulated world.")
    items: list[Prediction]
    reason: str | None = Field(None, description="Why there are none.")


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


class EventCount(BaseModel):
    """Events of one source and type."""

    source: str = Field(examples=["twitter"])
    event_type: str = Field(examples=["original"])
    events: int = Field(examples=[46720])


class TopicCount(BaseModel):
    """Mentions of one topic."""

    topic: str = Field(examples=["$aapl"])
    mentions: int = Field(description="Events that name it.", examples=[812])


class EventStats(BaseModel):
    """What the lake holds in a span of time."""

    start: datetime | None = Field(description="First hour counted (UTC).")
    end: datetime | None = Field(description="Where counting ends, exclusive (UTC).")
    events: int
    by_type: list[EventCount]
    top_topics: list[TopicCount]
    spam_share: float | None = Field(description="Share of events with spam_score >= 0.5; null without events.")
    rejected: int = Field(description="Rows that could not become events, of all time.")
