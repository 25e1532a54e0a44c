"""Response models of forecasts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.models.common import Label, Made


class TopicLabel(BaseModel):
    """What a topic is called: made every six hours from its posts of a day."""

    name: str = Field(description="Its most telling phrase.", examples=["Luty transfer"])
    group_topic: str = Field(description="The topic that leads those that mean the same; itself where it is alone.")
    category: str = Field(description="What it is about; `other` where that is unsure.", examples=["sports"])
    confidence: float = Field(description="Of the category, 0 to 1; 0 where its posts had no vectors.")
    post_id: str = Field(description="The post nearest to the middle of its posts.")


class Prediction(BaseModel):
    """One forecast of one topic."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "cut": "2015-01-05T06:00:00Z",
                    "label": "emerges",
                    "horizon_hours": 24,
                    "topic": "$tsla",
                    "rank": 1,
                    "score": 0.83,
                    "confidence": 0.41,
                    "growth": 0.9,
                    "source_events_count": 12,
                    "model_version": "tgn-2015-01-05-1f0c9a7e",
                    "metadata": {"mentions_24h": 12},
                    "forecast_at": "2015-01-05T06:10:42Z",
                    "revision": 0,
                    "made": "live",
                    "mentions_before": 12,
                    "expected_mentions": 30,
                    "came_true": True,
                    "mentions_after": 31,
                    "dagster_link": "http://127.0.0.1:3000/assets/predictions?view=partitions&partition=2015-01-05-05%3A00",
                }
            ]
        }
    )

    cut: datetime = Field(description="The forecast origin: it looks at what was posted until then (UTC).")
    label: Label = Field(description="What is forecast.")
    horizon_hours: int = Field(description="How far ahead, in hours.")
    topic: str = Field(description="The topic in canonical spelling.")
    rank: int = Field(description="1 is the likeliest topic of its cut and label.")
    score: float = Field(description="Ranks the topics; the scale is the model's own.")
    confidence: float | None = Field(description="Calibrated probability (0 to 1); null where not calibrated.")
    growth: float | None = Field(description="Expected log1p(after) - log1p(before); null where not estimated.")
    source_events_count: int = Field(description="Events in the window before the cut.")
    model_version: str = Field(description="The checkpoint, or `baseline:NAME` where no model was trained.")
    metadata: dict[str, Any] = Field(description="The counts behind it, and the users to whom it owes most.")
    forecast_at: datetime | None = Field(description="When it was really made (UTC); null where unrecorded.")
    revision: int = Field(description="0 is the first forecast of its cut and label: the one that is scored.")
    made: Made = Field(
        description="`live`: soon after its cut; `late`: later, before the outcome was known; `backfill`: after it; "
        "`revised`: not the first; `unrecorded`: by an older release."
    )
    mentions_before: int = Field(description="Events in as long a time before the cut as the horizon.")
    expected_mentions: int | None = Field(
        description="Events expected in the horizon, rounded; null where no growth is expected or estimated."
    )
    came_true: bool | None = Field(description="Whether it came true; null until the horizon has passed.")
    mentions_after: int | None = Field(description="Events in the horizon; null until it has passed.")
    topic_label: TopicLabel | None = Field(
        None, description="What the topic was called then; null where it had no label."
    )
    dagster_link: str = Field(description="The hour that it was made from in the Dagster UI.")


class Horizon(BaseModel):
    """How far ahead there are forecasts."""

    horizon_hours: int = Field(description="Hours after the cut.")
    main: bool = Field(description="Whether it is `forecast.horizon_hours`, which is shown where none is asked for.")
    labels: list[Label] = Field(description="What is forecast so far ahead.")
    cut: datetime = Field(description="The newest cut (UTC).")
    model_version: str = Field(description="Who made the newest forecast of the first of the labels.")
    reason: str | None = Field(None, description="Why counting made it, and no trained model; null where one did.")


class PredictionPage(BaseModel):
    """Forecasts of one cut."""

    cut: datetime | None = Field(description="The newest cut that answers the question; null where there is none.")
    revisions: int = Field(0, description="How often that cut was forecast again, with posts that came later.")
    simulated: bool = Field(description="Whether the lake holds posts of the simulated world.")
    items: list[Prediction] = Field(description="In order of rank.")
    reason: str | None = Field(None, description="Why there are none.")
