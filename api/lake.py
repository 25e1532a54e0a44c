"""The API's hold on the lake: read-only, bounded in time, memory and number, opened again when it was lost."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Any

import duckdb
import polars as pl
import pyarrow as pa
from fastapi import Depends, Request

from api.versions import Versions, record, tables_of
from trend_assets.lake.connection import LakeError, hiding_secrets, lake_location
from trend_assets.lake.store import Lake
from trend_assets.settings import Settings

#: How long the newest snapshot's number is believed: asking the catalog takes longer than answering from memory.
_SNAPSHOT_SECONDS = 0.2
_EXPORT_ROWS = 8192
#: A download may take longer than a page.
_EXPORT_FACTOR = 30
#: More queries at a time than cores only wait for one another.
_AT_ONCE = max(4, os.cpu_count() or 1)
_IDLE = 8
#: Small answers are kept, which many questions begin with: the newest hour, the newest cut.
_KEPT = 1024
_KEPT_ROWS = 100
#: Files never change. Late materialization reads a table twice, and asks the catalog for its files each time.
_QUICKER = "SET parquet_metadata_cache = true; SET disabled_optimizers = 'late_materialization'"
_FAILED_SECONDS = 0.2
_CLOSED = "the lake cannot be opened now: try again, and see the API's log"
_SIMULATED = "(simulated)"
_SIMULATED_SECONDS = 5.0
_SIMULATED_QUERY = "SELECT 1 FROM raw_events WHERE starts_with(origin, 'simulator') LIMIT 1"

Parameters = Sequence[Any] | Mapping[str, Any]

_log = logging.getLogger("api")


class QueryTooLarge(LakeError):
    """A query took too long or too much memory."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A small answer, and as of which snapshot."""

    frame: pl.DataFrame
    snapshot: int
    tables: frozenset[str]


class _Hold:
    """An open lake with the connections that wait for the next query: making one takes as long as a small query."""

    def __init__(self, settings: Settings) -> None:
        # One thread a query: many are answered at a time, and what threads would tell one another costs more.
        location = replace(lake_location(settings), memory_limit=settings.api.memory_limit, threads=1)
        self.lake = Lake(location, read_only=True)
        folders = sorted({f"{location.folder}/", location.files})
        with self.lake.cursor() as cursor:
            cursor.execute(_QUICKER)
            # Whatever a query said, it could read or write no file but the lake's, and open no other database.
            cursor.execute(f"SET allowed_directories = {folders}; SET enable_external_access = false")
        self.versions = Versions()
        self.kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self.tables: dict[str, frozenset[str]] = {}
        self.lost = False
        self._idle: list[duckdb.DuckDBPyConnection] = []

    def take(self) -> duckdb.DuckDBPyConnection:
        try:
            return self._idle.pop()
        except IndexError:
            return self.lake.cursor()

    def give_back(self, cursor: duckdb.DuckDBPyConnection) -> None:
        if self.lost or len(self._idle) >= _IDLE:
            cursor.close()
        else:
            self._idle.append(cursor)

    def close(self) -> None:
        self.lost = True
        while self._idle:
            self._idle.pop().close()
        self.lake.close()


