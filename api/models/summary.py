"""Response models of the strip of figures and the choices that the dashboard offers."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field


class Choice(BaseModel):
    """A value of a filter."""

    name: str = Field(description="As the parameter takes it.", examples=["mastodon"])
    title: str = Field(description="As people call it.", examples=["Mastodon"])


class Choices(BaseModel):
    """What the filters of `/predictions/top` can be set to, the most frequent first."""

    label: list[Choice] = Field(description="What is forecast.")
    source: list[Choice] = Field(description="Platforms with posts in the lake.")
    language: list[Choice] = Field(description="Languages of the last week, fifty at most.")
    community: list[Choice] = Field(description="Communities of the last day, a hundred at most.")
    category: list[Choice] = Field(description="What topics of the last week are about.")
    watch: list[Choice] = Field(description="Watch lists of the settings.")


class Summary(BaseModel):
    """What is collected and watched now."""

    simulated: bool = Field(description="Whether the lake holds posts of the simulated world.")
    newest_event: datetime | None = Field(description="Time of the newest event (UTC).")
    cut: datetime | None = Field(description="The newest cut of the label (UTC).")
    posts: int = Field(description="Events in the 24 h until the end of the newest event's hour.")
    posts_before: int = Field(description="Events in the 24 h before those.")
    topics: int = Field(description="Topics that the newest cut forecasts.")
    choices: Choices = Field(description="Values of the filters.")
