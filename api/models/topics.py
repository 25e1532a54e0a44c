"""Response models of topics."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from api.models.predictions import Prediction, TopicLabel


class TopicSummary(BaseModel):
    """A topic and how much was said of it."""

    topic: str = Field(description="In canonical spelling.", examples=["$tsla"])
    mentions: int = Field(description="Events that name it, in the span asked for.", examples=[812])
    first_hour: datetime = Field(description="First hour in the span with a mention (UTC).")
    last_hour: datetime = Field(description="Last hour in the span with a mention (UTC).")
    topic_label: TopicLabel | None = Field(None, description="What it is called; null where it has no label.")
    similarity: float | None = Field(None, description="Nearness in meaning, -1 to 1; null where it was not asked for.")


class TopicPage(BaseModel):
    """Topics, the most mentioned or the most similar first."""

    items: list[TopicSummary] = Field(description="Topics of this page.")
    next: str | None = Field(description="`cursor` of the next page; null on the last one.", examples=["12:$tsla"])
    reason: str | None = Field(None, description="Why there are none.")


class SourceHour(BaseModel):
    """A topic in one hour of one source."""

    hour: datetime = Field(description="Start of the hour (UTC).")
    source: str = Field(description="Where the events come from.", examples=["twitter"])
    mentions: int = Field(description="Events that name it.")
    users: int = Field(description="Different users among them.")


class Post(BaseModel):
    """One event that names the topic."""

    id: str = Field(
        description="Source, type and the content's own id.", examples=["twitter:original:2007965354252306743"]
    )
    timestamp: datetime = Field(description="When it was posted (UTC).")
    source: str = Field(description="Where it was posted.")
    event_type: str = Field(description="What was done, e.g. `reply`.")
    user_id: str | None = Field(description="The source's own id of who posted it; null where unknown.")
    author: str | None = Field(description="The author's name there; null where unknown.")
    link: str | None = Field(description="Its address there; null where its id tells none, and of simulated posts.")
    text: str = Field(description="What was written.")
    spam_score: float = Field(description="0 to 1.")
    gen_z_score: float = Field(description="0 to 1.")
    copy_group: str | None = Field(description="Names the campaign of near copies that it belongs to; null where none.")
    copies: int | None = Field(description="Posts of that campaign in the 24 hours until this one; null where none.")
    dagster_link: str = Field(description="The hour of `events` that holds it in the Dagster UI.")


class TopicUser(BaseModel):
    """Who names the topic most."""

    user_id: str = Field(description="The source's own id.")
    source: str = Field(description="Where the user posts.")
    name: str | None = Field(description="What they are called there; null where unknown.")
    link: str | None = Field(description="Their page there; null where the id tells none.")
    mentions: int = Field(description="Their events that name the topic.")


class RelatedTopic(BaseModel):
    """A topic named in the same events."""

    topic: str = Field(description="In canonical spelling.")
    together: int = Field(description="Events that name both.")


class GenZ(BaseModel):
    """How the Gen Z scores of a topic's posts are spread. The score is a heuristic: it measures nobody's age."""

    p10: float = Field(description="A tenth of the posts scores no more; 0 to 1.")
    p25: float = Field(description="A quarter.")
    p50: float = Field(description="The median.")
    p75: float = Field(description="Three quarters.")
    p90: float = Field(description="Nine tenths.")
    signs: float = Field(description="Share of posts with any sign: those that score above zero.")
    parts: dict[str, float] = Field(
        description="Share of posts that show each part, e.g. `slang`, the most frequent first; absent where none does."
    )


class TopicStory(BaseModel):
    """Everything that is known of one topic in a span of time."""

    topic: str = Field(description="In canonical spelling.")
    simulated: bool = Field(description="Whether the lake holds posts of the simulated world.")
    start: datetime = Field(description="First hour looked at (UTC).")
    end: datetime = Field(description="Where the span ends, exclusive (UTC).")
    topic_label: TopicLabel | None = Field(None, description="What it is called; null where it has no label.")
    mentions: int = Field(description="Events in the span.")
    repeated: int = Field(description="Those of the events that are near copies of others, and do not count again.")
    gen_z_score: float | None = Field(description="Mean over the span's events, 0 to 1; null without events.")
    gen_z: GenZ | None = Field(description="How the events' scores are spread; null without events.")
    spam_share: float | None = Field(description="Share of events with spam_score >= 0.5; null without events.")
    activity: list[SourceHour] = Field(description="Hours with mentions, in order of time.")
    predictions: list[Prediction] = Field(
        description="The first of each cut, newest cut first, with what became of them."
    )
    posts: list[Post] = Field(description="Least spammy and newest first, one a text.")
    users: list[TopicUser] = Field(description="The ten who named it most.")
    related: list[RelatedTopic] = Field(description="The ten most often named with it.")
