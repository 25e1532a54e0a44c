"""Response models that several subjects share."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, Field

from trend_assets.names import SOURCES


class Label(StrEnum):
    """What is forecast of a topic: it will grow; it is unusually high for this topic; it is new and rising."""

    EMERGES = "emerges"
    BURSTS = "bursts"
    BREAKS_OUT = "breaks_out"


class Revision(StrEnum):
    """Which forecast of a cut."""

    FIRST = "first"
    NEWEST = "newest"


class Made(StrEnum):
    """When a forecast was made, seen from its cut."""

    LIVE = "live"
    LATE = "late"
    BACKFILL = "backfill"
    REVISED = "revised"
    UNRECORDED = "unrecorded"


SourceName = StrEnum("SourceName", {name: name for name in SOURCES})  # type: ignore[misc]
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
