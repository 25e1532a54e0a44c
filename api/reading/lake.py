"""The thread-safe reader of the lake: each answer from one snapshot; a lost connection is opened again."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import duckdb
import polars as pl
import pyarrow as pa
from fastapi import Depends, Request

from api.reading.catalog_snapshot import CatalogSnapshot, Files, Within
from api.reading.pool import LakeLost, Pool
from api.reading.sources import Newest, Number, Passed, Rows, Source, Value, current
from trend_assets.lake.connection import LakeError
from trend_assets.lake.people import SIMULATED
from trend_assets.settings import Settings

#: How long a snapshot counts as the newest: reading it takes longer than answering from memory.
_SNAPSHOT_SECONDS = 0.2
_EXPORT_ROWS = 8192
#: A download may take longer than a page.
_EXPORT_FACTOR = 30
#: Results of small queries are cached, e.g. the newest hour and the newest cut, which many requests need.
_KEPT = 1024
_KEPT_ROWS = 100
_FAILED_SECONDS = 0.2
#: Beginnings of the reasons that name nothing but the home.
_TOLD = ("there is no lake", "this lake has version", "the DuckDB extension", "the installed duckdb_extension")
_CLOSED = "the lake cannot be opened now: try again, and see the API's log"
_OF_SIMULATOR = Within("raw_events", "origin", "simulator", "simulatos")

Parameters = Sequence[Any] | Mapping[str, Any]

_log = logging.getLogger("api")


class LakeReader:
    """A thread-safe reader; after a lost connection the next read opens the lake again.

    Args:
        settings: where the lake is, and how long and how large a query may be.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._pool: Pool | None = None
        self._catalog_snapshot: CatalogSnapshot | None = None
        self._looked = -1.0
        self._failed: tuple[float, LakeError | None] = (-1.0, None)
        self._kept: OrderedDict[Hashable, pl.DataFrame] = OrderedDict()
        self._asked: dict[Hashable, Future[pl.DataFrame]] = {}

    def read(self, query: str, parameters: Parameters = (), *within: Within) -> pl.DataFrame:
        """The answer to a query; times are UTC.

        Args:
            query: names tables behind FROM and JOIN only.
            parameters: its parameters.
            within: hints for file pruning.

        Raises:
            LakeError: there is no lake yet, or it cannot be read now.
            QueryTooLarge: it took longer or more memory than the settings allow.
        """
        snapshot = self._current()
        return self._frame(snapshot, query, parameters, _noted_files(snapshot, query, within))

    def value(self, query: str, parameters: tuple[Any, ...] = (), *within: Within) -> Any:
        """The only value of a query's result; cached answers made from it stay valid while the value is the same."""
        return self._noted(Value(query, parameters, within))

    def newest(self, table: str, column: str) -> Any:
        """The greatest value of a table's column, None where it is empty."""
        return self._noted(Newest(table, column))

    def has_passed(self, moment: datetime) -> bool:
        """Whether a moment is over; cached answers made from it are made again when it is, at the next snapshot."""
        return bool(self._noted(Passed(moment)))

    def has(self, table: str) -> bool:
        """Whether the lake has a table: one of an older release gets a new one when it is next written to."""
        return table in self._current().tables

    def simulated(self) -> bool:
        """Whether any event came from the simulated world."""
        return bool(self.value(SIMULATED, (), _OF_SIMULATOR))

    def has_platform_ids(self) -> bool:
        """Whether ids are the platforms' own, so that addresses can be made of them: not simulated, and not hashed."""
        return not (self.simulated() or self.settings.privacy.hash_user_ids)

    def value_in(
        self, snapshot: CatalogSnapshot, query: str, parameters: tuple[Any, ...], within: tuple[Within, ...]
    ) -> Any:
        """The only value of a query's result in one snapshot."""
        return self._frame(snapshot, query, parameters, _files(snapshot, query, within), small=True).item()

    def batches(self, query: str, parameters: Parameters = (), *within: Within) -> Iterator[pa.RecordBatch]:
        """The answer to a query, piece by piece, for downloads; the first piece is empty and has the schema.

        Raises:
            LakeError: as `read`; also while the pieces are read.
        """
        snapshot = self._current()
        files = _noted_files(snapshot, query, within)
        with self._connection(_EXPORT_FACTOR) as cursor:
            self._prepare(cursor, snapshot, files)
            reader = cursor.execute(snapshot.query(query, files), parameters).to_arrow_reader(_EXPORT_ROWS)
            yield pa.RecordBatch.from_pylist([], schema=reader.schema)
            yield from reader

    def catalog_snapshot(self) -> CatalogSnapshot:
        """The lake's newest snapshot, at most 0.2 s old.

        Raises:
            LakeError: there is no lake yet, or it cannot be read now.
        """
        if (known := self.known()) is not None:
            return known
        with self._looking:
            if (known := self.known()) is None:
                pool = self._open()
                known = self._look(pool)
            return known

    def known(self, seconds: float = 0.0) -> CatalogSnapshot | None:
        """The same from memory; None where it is older than that, and than these seconds, and must be read."""
        age = time.monotonic() - self._looked
        return self._catalog_snapshot if age < max(seconds, _SNAPSHOT_SECONDS) else None

    def snapshot(self) -> int:
        """The number of the lake's newest snapshot, at most 0.2 s old."""
        number = self._current().number
        _note(Number(), number)
        return number

    def _look(self, pool: Pool) -> CatalogSnapshot:
        with self._letting_go(pool):
            found = pool.look()
        with self._lock:
            if self._pool is pool:
                self._catalog_snapshot, self._looked = found, time.monotonic()
        return found

    def _noted(self, source: Value | Newest | Passed) -> Any:
        snapshot = self._current()
        found = source.now(snapshot, self)
        _note(source, found)
        return found

    def _current(self) -> CatalogSnapshot:
        making = current()
        return making.snapshot if making else self.catalog_snapshot()

    def _frame(
        self,
        snapshot: CatalogSnapshot,
        query: str,
        parameters: Parameters,
        files: Mapping[str, Files],
        small: bool = False,
    ) -> pl.DataFrame:
        key = (query, _hashable(parameters), tuple(files.values()))
        if (kept := self._kept.get(key)) is not None:
            return kept
        with self._lock:
            asked = self._asked.get(key)
            answered = self._asked.setdefault(key, Future())
        if asked is not None:
            return asked.result()
        try:
            frame = self._asked_for(snapshot, query, parameters, files, small)
            self._keep(key, frame)
            answered.set_result(frame)
        except BaseException as error:
            answered.set_exception(error)
            raise
        finally:
            del self._asked[key]
        return frame

    def _asked_for(
        self, snapshot: CatalogSnapshot, query: str, parameters: Parameters, files: Mapping[str, Files], small: bool
    ) -> pl.DataFrame:
        with self._open().in_turn(small), self._connection() as cursor:
            self._prepare(cursor, snapshot, files)
            return cursor.execute(snapshot.query(query, files), parameters).pl()

    def _keep(self, key: Hashable, frame: pl.DataFrame) -> None:
        if frame.height > _KEPT_ROWS:
            return
        kept = _small(frame)
        with self._lock:
            self._kept[key] = kept
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)

    def _prepare(
        self, cursor: duckdb.DuckDBPyConnection, snapshot: CatalogSnapshot, files: Mapping[str, Files]
    ) -> None:
        for table, found in files.items():
            if found == ():
                self._open().make_empty(cursor, snapshot.tables[table])

    @contextmanager
    def _connection(self, factor: int = 1) -> Iterator[duckdb.DuckDBPyConnection]:
        pool = self._open()
        with self._letting_go(pool), pool.connection(factor) as cursor:
            yield cursor

    @contextmanager
    def _letting_go(self, pool: Pool) -> Iterator[None]:
        """Closes the pool where the lake is lost in this block."""
        try:
            yield
        except LakeLost:
            self._let_go(pool)
            raise

    def _open(self) -> Pool:
        pool = self._pool
        if pool is not None:
            return pool
        with self._lock:
            if self._pool is None:
                self._pool = self._opened()
            return self._pool

    def _opened(self) -> Pool:
        tried, failure = self._failed
        # Many ask for a lake that is away: one try answers all of them.
        if failure is not None and time.monotonic() - tried < _FAILED_SECONDS:
            raise failure
        try:
            return Pool(self.settings)
        except LakeError as error:
            _log.warning("%s", error)
            failure = LakeError(_for_everybody(str(error), self.settings))
        except duckdb.Error as error:
            _log.warning("the lake cannot be opened: %s", str(error).splitlines()[0])
            failure = LakeError(_CLOSED)
        self._failed = (time.monotonic(), failure)
        raise failure

    def close(self) -> None:
        """Closes the lake; the next read opens it again."""
        if self._pool is not None:
            self._let_go(self._pool)

    def _let_go(self, pool: Pool) -> None:
        with self._lock:
            # Another thread may have opened it anew by now.
            if self._pool is pool:
                self._pool, self._catalog_snapshot, self._looked = None, None, -1.0
                self._kept.clear()
            pool.close()


