"""Deduplication of events: new, known, or in conflict with another post of the same id."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, cast

import duckdb
import polars as pl

from trend_assets.lake.known_events import KnownEvents
from trend_assets.lake.tables import OBSERVATIONS, REJECTED_EVENTS
from trend_assets.sources.formats import COLUMNS_PREFIX
from trend_assets.sources.frames import rejection_id
from trend_assets.sources.registry import parse
from trend_assets.sources.wire.values import without_half_pairs

_HOUR = timedelta(hours=1)
#: Services differ in precision: some give whole seconds, others fractions.
_SAME_TIME = timedelta(seconds=1)
#: The id of a chart holds the hour, its time is when the chart was read.
_CHARTS = frozenset({"trend", "trending", "interest"})
_TOLD = """
    SELECT id, raw_data FROM observations SEMI JOIN held USING (id) WHERE hour BETWEEN ? AND ? ORDER BY observed_at
"""
_SHOWN_CHARACTERS = 80
_APART = "--namespace NAME, or with id=COLUMN+COLUMN"
_NOT_UNIQUE = "choose another column as id=, or join columns, id=COLUMN+COLUMN"
_OF_THIS_FILE = f", and stands in the same file: the id is not unique there, so {_NOT_UNIQUE}"
_OF_A_NAMESAKE = (
    f", and came with a file of the same name: if it is the same file, the id is not unique there, so {_NOT_UNIQUE}; "
    "else keep both apart with --namespace NAME"
)
#: By what differs alone.
_OF_ANOTHER_FILE = {
    "time": ": import both files with the same timezone= and date_format=",
    "text": f": if it is one post, edited or read by another text=, do nothing; else keep both apart with {_APART}",
}
#: A text mode that is applied twice writes several carriage returns before a feed.
_LINE_END = re.compile(r"\r+\n|\r")
#: The same within JSON; `\\r` is a backslash and a letter.
_JSON_LINE_END = re.compile(r"(?:\\r)+\\n|\\r|\\.")


class _Row(NamedTuple):
    """What tells events apart, and where they came from."""

    id: str
    timestamp: datetime
    event_type: str
    user_id: str | None
    format: str
    raw_data: str
    origin: str
    collected_at: datetime


@dataclass(slots=True)
class _Held:
    """An event that has its id, and every payload that was told of it, in their order."""

    first: _Row
    told: list[str]


@dataclass(frozen=True, slots=True)
class Identified:
    """Received rows, and what each is.

    Args:
        raw: rows of `RAW_EVENTS`.
        verdicts: of each row: `new`, `known`, `changed` (known with another payload) or `conflict`.
        reasons: of each conflict, in words.
    """

    raw: pl.DataFrame
    verdicts: pl.Series
    reasons: list[str] = field(default_factory=list)

    @property
    def new(self) -> pl.DataFrame:
        """Rows of events that were not known."""
        return self.raw.filter(self.verdicts == "new")

    @property
    def changed(self) -> pl.DataFrame:
        """Rows of known events with another payload."""
        return self.raw.filter(self.verdicts == "changed")

    @property
    def conflicts(self) -> pl.DataFrame:
        """Rows that have the id of another post."""
        return self.raw.filter(self.verdicts == "conflict")

    @property
    def events(self) -> pl.DataFrame:
        """All rows but the conflicts."""
        return self.raw.filter(self.verdicts != "conflict")

    def observations(self) -> pl.DataFrame:
        """Rows of `OBSERVATIONS`; several of one event are microseconds apart."""
        nth = pl.int_range(pl.len()).over("id").cast(pl.Duration("us"))
        frame = self.changed.with_columns(observed_at=pl.col("collected_at") + nth)
        return frame.select(OBSERVATIONS.column_names)

    def rejected(self) -> pl.DataFrame:
        """The conflicts as rows of `REJECTED_EVENTS`."""
        conflicts = self.conflicts.select("origin", "raw_data", "collected_at", "format")
        rows = zip(conflicts.iter_rows(), self.reasons, strict=True)
        return REJECTED_EVENTS.frame(
            {
                # The reason is another one when the same file comes again: its posts are of an earlier import then.
                "id": rejection_id(origin, None, "conflict", raw_data),
                "origin": origin,
                "line": None,
                "reason": reason,
                "raw_data": raw_data,
                "rejected_at": received,
                "format": format,
            }
            for (origin, raw_data, received, format), reason in rows
        )


def identify(
    connection: duckdb.DuckDBPyConnection,
    known: KnownEvents,
    raw: pl.DataFrame,
    *,
    repeats_count: bool = False,
    since: datetime | None = None,
) -> Identified:
    """Compares received rows with what the lake holds and with each other.

    A row conflicts where its time differs from that of the event with its id by a second or more, or its user,
    or (both in tables of a column map) its text. What one side does not say does not differ, nor do line ends of
    several systems.

    Args:
        connection: in the transaction that writes the rows.
        known: of the same lake.
        raw: rows of `RAW_EVENTS`, in their order.
        repeats_count: a payload that was told before is a change where another one was told since, as counts are
            that go up and down; else it is known.
        since: when the import of the rows' file began; what has its origin and came later is of the same file.
    """
    if raw.is_empty():
        return Identified(raw, pl.Series([], dtype=pl.String))
    found = known.rows(connection, raw)
    verdicts, reasons = ["new"] * raw.height, []
    concerned = raw["id"].is_duplicated() | raw["id"].is_in(found["id"].implode())
    held = _held(found)
    told_again = raw if repeats_count else _differing_rows(raw, found)
    _add_told(connection, held, found.join(told_again.select("id"), on="id", how="semi"))
    rows = map(_Row._make, raw.filter(concerned).select(_Row._fields).iter_rows())
    for place, row in zip(concerned.arg_true(), rows, strict=True):
        verdicts[place], reason = _judge(held, row, repeats_count, since)
        reasons += [reason] if reason else []
    return Identified(raw, pl.Series(verdicts, dtype=pl.String), reasons)


def _held(found: pl.DataFrame) -> dict[str, _Held]:
    held: dict[str, _Held] = {}
    # Of an older release's lake several may have one id: the first one that came has it.
    for row in map(_Row._make, found.sort("collected_at").select(_Row._fields).iter_rows()):
        held.setdefault(row.id, _Held(row, [row.raw_data]))
    return held


def _differing_rows(raw: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Rows whose payload is not that of the event with their id."""
    return raw.select("id", "raw_data").join(found.select("id", "raw_data"), on=["id", "raw_data"], how="anti")