class LakeReader:
    """Reads for many threads; a lost lake is opened again by the next read.

    Args:
        settings: where the lake is, and how long and how large a query may be.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._room = threading.BoundedSemaphore(_AT_ONCE)
        self._hold: _Hold | None = None
        self._looked = -1.0
        self._failed: tuple[float, LakeError | None] = (-1.0, None)
        self._simulated = False
        self._simulated_at: tuple[float, int] = (-1.0, -1)

    def read(self, query: str, parameters: Parameters = ()) -> pl.DataFrame:
        """The answer to a query; times are UTC.

        Raises:
            LakeError: there is no lake yet, or it cannot be read now.
            QueryTooLarge: it took longer or more memory than the settings allow.
        """
        hold = self._open()
        key = _key(query, parameters)
        if kept := self._kept(hold, key):
            record(kept.tables)
            return kept.frame
        snapshot = hold.versions.newest
        with self._in_turn(), self._bounded(hold, self.settings.api.query_seconds) as cursor:
            tables = self._tables(hold, cursor, query)
            record(tables)
            frame = cursor.execute(query, parameters).pl()
        if key is not None and snapshot >= 0 and frame.height <= _KEPT_ROWS:
            hold.kept[key] = _Kept(frame, snapshot, tables)
            while len(hold.kept) > _KEPT:
                hold.kept.popitem(last=False)
        return frame

    def batches(self, query: str, parameters: Parameters = ()) -> Iterator[pa.RecordBatch]:
        """The answer to a query, piece by piece, for downloads; the first piece is empty and has the schema.

        Raises:
            LakeError: as `read`; also while the pieces are read.
        """
        hold = self._open()
        with self._bounded(hold, self.settings.api.query_seconds * _EXPORT_FACTOR) as cursor:
            record(self._tables(hold, cursor, query))
            reader = cursor.execute(query, parameters).to_arrow_reader(_EXPORT_ROWS)
            yield pa.RecordBatch.from_pylist([], schema=reader.schema)
            yield from reader

    def snapshot(self) -> int:
        """The lake's newest snapshot, at most 0.2 s old."""
        hold = self._hold
        if hold is not None and self.is_fresh():
            return hold.versions.newest
        with self._looking:
            hold = self._open()
            if not self.is_fresh() or hold.versions.newest < 0:
                with self._bounded(hold, self.settings.api.query_seconds) as cursor:
                    hold.versions.look(cursor)
                self._looked = time.monotonic()
                self._look_for_simulated(hold)
            return hold.versions.newest

    def is_fresh(self) -> bool:
        """Whether the snapshot is known without asking."""
        return self._hold is not None and time.monotonic() - self._looked < _SNAPSHOT_SECONDS

    def known_snapshot(self) -> int:
        """The newest snapshot that was seen, without asking; -1 for none."""
        hold = self._hold
        return hold.versions.newest if hold is not None else -1

    def version(self, tables: frozenset[str]) -> int:
        """The snapshot at which any of these tables last changed, as far as is known."""
        hold = self._hold
        return hold.versions.of(tables) if hold is not None else -1

    def simulated(self) -> bool:
        """Whether any event came from the simulated world."""
        record({_SIMULATED})
        if not self._simulated:
            self.snapshot()
        return self._simulated

    def _look_for_simulated(self, hold: _Hold) -> None:
        """Events are only ever added: once simulated, always; else looked for when there are new ones."""
        at, version = self._simulated_at
        newest = hold.versions.of({"raw_events"})
        if self._simulated or newest == version or time.monotonic() - at < _SIMULATED_SECONDS:
            return
        with self._bounded(hold, self.settings.api.query_seconds) as cursor:
            self._simulated = cursor.execute(_SIMULATED_QUERY).fetchone() is not None
        self._simulated_at = (time.monotonic(), newest)
        hold.versions.touch(_SIMULATED)

    def _kept(self, hold: _Hold, key: Hashable | None) -> _Kept | None:
        kept = hold.kept.get(key) if key is not None else None
        return kept if kept and self.is_fresh() and hold.versions.of(kept.tables) <= kept.snapshot else None

    def _tables(self, hold: _Hold, cursor: duckdb.DuckDBPyConnection, query: str) -> frozenset[str]:
        if query not in hold.tables:
            if len(hold.tables) >= _KEPT:
                hold.tables.clear()
            hold.tables[query] = tables_of(cursor, query)
        return hold.tables[query]

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if not self._room.acquire(timeout=self.settings.api.query_seconds):
            raise QueryTooLarge("too many questions at a time: try again in a moment")
        try:
            yield
        finally:
            self._room.release()

    @contextmanager
    def _bounded(self, hold: _Hold, seconds: float) -> Iterator[duckdb.DuckDBPyConnection]:
        try:
            with hiding_secrets(hold.lake.location):
                cursor = hold.take()
        except duckdb.Error as error:
            raise self._lost(hold, error) from None
        clock = threading.Timer(seconds, cursor.interrupt)
        clock.daemon = True
        clock.start()
        whole = False
        try:
            with hiding_secrets(hold.lake.location):
                yield cursor
            whole = True
        except duckdb.InterruptException:
            raise QueryTooLarge(f"the query took longer than {seconds:g} s: ask for a shorter span of time") from None
        except duckdb.OutOfMemoryException:
            raise QueryTooLarge("the query needs more memory than api.memory_limit: ask for a shorter span") from None
        except duckdb.Error as error:
            raise self._lost(hold, error) from None
        finally:
            clock.cancel()
            if whole:
                hold.give_back(cursor)
            else:
                # A half-read answer, or an interrupt on its way, must not meet the next query.
                cursor.close()

    def _lost(self, hold: _Hold, error: duckdb.Error) -> LakeError:
        # What DuckDB says names files and hosts: it is for the log, not for everybody.
        _log.warning("the lake was lost: %s", str(error).splitlines()[0])
        self._let_go(hold)
        return LakeError(f"the lake cannot be read now ({type(error).__name__}): try again, and see the API's log")

    def _open(self) -> _Hold:
        hold = self._hold
        if hold is not None:
            return hold
        with self._lock:
            if self._hold is None:
                self._hold = self._opened()
                self._simulated, self._simulated_at = False, (-1.0, -1)
            return self._hold

    def _opened(self) -> _Hold:
        tried, failure = self._failed
        # Many ask for a lake that is away: one try answers all of them.
        if failure is not None and time.monotonic() - tried < _FAILED_SECONDS:
            raise failure
        try:
            return _Hold(self.settings)
        except LakeError as error:
            _log.warning("%s", error)
            failure = LakeError(_for_everybody(str(error), self.settings))
        except duckdb.Error as error:
            _log.warning("the lake cannot be opened: %s", str(error).splitlines()[0])
            failure = LakeError(_CLOSED)
        self._failed = (time.monotonic(), failure)
        raise failure

    def close(self) -> None:
        """Lets go of the lake; the next read opens it again."""
        if self._hold is not None:
            self._let_go(self._hold)

    def _let_go(self, hold: _Hold) -> None:
        with self._lock:
            # Another thread may have opened it anew by now.
            if self._hold is hold:
                self._hold = None
                self._looked = -1.0
            hold.close()


def _for_everybody(text: str, settings: Settings) -> str:
    """Why the lake cannot be opened, without where it is: that is for the log."""
    return _CLOSED if "cannot be opened" in text else text.replace(str(settings.home), "TREND_HOME")


def _key(query: str, parameters: Parameters) -> Hashable | None:
    values = tuple(sorted(parameters.items())) if isinstance(parameters, Mapping) else tuple(parameters)
    try:
        hash(values)
    except TypeError:
        return None
    return query, values


def lake_reader(request: Request) -> LakeReader:
    """The application's reader, for FastAPI's dependencies."""
    reader = request.app.state.reader
    assert isinstance(reader, LakeReader)
    return reader


Reader = Annotated[LakeReader, Depends(lake_reader)]


def is_simulated(lake: LakeReader) -> bool:
    """Whether any event came from the simulated world."""
    return lake.simulated()