def _files(snapshot: CatalogSnapshot, query: str, within: Sequence[Within]) -> dict[str, Files]:
    """The files that a query must read, by table."""
    return {table: snapshot.files(table, within) for table in snapshot.named_in(query)}


def _noted_files(snapshot: CatalogSnapshot, query: str, within: Sequence[Within]) -> dict[str, Files]:
    """The same, recorded as dependencies of the answer in progress."""
    files = _files(snapshot, query, within)
    for table, found in files.items():
        _note(Rows(table, tuple(span for span in within if span.table == table)), found)
    return files


def _note(source: Source, found: object) -> None:
    if (making := current()) is not None:
        making.found[source] = found


def _small(frame: pl.DataFrame) -> pl.DataFrame:
    """A copy that takes no more memory than its rows do: DuckDB's buffers have room for thousands."""
    return pl.DataFrame.deserialize(frame.serialize())


def _hashable(parameters: Parameters) -> tuple[Any, ...]:
    if isinstance(parameters, Mapping):
        return tuple((name, *_hashable([value])) for name, value in sorted(parameters.items()))
    return tuple(tuple(value) if isinstance(value, list) else value for value in parameters)


def _for_everybody(text: str, settings: Settings) -> str:
    """The error without hosts and folders, which only the log may show."""
    return text.replace(str(settings.home), "TREND_HOME") if text.startswith(_TOLD) else _CLOSED


async def lake_reader(request: Request) -> LakeReader:
    """The application's reader, as a FastAPI dependency; async, so that it needs no thread of the pool."""
    reader = request.app.state.reader
    assert isinstance(reader, LakeReader)
    return reader


Reader = Annotated[LakeReader, Depends(lake_reader)]