def _add_told(connection: duckdb.DuckDBPyConnection, held: dict[str, _Held], asked: pl.DataFrame) -> None:
    """Adds what was told of events after their first payload."""
    if asked.is_empty():
        return
    connection.register("held", asked.select("id"))
    try:
        first, last = cast(datetime, asked["hour"].min()), cast(datetime, asked["hour"].max())
        span = [first - _HOUR, last + _HOUR]
        for event, raw_data in connection.execute(_TOLD, span).fetchall():
            held[event].told.append(raw_data)
    finally:
        connection.unregister("held")


def _judge(held: dict[str, _Held], row: _Row, repeats_count: bool, since: datetime | None) -> tuple[str, str]:
    before = held.get(row.id)
    if before is None:
        held[row.id] = _Held(row, [row.raw_data])
        return "new", ""
    is_same = row.format == before.first.format and row.raw_data == before.first.raw_data
    if not is_same and (differing := _differing(before.first, row)):
        return "conflict", _reason(before.first, row, differing, since)
    if _is_among(before.told[-1:] if repeats_count else before.told, row.raw_data):
        return "known", ""
    before.told.append(row.raw_data)
    return "changed", ""


def _is_among(told: list[str], raw_data: str) -> bool:
    """Whether a payload was told, as it is or as another release kept it."""
    if raw_data in told:
        return True
    plain = _comparable(raw_data)
    return any(_comparable(other) == plain for other in told)


def _differing(one: _Row, other: _Row) -> list[str]:
    """What makes two rows of one id two posts: `time`, `user`, `text`."""
    in_tables = _is_table(one) and _is_table(other)
    if not in_tables and one.event_type in _CHARTS:
        return []
    found = ["time"] if abs(one.timestamp - other.timestamp) >= _SAME_TIME else []
    if None not in (one.user_id, other.user_id) and one.user_id != other.user_id:
        found.append("user")
    if in_tables and _differ(_text(one), _text(other)):
        found.append("text")
    return found


def _is_table(row: _Row) -> bool:
    return row.format.startswith(COLUMNS_PREFIX)


def _text(row: _Row) -> str:
    try:
        return parse(row.format, row.raw_data).text
    except ValueError:
        # What an older release has read, or what is withheld, has no text that could differ.
        return ""


def _differ(one: str, other: str) -> bool:
    return bool(one and other) and _LINE_END.sub("\n", one) != _LINE_END.sub("\n", other)


def _comparable(raw_data: str) -> str:
    """A payload without what tells only which system or which release of ours wrote it: line ends, half characters."""
    raw_data = without_half_pairs(raw_data)
    if "\\r" not in raw_data:
        return raw_data
    return _JSON_LINE_END.sub(lambda found: "\\n" if found[0].startswith("\\r") else found[0], raw_data)


def _reason(one: _Row, other: _Row, differing: list[str], since: datetime | None) -> str:
    """What a row has in common with the first of its id, what it has not, and what to do."""
    user = "no user" if one.user_id is None else f"user {one.user_id}"
    at = f"{one.timestamp:%Y-%m-%dT%H:%M:%S}Z"
    fields = " and ".join([", ".join(differing[:-1]), differing[-1]] if len(differing) > 1 else differing)
    alone = " alone" if len(differing) == 1 else ""
    taken = (
        f"the id {_content_id(one)} is already that of another post (time {at}, {user}), "
        f"which differs in its {fields}{alone}"
    )
    if not _is_table(other):
        return f"{taken}: the ids of this format are unique, so one of both was changed"
    if one.format == other.format and one.origin == other.origin:
        return taken + (_OF_THIS_FILE if since and one.collected_at >= since else _OF_A_NAMESAKE)
    return taken + _OF_ANOTHER_FILE.get(fields, f": keep both apart with {_APART}")


def _content_id(row: _Row) -> str:
    content_id = row.id.split(":", 2)[2]
    return content_id if len(content_id) <= _SHOWN_CHARACTERS else content_id[: _SHOWN_CHARACTERS - 1] + "…"
