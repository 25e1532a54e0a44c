"""Finds a user or a post in the lake, whatever table or payload it is in.

Found are the person's own rows, and rows of others that carry the person: whose payload or context holds the
person's id, or the id of one of the person's posts, in a field in which its format keeps such ids. These are
retweets, quotes, answers, mentions, and comments under a video.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from trend_assets.lake.store import Lake
from trend_assets.sources.event import SOURCES
from trend_assets.sources.identifiers import (
    Identifier,
    Kind,
    SourcedIdentifier,
    context_identifiers,
    identifiers,
    is_unmistakable,
    rejected_identifiers,
    tokens,
)
from trend_assets.sources.pseudonyms import Pseudonyms

_BATCH_ROWS = 20_000
_EVERY = ("raw_events", "observations", "events")
#: A file may have nothing but rows that were known, in conflict or rejected.
_FORMATS = """
    SELECT origin, format FROM raw_events UNION SELECT origin, format FROM observations
    UNION SELECT origin, format FROM rejected_events WHERE format IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """Who or what is to be forgotten.

    Args:
        kind: a person, or one content.
        id: the platform's own id of it.
        source: one of `SOURCES`; all of them where it is None.
    """

    kind: Kind
    id: str
    source: str | None = None


@dataclass(slots=True)
class Traces:
    """What was found.

    Args:
        ids: the person and the person's posts, or the post, as the lake names them.
        own: event ids of the person's own rows, or of the post.
        event_ids: of every row that goes: those, and those that carry them.
        rejected_ids: of `rejected_events`.
        undecided: rejected rows in which the id stands as a word and nothing tells whether it is this one.
        sources: whose rows go; where only rejected rows go, those that such a row tells.
        formats: by origin, what its rows were read by.
    """

    ids: set[SourcedIdentifier] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    event_ids: set[str] = field(default_factory=set)
    rejected_ids: set[str] = field(default_factory=set)
    undecided: int = 0
    sources: set[str] = field(default_factory=set)
    formats: dict[str, set[str]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing in the lake names the person or the post."""
        return not (self.event_ids or self.rejected_ids)

    @property
    def contents(self) -> set[tuple[str | None, str]]:
        """Source and id of the contents that are forgotten."""
        return {(source, value) for source, kind, value in self.ids if kind == "content"}

    @property
    def names(self) -> set[str]:
        """The users as forecasts and models name them."""
        return {f"{source}:{value}" for source, kind, value in self.ids if kind == "user"}

    def knows(self, source: str | None, item: Identifier) -> bool:
        """Whether an id is the person's or one of the posts'; `source` is None where nothing tells it."""
        if source is not None:
            return SourcedIdentifier(source, *item) in self.ids
        return any(SourcedIdentifier(known, *item) in self.ids for known in SOURCES)


def find(lake: Lake, subject: Subject, names: Pseudonyms | None) -> Traces:
    """Everything that is the user's or the post's, and every row that carries them.

    Args:
        lake: read, not changed.
        subject: under the original id.
        names: how the lake names users, where under hashes; ids from before that was set are found, too.
    """
    traces = Traces(ids=set(_spellings(subject, names)), formats=_formats(lake))
    asked = sorted((source, value) for source, _, value in traces.ids)
    for table in _EVERY:
        _own(lake, table, f"{subject.kind}_id", asked, traces)
    _naming(lake, traces)
    _narrow(traces)
    told = _rejected(lake, traces)
    if told and not traces.sources:
        traces.sources = told
        _narrow(traces)
        _rejected(lake, traces)
    return traces


def _spellings(subject: Subject, names: Pseudonyms | None) -> Iterator[SourcedIdentifier]:
    for source in (subject.source,) if subject.source else SOURCES:
        yield SourcedIdentifier(source, subject.kind, subject.id)
        if names is not None:
            named = names.user if subject.kind == "user" else names.content
            yield SourcedIdentifier(source, subject.kind, named(source, subject.id))


def _formats(lake: Lake) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for origin, format in lake.read(_FORMATS).iter_rows():
        found[origin].add(format)
    return dict(found)


def _own(lake: Lake, table: str, column: str, asked: list[tuple[str | None, str]], traces: Traces) -> None:
    sources, values = zip(*asked, strict=True)
    found = lake.read(
        f"SELECT id, source, content_id FROM {table} WHERE (source, {column}) IN "
        "(SELECT (s, v) FROM (SELECT unnest(?) AS s, unnest(?) AS v))",
        [list(sources), list(values)],
    )
    for event_id, source, content in found.iter_rows():
        traces.own.add(event_id)
        traces.event_ids.add(event_id)
        traces.sources.add(source)
        traces.ids.add(SourcedIdentifier(source, "content", content))


def _naming(lake: Lake, traces: Traces) -> None:
    """Rows whose payload or context holds one of the ids where ids stand."""
    read: Mapping[str, tuple[str, Callable[[str, str, str], Collection[Identifier]]]] = {
        "raw_events": ("id, source, format, raw_data", lambda _, format, text: identifiers(format, text)),
        "observations": ("id, source, format, raw_data", lambda _, format, text: identifiers(format, text)),
        "events": ("id, source, '' AS format, context", lambda source, _, text: context_identifiers(source, text)),
    }
    patterns = _spelled(traces)
    sources = sorted({source for source, _, _ in traces.ids if source})
    for table, (columns, ids_in) in read.items():
        query = f"SELECT {columns} FROM {table} WHERE source IN (SELECT unnest(?))"
        for event_id, source, format, text in _likely(lake, query, [sources], patterns):
            if any(traces.knows(source, item) for item in ids_in(source, format, text)):
                traces.event_ids.add(event_id)
                traces.sources.add(source)


def _narrow(traces: Traces) -> None:
    """Keeps the ids of the one source that has them, if it is one: on another they are somebody else's."""
    if len(traces.sources) == 1:
        traces.ids = {item for item in traces.ids if item.source in traces.sources}


def _rejected(lake: Lake, traces: Traces) -> set[str]:
    """Finds the rejected rows; the sources that they tell."""
    told: set[str] = set()
    traces.rejected_ids, traces.undecided = set(), 0
    doubtful = {value for _, _, value in traces.ids if not is_unmistakable(value)}
    query = "SELECT id, origin, format, reason, raw_data || ' ' || reason FROM rejected_events"
    for rejected_id, origin, format, reason, text in _likely(lake, query, [], _spelled(traces)):
        raw = text.removesuffix(f" {reason}")
        found = rejected_identifiers(raw, traces.formats.get(origin, ()), format) | rejected_identifiers(reason)
        theirs = {item.source for item in found if traces.knows(item.source, Identifier(item.kind, item.value))}
        if theirs:
            traces.rejected_ids.add(rejected_id)
            # Several sources share a format: such a row tells none of them.
            named = {source for source in theirs if source is not None}
            told |= named if len(named) == 1 else set()
        elif not doubtful.isdisjoint(tokens(text)):
            traces.undecided += 1
    return told


def _spelled(traces: Traces) -> list[str]:
    """The ids as JSON may write them, and the part of a composed id that a table's cell holds."""
    values = {value for _, _, value in traces.ids}
    escaped = {json.dumps(value)[1:-1] for value in values} | {value.replace("/", "\\/") for value in values}
    cells = {re.sub(r"\\(.)", r"\1", re.split(r"(?<!\\)[/+]", value)[-1]) for value in values}
    return sorted((values | escaped | cells) - {""})


def _likely(lake: Lake, query: str, parameters: list[list[str]], patterns: list[str]) -> Iterable[tuple[Any, ...]]:
    """Rows whose last column holds the bytes of an id: most rows do not, and need not be read as JSON."""
    with lake.cursor() as cursor:
        for batch in cursor.execute(query, parameters).to_arrow_reader(_BATCH_ROWS):
            frame = pl.DataFrame(batch)
            yield from frame.filter(frame.to_series(-1).str.contains_any(patterns)).iter_rows()
