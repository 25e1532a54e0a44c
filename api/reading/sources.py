"""The dependencies of an answer on the lake, and whether they have changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from api.reading.catalog_snapshot import CatalogSnapshot, Within


class Reads(Protocol):
    """Runs small queries on a snapshot."""

    def value_in(
        self, snapshot: CatalogSnapshot, query: str, parameters: tuple[Any, ...], within: tuple[Within, ...]
    ) -> Any:
        """The only value of a query's result."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A dependency on rows of a table in a span; unchanged while their files are the same."""

    table: str
    within: tuple[Within, ...]

    def now(self, snapshot: CatalogSnapshot, _: Reads) -> object:
        """The files that hold the rows."""
        return snapshot.files(self.table, self.within)


@dataclass(frozen=True, slots=True)
class Value:
    """A dependency on one value; unchanged while a query returns the same."""

    query: str
    parameters: tuple[Any, ...]
    within: tuple[Within, ...]

    def now(self, snapshot: CatalogSnapshot, reads: Reads) -> object:
        """The value that the query returns."""
        return reads.value_in(snapshot, self.query, self.parameters, self.within)


@dataclass(frozen=True, slots=True)
class Newest:
    """A dependency on the greatest value of a column."""

    table: str
    column: str

    def now(self, snapshot: CatalogSnapshot, reads: Reads) -> object:
        """The greatest value, read from the files that may hold it."""
        here = snapshot.newest(self.table, self.column)
        return reads.value_in(snapshot, f"SELECT max({self.column}) FROM {self.table}", (), (here,))


@dataclass(frozen=True, slots=True)
class Number:
    """A dependency on the number of the newest snapshot: every commit changes it."""

    def now(self, snapshot: CatalogSnapshot, _: Reads) -> object:
        """The number."""
        return snapshot.number


@dataclass(frozen=True, slots=True)
class Passed:
    """A dependency on whether a moment has passed."""

    moment: datetime

    def now(self, _: CatalogSnapshot, __: Reads) -> object:
        """Whether it has."""
        return datetime.now(UTC) >= self.moment


Source = Rows | Value | Newest | Number | Passed


@dataclass(slots=True)
class Reading:
    """An answer in progress: it reads one snapshot, and records its dependencies."""

    snapshot: CatalogSnapshot
    found: dict[Source, object] = field(default_factory=dict)

    def fits(self, snapshot: CatalogSnapshot, reads: Reads) -> bool:
        """Whether the answer is valid for another snapshot, too."""
        return all(source.now(snapshot, reads) == before for source, before in self.found.items())


_current: ContextVar[Reading | None] = ContextVar("reading", default=None)


@contextmanager
def reading(snapshot: CatalogSnapshot) -> Iterator[Reading]:
    """All reads in this block, also in threads that it starts, use one snapshot and are recorded."""
    made = Reading(snapshot)
    token = _current.set(made)
    try:
        yield made
    finally:
        _current.reset(token)


def current() -> Reading | None:
    """The answer in progress in this context."""
    return _current.get()
