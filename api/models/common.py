"""What several answers share."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, Field

from trend_assets.names import SOURCES


class Label(StrEnum):
    """What is forecast of a topic."""

    BURSTS = "bursts"
    BREAKS_OUT = "breaks_out"
    EMERGES = "emerges"


SourceName = StrEnum("SourceName", {name: name for name in SOURCES})
SourceName.__doc__ = "Where events come from."


class CollectionState(StrEnum):
    """How the collection of an hour ended."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    EMPTY = "empty"
    SKIPPED = "skipped"
    FAILED = "failed"


class Problem(BaseModel):
    """An error as RFC 9457 describes it."""

    type: str = Field("about:blank", description="What kind of problem it is.")
    title: str = Field(description="The problem in a few words.")
    status: int = Field(description="HTTP status.")
    detail: str = Field(description="What happened, to what, and what to do.")
