"""The report of an import: counts by file, and what the events hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import cast

import polars as pl

from trend_assets.enrichment.topics import topics_of
from trend_assets.operations.identity import Identified
from trend_assets.periods import hour_start
from trend_assets.sources.archive.files import Batch
from trend_assets.sources.event import Payload, kind_of_reason
from trend_assets.sources.wire.notes import BEFORE_2000, LATER_THAN_NOW
from trend_assets.words import counted

#: A file of which more rows than this share have the id of another post has failed.
CONFLICT_SHARE = 0.001
#: Every cell may be a reason of its own.
_MOST_REASONS = 1_000
_MORE_REASONS = "other reasons, all in rejected_events"
#: Beyond this many topics the rare half is dropped: the counts of frequent ones stay right to within what they lost.
_MOST_TOPICS = 200_000
_OLD = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)

#: Not every reader notes them: they are counted where the times stand together.
_BY_TIME = frozenset({BEFORE_2000, LATER_THAN_NOW})
TAKEN_BEFORE = "rows that an earlier import of the file could read, and this one cannot, stay as they are"
ONE_TIME = "all rows of a file have the same time: is timestamp= the right column?"


@dataclass(frozen=True, slots=True)
class Example:
    """One rejected row."""

    line: int | None
    text: str


@dataclass(slots=True)
class Part:
    """The counts of a file, or of a member of an archive: `rows = new + known + conflicts + rejected + forgotten`.

    Args:
        name: as in `raw_events.origin`.
        rows: what was read.
        new: events that were not known.
        known: events that were, the changed and the unread among them.
        changed: known events with another payload, which is in `observations`.
        unread: rows that cannot be events now, and are since an earlier import of the file.
        conflicts: rows whose id is that of another post.
        rejected: rows that cannot be events.
        forgotten: rows that were left out because somebody had them forgotten.
        reasons: why rows were rejected.
        kinds: the first reason of each kind, under which those like it are counted.
        examples: one row for each reason.
        conflict: the reason of the first conflict.
        notes: of the file as a whole.
        first: its earliest time; UTC.
        last: its latest time.
        error: why it could not be read, or not to its end.
    """

    name: str
    rows: int = 0
    new: int = 0
    known: int = 0
    changed: int = 0
    unread: int = 0
    conflicts: int = 0
    rejected: int = 0
    forgotten: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, str] = field(default_factory=dict)
    examples: dict[str, Example] = field(default_factory=dict)
    conflict: str | None = None
    notes: list[str] = field(default_factory=list)
    first: datetime | None = None
    last: datetime | None = None
    error: str | None = None

    @property
    def events(self) -> int:
        """Rows that are events, new or known."""
        return self.new + self.known

    @property
    def has_conflicts(self) -> bool:
        """Whether more rows than `CONFLICT_SHARE` have the id of another post."""
        return self.conflicts > CONFLICT_SHARE * self.rows

    @property
    def conflict_share(self) -> str:
        """How many of its rows have the id of another post, and the first of them."""
        were = "was" if self.conflicts == 1 else "were"
        return f"{self.conflicts:,} of {counted(self.rows, 'row')} {were} rejected, e.g. {self.conflict}"

    def add(self, batch: Batch, found: Identified, rejected: pl.DataFrame, unread: int) -> None:
        """Counts a batch; a row that is in neither frame, nor unread, was left out."""
        verdicts = Counter(found.verdicts)
        self.rows += batch.rows
        self.new += verdicts["new"]
        self.known += verdicts["known"] + verdicts["changed"] + unread
        self.changed += verdicts["changed"]
        self.unread += unread
        self.conflicts += verdicts["conflict"]
        self.rejected += rejected.height
        self.forgotten += batch.rows - found.raw.height - rejected.height - unread
        self.conflict = self.conflict or next(iter(found.reasons), None)
        self.notes += [note for note in batch.notes if note not in self.notes]
        self.error = batch.error or self.error
        for line, reason, text in rejected.select("line", "reason", "raw_data").iter_rows():
            self.reject(reason, 1, Example(line, text))
        times = found.events["timestamp"]
        if times.len():
            first, last = cast(datetime, times.min()), cast(datetime, times.max())
            self.first = min(self.first or first, first)
            self.last = max(self.last or last, last)

    def reject(self, reason: str, rows: int, example: Example) -> None:
        """Counts rejected rows, together with those of which only the value differs."""
        kind = kind_of_reason(reason)
        if kind not in self.kinds and len(self.kinds) >= _MOST_REASONS:
            kind = reason = _MORE_REASONS
        reason = self.kinds.setdefault(kind, reason)
        self.reasons[reason] += rows
        self.examples.setdefault(reason, example)


@dataclass(slots=True)
class FileReport:
    """What one file gave: its own part, or one for each member of an archive.

    Args:
        path: the file.
        name: as it is named in the lake.
        parts: by their names, in their order.
        error: why it could not be read, or not to its end.
    """

    path: Path
    name: str
    parts: dict[str, Part] = field(default_factory=dict)
    error: str | None = None

    @property
    def rows(self) -> int:
        """Rows read."""
        return sum(part.rows for part in self.parts.values())

    @property
    def events(self) -> int:
        """Rows that are events, new or known."""
        return sum(part.events for part in self.parts.values())

    @property
    def added(self) -> int:
        """Events that were not known."""
        return sum(part.new for part in self.parts.values())

    @property
    def known(self) -> int:
        """Events that were known."""
        return sum(part.known for part in self.parts.values())

    @property
    def conflicts(self) -> int:
        """Rows that have the id of another post."""
        return sum(part.conflicts for part in self.parts.values())

    @property
    def rejected(self) -> int:
        """Rows that cannot be events."""
        return sum(part.rejected for part in self.parts.values())

    @property
    def forgotten(self) -> int:
        """Rows that were left out because somebody had them forgotten."""
        return sum(part.forgotten for part in self.parts.values())

    @property
    def reasons(self) -> Counter[str]:
        """Why rows were rejected, and how many."""
        return sum((part.reasons for part in self.parts.values()), Counter[str]())

    @property
    def errors(self) -> Iterator[str]:
        """Why it, or a member of it, could not be read; each once."""
        said = [self.error, *(part.error for part in self.parts.values())]
        return iter(dict.fromkeys(error for error in said if error))

    @property
    def why(self) -> str:
        """Why it failed, in words; empty where it did not."""
        conflicts = (part.conflict_share for part in self.parts.values() if part.has_conflicts)
        return "; ".join([*self.errors, *conflicts])

    @property
    def first(self) -> datetime | None:
        """The hour of the earliest event."""
        return _hour(min((part.first for part in self.parts.values() if part.first), default=None))

    @property
    def last(self) -> datetime | None:
        """The hour of the latest event."""
        return _hour(max((part.last for part in self.parts.values() if part.last), default=None))

    @property
    def failed(self) -> bool:
        """Whether something could not be read, or too many rows have the id of another post."""
        return bool(self.why)


@dataclass(slots=True)
class ImportStatistics:
    """Counts over all events of an import.

    Args:
        types: events by source and type.
        topics: mentions of topics, of which the rare may be left out.
        events: events that were read.
        with_topic: those that name a topic.
        notes: what was assumed, or looks wrong, and how many events it concerns.
        days: the days (UTC) on which something happened.
    """

    types: Counter[tuple[str, str]] = field(default_factory=Counter)
    topics: Counter[str] = field(default_factory=Counter)
    events: int = 0
    with_topic: int = 0
    notes: Counter[str] = field(default_factory=Counter)
    days: set[date] = field(default_factory=set)

    def add(self, payloads: Sequence[Payload], found: Identified) -> None:
        """Counts a batch."""
        events = found.events
        if found.raw.height == len(payloads):
            payloads = [item for item, verdict in zip(payloads, found.verdicts, strict=True) if verdict != "conflict"]
        self.events += len(payloads)
        self._count_topics(payloads)
        self.notes.update(note for payload in payloads for note in payload.event.notes if note not in _BY_TIME)
        for source, event_type, count in events.group_by("source", "event_type").len().iter_rows():
            self.types[source, event_type] += count
        times = events["timestamp"]
        self.days |= set(times.dt.date().unique())
        self._note(BEFORE_2000, int((times < _OLD).sum()))
        self._note(LATER_THAN_NOW, int((times > datetime.now(UTC) + _AHEAD).sum()))

    def end(self, parts: Iterable[Part]) -> None:
        """Notes what is told by a whole file only."""
        for part in parts:
            if part.events - part.unread > 1 and part.first == part.last:
                self._note(ONE_TIME, part.events - part.unread)
            self._note(TAKEN_BEFORE, part.unread)

    def _note(self, note: str, count: int) -> None:
        if count:
            self.notes[note] += count

    def _count_topics(self, payloads: Sequence[Payload]) -> None:
        topics = [topics_of(payload.event) for payload in payloads]
        self.topics.update(chain.from_iterable(topics))
        self.with_topic += sum(map(bool, topics))
        if len(self.topics) > _MOST_TOPICS:
            self.topics = Counter(dict(self.topics.most_common(_MOST_TOPICS // 2)))


def _hour(moment: datetime | None) -> datetime | None:
    return moment and hour_start(moment)
