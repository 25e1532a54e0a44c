"""Runs the phrase tracker over hours of the lake, from stored states, so that results are reproducible.

A state is kept for the start of each day. An hour is made from the newest state before it: the day before that state
is read to fill the window, and the hours since are judged again. Where there is no state, up to `_WARM_UP` before
the hour are judged.

Posts that come late change what was decided before only where their hours are made again. Then the rest of that day
is judged, too: where it ends as it did before, all later states stay; else they go, and the next hour that is made
judges the days since the last one that is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from trend_assets.enrichment.phrases.choice import Choice
from trend_assets.lake.lineage import note_write
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS, PHRASE_STATES, TOPIC_PHRASES
from trend_assets.settings import Settings

if TYPE_CHECKING:
    from trend_assets.enrichment.phrases.tracker import Tracker

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS = ("id", "hour", "timestamp", "source", "user_id", "text", "language", "topics")
#: After two half-lives, what was before counts a quarter.
_WARM_UP = timedelta(days=14)
_NEWEST = "SELECT hour, state FROM phrase_states WHERE hour <= ? AND digest = ? ORDER BY hour DESC LIMIT 1"
_NEXT = "SELECT state FROM phrase_states WHERE hour = ? AND digest = ?"
_OLDEST_EVENT = "SELECT min(hour) AS hour FROM events WHERE hour >= ? AND hour < ?"


@dataclass(frozen=True, slots=True)
class Tracked:
    """Rows of `TOPIC_PHRASES`, and the hours before them that were judged again."""

    rows: pl.DataFrame
    replayed: int


def topic_choice(settings: Settings) -> Choice:
    """Which topics count, as the settings say."""
    return Choice.of(**settings.enrichment.topics.model_dump())


def track(lake: Lake, choice: Choice, start: datetime, end: datetime, events: pl.DataFrame) -> Tracked:
    """The phrases of the hours `[start, end)`; states of the days that end in them are written.

    Args:
        lake: holds the events of earlier hours, and the states.
        choice: which topics count.
        start: first hour, UTC.
        end: where the last hour ends.
        events: rows of `EVENTS` of these hours.
    """
    if "phrases" not in choice.kinds:
        return Tracked(TOPIC_PHRASES.frame(), 0)
    begun, tracker = _restored(lake, choice, start)
    walk = _Walk(tracker, choice.digest())
    walk.go(begun, start, _read(lake, begun, start))
    rows = pl.concat([TOPIC_PHRASES.frame(), *walk.go(start, end, [events.select(_COLUMNS)])])
    _store(lake, walk, end)
    return Tracked(rows.sort("hour", "timestamp", "event_id", "topic"), int((start - begun) / _HOUR))


class _Walk:
    """Goes through hours, and notes the state at the start of each day."""

    def __init__(self, tracker: Tracker, digest: str) -> None:
        self.tracker, self.digest = tracker, digest
        self.states: dict[datetime, bytes] = {}

    def go(
        self, start: datetime, end: datetime, parts: Iterator[pl.DataFrame] | list[pl.DataFrame]
    ) -> list[pl.DataFrame]:
        """The rows of the hours `[start, end)`, whose events come in order of time."""
        found: list[pl.DataFrame] = []
        for part in parts:
            for hour in part.sort("hour", "id").partition_by("hour", maintain_order=True):
                self._end_days(hour["hour"][0])
                found.append(_said(self.tracker, hour))
        self._end_days(end)
        return found

    def _end_days(self, moment: datetime) -> None:
        """Notes the state at the start of the moment's day, where a day with posts has ended since."""
        day = (moment - _EPOCH) // _DAY
        if self.tracker.day is not None and day > self.tracker.day:
            from trend_assets.enrichment.phrases.states import pack

            self.tracker.advance(day)
            self.states[_EPOCH + day * _DAY] = pack(self.tracker)


def _said(tracker: Tracker, hour: pl.DataFrame) -> pl.DataFrame:
    said = list(tracker.step(_number(hour["hour"][0]), hour))
    rows = hour.select("hour", "timestamp", event_id="id")[[one.row for one in said]]
    told = {name: [getattr(one, name) for one in said] for name in ("topic", "phrase")}
    return TOPIC_PHRASES.conform(rows.hstack(pl.DataFrame(told, schema={"topic": pl.String, "phrase": pl.String})))


def _restored(lake: Lake, choice: Choice, start: datetime) -> tuple[datetime, Tracker]:
    """A tracker, and the hour until which it has judged all."""
    # The word lists take half a second to load, which every process would pay where phrases are off.
    from trend_assets.enrichment.phrases.states import unpack
    from trend_assets.enrichment.phrases.tracker import Tracker

    found = lake.read(_NEWEST, [start, choice.digest()])
    if found.is_empty():
        oldest = lake.read(_OLDEST_EVENT, [_midnight(start - _WARM_UP), start])["hour"][0]
        return (start if oldest is None else oldest.astimezone(UTC)), Tracker(choice)
    begun, tracker = found["hour"][0].astimezone(UTC), unpack(found["state"][0], choice)
    for part in _read(lake, begun - _DAY, begun):
        for hour in part.partition_by("hour", maintain_order=True):
            tracker.fill(_number(hour["hour"][0]), hour)
    return begun, tracker


def _read(lake: Lake, start: datetime, end: datetime) -> Iterator[pl.DataFrame]:
    """Events day by day."""
    while start < end:
        until = min(_midnight(start) + _DAY, end)
        yield lake.read_table(EVENTS, start, until, _COLUMNS)
        start = until


def _store(lake: Lake, walk: _Walk, end: datetime) -> None:
    """Writes the new states; where posts of earlier hours have changed, later states go."""
    newest = lake.read("SELECT max(hour) AS hour FROM phrase_states")["hour"][0]
    if newest is not None and newest.astimezone(UTC) >= end:
        # Hours are made again: does their day end as it did?
        midnight = _midnight(end - timedelta(microseconds=1)) + _DAY
        walk.go(end, midnight, _read(lake, end, midnight))
        before = lake.read(_NEXT, [midnight, walk.digest])["state"].to_list()
        if before == [walk.states.get(midnight)]:
            _write(lake, walk, midnight + _HOUR)
            return
    note_write(PHRASE_STATES.name)
    if walk.states:
        _write(lake, walk, None)


def _write(lake: Lake, walk: _Walk, until: datetime | None) -> None:
    rows = [(hour, walk.digest, state) for hour, state in sorted(walk.states.items())]
    frame = pl.DataFrame(rows, schema=PHRASE_STATES.schema, orient="row")
    lake.write(PHRASE_STATES, frame, rows[0][0], until)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _number(hour: datetime) -> int:
    return int((hour - _EPOCH) / _HOUR)
