"""Response models of forecast accuracy."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from api.models.common import Label, Made


class RankingAccuracy(BaseModel):
    """One ranking's mean over cuts."""

    ranking: str = Field(description="`forecast`, or a ranking by counting alone.", examples=["mentions_24h"])
    title: str = Field(description="The same in words.", examples=["most mentions in 24 h"])
    ndcg_at_10: float = Field(description="0 to 1, binary gain.")
    precision_at_10: float = Field(description="0 to 1.")


class WeekAccuracy(BaseModel):
    """A week's cuts."""

    week: datetime = Field(description="Monday 00:00 (UTC) of the cuts.")
    cuts: int = Field(description="Cuts with at least ten topics and one that came true; others do not count.")
    rankings: list[RankingAccuracy] = Field(
        description="The forecast and what counting would have said, the best first."
    )


class CalibrationBin(BaseModel):
    """Forecasts of about one confidence."""

    low: float = Field(description="Least confidence of the bin.")
    high: float = Field(description="Where the bin ends.")
    forecasts: int = Field(description="Forecasts whose confidence lies in the bin.")
    confidence: float = Field(description="Mean confidence.")
    came_true: float = Field(description="Share that came true.")


class LeadTime(BaseModel):
    """How long before topics became big a list of ten named them."""

    ranking: str = Field(description="`forecast`, or `mentions_24h`, as pages of trends have it.")
    title: str = Field(description="The same in words.", examples=["most mentions in 24 h"])
    named: int = Field(description="Topics that it named in the 24 hours before they became big.")
    median_hours: float | None = Field(
        description="Hours from its first list with the topic until then; null: none named."
    )


class BigTopics(BaseModel):
    """Topics that became big: mentions of 24 hours reached the threshold, and twice as many within a day from then."""

    threshold: int = Field(description="Mentions in 24 hours (`forecast.threshold`).")
    topics: int = Field(description="How many became big in the span, since the first forecast.")
    lists: list[LeadTime] = Field(description="The forecast's ten, and the ten most mentioned at the same moments.")


class Accuracy(BaseModel):
    """Accuracy of the stored first forecasts beside counting, at the same cuts over the same topics."""

    label: Label = Field(description="What was forecast.")
    horizon_hours: int = Field(description="How far ahead, in hours.")
    made: Made = Field(description="Which forecasts are measured; each kind by itself.")
    scored: dict[Made, int] = Field(description="Cuts of each kind whose outcome is known, in the span.")
    simulated: bool = Field(description="Whether the lake holds posts of the simulated world.")
    start: datetime | None = Field(description="First cut looked at (UTC); null where nothing is scored.")
    end: datetime | None = Field(description="Where the span ends, exclusive (UTC).")
    cuts: int = Field(description="Cuts that count.")
    overall: list[RankingAccuracy] = Field(description="Means over all cuts that count, the best first.")
    weeks: list[WeekAccuracy] = Field(description="In order of time.")
    calibration: list[CalibrationBin] = Field(description="By tenths of confidence; empty bins are left out.")
    big_topics: BigTopics | None = Field(
        None, description="How early topics were named that became big; null where nothing was forecast."
    )
    brier: float | None = Field(description="Mean squared error of the confidences; null without any.")
    reason: str | None = Field(None, description="Why there is nothing.")
