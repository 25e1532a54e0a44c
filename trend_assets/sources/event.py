"""The event: one post or other action of a user, in the form that every parser gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from trend_assets import names
from trend_assets.names import EVENT_TYPES
from trend_assets.sources.wire.notes import LATER_THAN_NOW

SOURCES = tuple(names.SOURCES)
#: A cell's value in a reason, not the name of its column.
_VALUE = re.compile(r"(?<!\w)(?<!column )(['\"]).*?\1(?!\w)")
_A_DAY, _A_YEAR = timedelta(days=1), timedelta(days=366)


class Rejected(ValueError):
    """A payload that cannot be an event; the message is the reason, in a user's words."""


def kind_of_reason(reason: str) -> str:
    """A reason without the quoted value of its row: every cell of a column may be wrong in the same way."""
    return _VALUE.sub("'…'", reason)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that somebody did.

    Args:
        timestamp: when, timezone-aware; kept in UTC.
        source: one of `SOURCES`.
        event_type: one of the source's `EVENT_TYPES`; any word for a source that has none there.
        content_id: the source's own id of the content.
        user_id: the source's own id of the user, where there is one.
        text: what was written.
        hashtags: as written, without the sign, where the source lists them.
        topics: topics that the source itself names (cashtags with `$`, search terms, threads).
        language: BCP 47, where the source says it.
        context: where it stands: `original_content_id`, `conversation_id`, …; JSON values only.
        features: signals by name, e.g. `followers`, `likes`; a missing one is absent, never zero.
        notes: what its reader assumed, in the words of `wire.notes`. They are no part of the event: no table
            holds them, and events that differ in them alone are equal.

    Raises:
        Rejected: a naive timestamp, an empty content id, an unknown source or event type.
    """

    timestamp: datetime
    source: str
    event_type: str
    content_id: str
    user_id: str | None = None
    text: str = ""
    hashtags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    language: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    features: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if self.timestamp.tzinfo is None:
            raise Rejected(f"timestamp {self.timestamp.isoformat()} has no time zone")
        if self.source not in SOURCES:
            raise Rejected(f"unknown source {self.source!r}: expected one of {', '.join(SOURCES)}")
        if not self.content_id:
            raise Rejected("no content id")
        allowed = EVENT_TYPES.get(self.source)
        if allowed is not None and self.event_type not in allowed:
            raise Rejected(
                f"unknown event type {self.event_type!r} for {self.source}: expected one of {', '.join(allowed)}"
            )

    @property
    def id(self) -> str:
        """Made from source, event type and content id: collecting twice changes nothing."""
        return f"{self.source}:{self.event_type}:{self.content_id}"


@dataclass(frozen=True, slots=True)
class Payload:
    """What was received for one event: the text as it came, and the format that reads it.

    Only here an event's time is held against the clock, for only here it is being received: what was accepted
    is read again from the lake years later, by the same words, as the same event.

    Raises:
        Rejected: an event of more than a year from now.
    """

    format: str
    raw_data: str
    event: Event

    def __post_init__(self) -> None:
        ahead = self.event.timestamp - datetime.now(UTC)
        if ahead > _A_DAY:
            if ahead > _A_YEAR:
                raise Rejected(
                    f"a timestamp of the future: '{self.event.timestamp:%Y-%m-%d}', more than a year from now"
                )
            noted = replace(self.event, notes=(*self.event.notes, LATER_THAN_NOW))
            object.__setattr__(self, "event", noted)
