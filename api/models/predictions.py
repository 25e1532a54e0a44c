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


class Words(BaseModel):
    """The forecast as the terminal and the dashboard tell it."""

    title: str = Field(description="What is forecast.", examples=["Will grow"])
    ahead: str = Field(description="How far ahead.", examples=["24 h"])
    heading: str = Field(
        description="What the list of such forecasts is.",
        examples=["Likeliest to grow in 24 h", "For the next 7 days, ranked by counting: most mentions in 3 h"],
    )
    mentions: str = Field(
        description="Mentions before and those expected; once the horizon has passed, what came of it.",
        examples=["25 → about 50", "25 → 46 ▲ 84 %"],
    )
    chance: str | None = Field(description="The confidence in whole per cent; null where there is none.")
    likely: str = Field(
        description="What the chance means, or why there is none.",
        examples=["likely: about 8 in 10 such should come true"],
    )
    verdict: str = Field(
        description="Whether it came true.", examples=["not due yet", "not known: the posts end before"]
    )
    why: str = Field(description="The counts behind it.")
    by: str = Field(description="The model, or the count that it goes by.")
    made: str | None = Field(description="How it came about, where that was not live.")


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
        description="Events expected in the horizon, rounded; null where no growth was estimated."
    )
    came_true: bool | None = Field(description="Whether it came true; null until the horizon has passed.")
    mentions_after: int | None = Field(description="Events in the horizon; null until it has passed.")
    topic_label: TopicLabel | None = Field(
        None, description="What the topic was called then; null where it had no label."
    )
    words: Words = Field(description="The same in words.")
    dagster_link: str = Field(description="The hour that it was made from in the Dagster UI.")


class Range(BaseModel):
    """Where the mentions of the horizon would lie, had this forecast the errors of earlier ones."""

    low: int = Field(description="A tenth of earlier forecasts of topics of this size came out lower.")
    middle: int = Field(description="What the growth says.")
    high: int = Field(description="A tenth came out higher.")
    forecasts: int = Field(description="How many earlier forecasts that stands on.")


class Sample(BaseModel):
    """A post that names the topic."""

    id: str = Field(description="As in `events`.")
    timestamp: datetime = Field(description="When it was posted (UTC).")
    source: str = Field(description="Where.")
    text: str = Field(description="What was written, the first 500 characters.")
    author: str | None = Field(description="The author's name there; null where unknown.")
    link: str | None = Field(description="Its address there; null where its id tells none, and of simulated posts.")


class Driver(BaseModel):
    """Somebody to whom the forecast owes something."""

    user_id: str = Field(description="The source's own id.")
    source: str = Field(description="Where they post.")
    name: str | None = Field(description="What they are called there; null where unknown.")
    link: str | None = Field(description="Their page there; null where the id tells none.")
    odds: float = Field(description="How many times higher the odds are than with the same posts by a stranger.")


class Platform(BaseModel):
    """A source in the day before the cut."""

    source: str = Field(description="Its name in the lake.")
    posts: int = Field(description="Posts that name the topic there.")


class Card(Prediction):
    """A forecast with what a person wants to see beside it."""

    days: list[int] = Field(description="Mentions of the seven days before the cut, oldest first; may be empty.")
    expected_range: Range | None = Field(description="Null without a growth, or with fewer than 30 such forecasts.")
    platforms: list[Platform] = Field(description="Where it was named in the 24 h before the cut, the most first.")
    spam_share: float | None = Field(description="Share of those posts with spam_score >= 0.5; null without posts.")
    is_new: bool = Field(description="Whether it was first seen in the 24 h before the cut.")
    posts: list[Sample] = Field(description="Three posts of that time at most, the least spammy and newest.")
    drivers: list[Driver] = Field(description="Those to whom the forecast owes most.")
    came_after_hours: int | None = Field(
        None,
        description="Of what came true, hours from the cut until it had the mentions that make a topic big "
        "(`forecast.threshold`, or what `forecast.further_horizons` needs).",
    )


class CardPage(BaseModel):
    """The top list of one cut as the dashboard shows it."""

    cut: datetime | None = Field(description="The newest cut that answers the question; null where there is none.")
    revisions: int = Field(0, description="How often that cut was forecast again, with posts that came later.")
    simulated: bool = Field(description="Whether the lake holds posts of the simulated world.")
    items: list[Card] = Field(description="In order of rank.")
    left_out: list[str] = Field(
        default_factory=list,
        description="Topics that rank among them and are not shown, for they look like spam: 100 at most.",
    )
    reason: str | None = Field(None, description="Why there are none.")


class Horizon(BaseModel):
    """How far ahead there are forecasts."""

    horizon_hours: int = Field(description="Hours after the cut.")
    title: str = Field(description="The same in words.", examples=["7 days"])
    main: bool = Field(description="Whether it is `forecast.horizon_hours`, which is shown where none is asked for.")
    labels: list[Label] = Field(description="What is forecast so far ahead.")
    comes_true: dict[Label, str] = Field(
        description="What each of them needs to come true, by the settings in force.",
        examples=[{"emerges": "at least 8 mentions in 24 h, and 4 more than in the 24 h before"}],
    )
    cut: datetime = Field(description="The newest cut (UTC).")
    model_version: str = Field(description="Who made the newest forecast of the first of the labels.")
    reason: str | None = Field(None, description="Why counting made it, and no trained model; null where one did.")


class PredictionPage(BaseModel):
    """Forecasts of one cut."""

    cut: datetime | None = Field(description="The newest cut that answers the question; null where there is none.")
    revisions: int = Field(0, description="How often that cut was forecast again, with posts that came later.")
    simulated: bool = Field(description="Whether the lake holds posts of the simulated world.")
    items: list[Prediction] = Field(description="In order of rank.")
    left_out: list[str] = Field(
        default_factory=list,
        description="Topics that rank among them and are not shown, for they look like spam: 100 at most.",
    )
    reason: str | None = Field(None, description="Why there are none.")
