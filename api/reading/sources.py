"""The dependencies of an answer on the lake, and whether they have changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

from api.reading.catalog_snapshot import CatalogSnapshot, Within


class Reads(Protocol):
    """Answers small questions of a snapshot."""

    def value_in(
        self, snapshot: CatalogSnapshot, query: str, parameters: tuple[Any, ...], within: tuple[Within, ...]
    ) -> Any:
        """The only value of an answer."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a table in a span: they are the same where the files are."""

    table: str
    within: tuple[Within, ...]

    def now(self, snapshot: CatalogSnapshot, _: Reads) -> object:
        return snapshot.files(self.table, self.within)


@dataclass(frozen=True, slots=True)
class Value:
    """One value: an answer made from it stays good while it stays, whatever is written."""

    query: str
    parameters: tuple[Any, ...]
    within: tuple[Within, ...]

    def now(self, snapshot: CatalogSnapshot, reads: Reads) -> object:
        return reads.value_in(snapshot, self.query, self.parameters, self.within)


@dataclass(frozen=True, slots=True)
class Newest:
    """The greatest value of a column."""

    table: str
    column: str

    def now(self, snapshot: CatalogSnapshot, reads: Reads) -> object:
        here = snapshot.newest(self.table, self.column)
        return reads.value_in(snapshot, f"SELECT max({self.column}) FROM {self.table}", (), (here,))


Source = Rows | Value | Newest


@dataclass(slots=True)
class Reading:
    """One answer being made: all of it is read from one snapshot, and what is read is noted."""

    snapshot: CatalogSnapshot
    found: dict[Source, object] = field(default_factory=dict)

    def fits(self, snapshot: CatalogSnapshot, reads: Reads) -> bool:
        """Whether the same answer would be made from another snapshot."""
        return all(source.now(snapshot, reads) == before for source, before in self.found.items())


_current: ContextVar[Reading | None] = ContextVar("reading", default=None)


@contextmanager
def reading(snapshot: CatalogSnapshot) -> Iterator[Reading]:
    """What is read inside, also in threads that it starts, is of one snapshot."""
    made = Reading(snapshot)
    token = _current.set(made)
    try:
        yield made
    finally:
        _current.reset(token)


def current() -> Reading | None:
    """The answer that is being made here."""
    return _current.get()
