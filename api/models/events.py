"""Response models of events."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field


class EventCount(BaseModel):
    """Events of one source and type."""

    source: str = Field(description="Where they come from.", examples=["twitter"])
    event_type: str = Field(description="What was done.", examples=["original"])
    events: int = Field(description="How many.", examples=[46720])


class HourCount(BaseModel):
    """Events of one hour."""

    hour: datetime = Field(description="Start of the hour (UTC).")
    events: int = Field(description="Events in the hour.")


class LanguageCount(BaseModel):
    """Events in one language."""

    language: str | None = Field(description="BCP 47; null where the source does not say.", examples=["en"])
    events: int = Field(description="Events in the language.")


class TopicCount(BaseModel):
    """Mentions of one topic."""

    topic: str = Field(description="In canonical spelling.", examples=["$aapl"])
    mentions: int = Field(description="Events that name it.", examples=[812])


class EventStats(BaseModel):
    """What the lake holds in a span of time."""

    start: datetime | None = Field(description="First hour counted (UTC); null where the lake has no events.")
    end: datetime | None = Field(description="Where counting ends, exclusive (UTC); null as `start`.")
    events: int = Field(description="Events in the span.")
    by_type: list[EventCount] = Field(description="Counts by source and type.")
    by_hour: list[HourCount] = Field(description="The newest 168 hours with events, in order of time.")
    by_language: list[LanguageCount] = Field(description="The fifty most frequent.")
    sources: list[str] = Field(description="Every source that the lake has events of, also of other times.")
    top_topics: list[TopicCount] = Field(description="The most mentioned topics.")
    spam_share: float | None = Field(description="Share of events with spam_score >= 0.5; null without events.")
    rejected: int = Field(description="Rows that could not become events, of all time.")
