"""Where in the lake a user or a post is found, whatever table or payload it is in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from trend_assets.lake.store import Lake
from trend_assets.sources.event import SOURCES
from trend_assets.sources.identifiers import context_identifiers, identifiers, tokens
from trend_assets.sources.pseudonyms import Pseudonyms

_BATCH_ROWS = 20_000
_EVERY = ("raw_events", "observations", "events")


@dataclass(frozen=True, slots=True)
class Subject:
    """Who or what is to be forgotten.

    Args:
        kind: a person, or one content.
        id: the platform's own id of it.
        source: one of `SOURCES`; all of them where it is None.
    """

    kind: Literal["user", "content"]
    id: str
    source: str | None = None


@dataclass(slots=True)
class Traces:
    """What was found.

    Args:
        users: source and id of the person, as the lake names them.
        contents: source and id of the contents that go.
        event_ids: of every row that goes.
        rejected_ids: of `rejected_events`.
        origins: files and collectors that the rows came from.
    """

    users: set[tuple[str, str]] = field(default_factory=set)
    contents: set[tuple[str, str]] = field(default_factory=set)
    event_ids: set[str] = field(default_factory=set)
    rejected_ids: set[str] = field(default_factory=set)
    origins: set[str] = field(default_factory=set)

    @property
    def user_ids(self) -> set[str]:
        return {user for _, user in self.users}

    @property
    def content_ids(self) -> set[str]:
        return {content for _, content in self.contents}

    @property
    def names(self) -> set[str]:
        """The users as forecasts and models name them."""
        return {f"{source}:{user}" for source, user in self.users}

    @property
    def all_ids(self) -> list[str]:
        return sorted(self.user_ids | self.content_ids)

    @property
    def node_keys(self) -> set[str]:
        return {f"{source}:{value}" for source, value in self.users | self.contents}


def find(lake: Lake, subject: Subject, names: Pseudonyms | None) -> Traces:
    """Everything that is the user's or the post's, and every payload that names them.

    Args:
        lake: read, not changed.
        subject: under the original id.
        names: how the lake names users, where under hashes; ids from before that was set are found, too.
    """
    traces = _named(subject, names)
    column = "user_id" if subject.kind == "user" else "content_id"
    for table in _EVERY:
        _own(lake, table, column, subject, traces)
    if subject.kind == "content":
        traces.contents |= {(source, value) for source, value in _spellings(subject, names)}
    _naming(lake, subject.source, traces)
    _origins(lake, traces)
    return traces


def _origins(lake: Lake, traces: Traces) -> None:
    for table, ids in (("raw_events", traces.event_ids), ("rejected_events", traces.rejected_ids)):
        query = f"SELECT DISTINCT origin FROM {table} WHERE id IN (SELECT unnest(?))"
        traces.origins |= set(lake.read(query, [sorted(ids)])["origin"]) if ids else set()


def _named(subject: Subject, names: Pseudonyms | None) -> Traces:
    return Traces(users=set(_spellings(subject, names))) if subject.kind == "user" else Traces()


def _spellings(subject: Subject, names: Pseudonyms | None) -> Iterator[tuple[str, str]]:
    for source in (subject.source,) if subject.source else SOURCES:
        yield source, subject.id
        if names is not None:
            named = names.user if subject.kind == "user" else names.content
            yield source, named(source, subject.id)


def _own(lake: Lake, table: str, column: str, subject: Subject, traces: Traces) -> None:
    wanted = traces.users if subject.kind == "user" else traces.contents
    if subject.kind == "content":
        wanted = {(source, subject.id) for source in ((subject.source,) if subject.source else SOURCES)}
    sources, values = zip(*sorted(wanted), strict=True)
    found = lake.read(
        f"SELECT id, source, content_id FROM {table} WHERE (source, {column}) IN "
        "(SELECT (s, v) FROM (SELECT unnest(?) AS s, unnest(?) AS v))",
        [list(sources), list(values)],
    )
    traces.event_ids |= set(found["id"])
    traces.contents |= set(zip(found["source"], found["content_id"], strict=True))


def _naming(lake: Lake, source: str | None, traces: Traces) -> None:
    """Rows whose payload or context names one of the ids where ids stand."""
    ids = set(traces.all_ids)
    where, parameters = ("WHERE source = ?", [source]) if source else ("", [])
    readers: dict[str, tuple[str, Callable[[str, str], Collection[str]]]] = {
        "raw_events": ("id, format, raw_data", identifiers),
        "observations": ("id, format, raw_data", identifiers),
        "events": ("id, '' AS format, context", lambda _, text: context_identifiers(text)),
    }
    for table, (columns, named_in) in readers.items():
        query = f"SELECT {columns} FROM {table} {where}"
        traces.event_ids |= set(_matching(lake, query, parameters, ids, named_in))
    rejected = "SELECT id, '' AS format, raw_data || ' ' || reason FROM rejected_events"
    traces.rejected_ids |= set(_matching(lake, rejected, [], ids, lambda _, text: tokens(text)))


def _matching(
    lake: Lake, query: str, parameters: list[str], ids: set[str], named_in: Callable[[str, str], Collection[str]]
) -> Iterable[str]:
    patterns = sorted(ids)
    with lake.cursor() as cursor:
        for batch in cursor.execute(query, parameters).to_arrow_reader(_BATCH_ROWS):
            frame = pl.DataFrame(batch)
            frame.columns = ["id", "format", "text"]
            # Most rows hold none of the bytes: only the others are worth reading as JSON.
            likely = frame.filter(pl.col("text").str.contains_any(patterns))
            for key, format, text in likely.iter_rows():
                if not ids.isdisjoint(named_in(format, text)):
                    yield key
