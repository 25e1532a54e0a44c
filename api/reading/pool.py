"""A pool of read-only lake connections; each query is bounded in time and memory."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import duckdb

from api.reading.catalog import Catalog
from api.reading.catalog_snapshot import CatalogSnapshot, TableFiles
from api.reading.deadlines import Deadlines
from trend_assets.lake.connection import LakeError, LakeLocation, hiding_secrets, lake_location
from trend_assets.lake.failures import failure
from trend_assets.lake.store import Lake
from trend_assets.settings import Settings

#: More queries at a time than cores only wait for one another.
AT_ONCE = max(4, os.cpu_count() or 1)
_IDLE = 8
#: Files never change. Late materialization reads a table twice.
_QUICKER = "SET parquet_metadata_cache = true; SET disabled_optimizers = 'late_materialization'"

_log = logging.getLogger("api")


class QueryTooLarge(LakeError):
    """A query took too long or too much memory."""


class LakeLost(LakeError):
    """The lake was open and cannot be read any more."""


class Pool:
    """An open lake and its idle connections: opening one takes as long as a small query.

    Args:
        settings: where the lake is, and how long and how large a query may be.

    Raises:
        LakeError: it cannot be opened.
    """

    def __init__(self, settings: Settings) -> None:
        # One thread a query: many are answered at a time, and what threads would tell one another costs more.
        location = replace(lake_location(settings), memory_limit=settings.api.memory_limit, threads=1)
        self._seconds = settings.api.query_seconds
        self._lake = Lake(location, read_only=True)
        folders = sorted({f"{location.folder}/", location.files})
        with self._lake.cursor() as cursor:
            cursor.execute(_QUICKER)
            # Whatever a query said, it could read or write no file but the lake's, and open no other database.
            cursor.execute(f"SET allowed_directories = {folders}; SET enable_external_access = false")
        self._catalog = Catalog(location.files)
        self._rooms = {small: threading.BoundedSemaphore(AT_ONCE) for small in (False, True)}
        self._making = threading.Lock()
        self._empty: set[str] = set()
        self._idle: list[duckdb.DuckDBPyConnection] = []
        self._deadlines = Deadlines()
        self._closed = False

    def look(self) -> CatalogSnapshot:
        """The lake's current snapshot; call it from one thread at a time.

        Raises:
            LakeLost: it is away.
        """
        with self.connection() as cursor:
            return self._catalog.look(cursor)

    def make_empty(self, cursor: duckdb.DuckDBPyConnection, table: TableFiles) -> None:
        """Creates an empty table in memory, for a table of which no file needs to be read."""
        with self._making:
            if table.empty not in self._empty:
                cursor.execute(f"CREATE TABLE IF NOT EXISTS {table.empty} AS FROM lake.main.{table.name} LIMIT 0")
                self._empty.add(table.empty)

    @contextmanager
    def in_turn(self, small: bool) -> Iterator[None]:
        """Waits for a free slot: the number of concurrent queries is limited.

        Args:
            small: whether the query asks for one value. By such ones it is known whether a kept answer is still good:
                they have room of their own, so that who asks what is known waits for nobody who asks what is new.

        Raises:
            QueryTooLarge: there was none for too long.
        """
        room = self._rooms[small]
        if not room.acquire(timeout=self._seconds):
            raise QueryTooLarge("too many questions at a time: try again in a moment")
        try:
            yield
        finally:
            room.release()

    @contextmanager
    def connection(self, factor: int = 1) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection on which a query is bounded.

        Args:
            factor: how many times longer than usual it may take.

        Raises:
            QueryTooLarge: it took longer, or more memory, than the settings allow.
            LakeLost: the lake is away.
        """
        seconds = self._seconds * factor
        try:
            with hiding_secrets(self._lake.location):
                cursor = self._take()
        except duckdb.Error as error:
            raise _lost(error, self._lake.location) from None
        whole = False
        try:
            with hiding_secrets(self._lake.location), self._deadlines.within(seconds, cursor):
                yield cursor
            whole = True
        except duckdb.InterruptException:
            raise QueryTooLarge(f"the query took longer than {seconds:g} s: ask for a shorter span of time") from None
        except duckdb.OutOfMemoryException:
            raise QueryTooLarge("the query needs more memory than api.memory_limit: ask for a shorter span") from None
        except duckdb.Error as error:
            raise _lost(error, self._lake.location) from None
        finally:
            if whole:
                self._give_back(cursor)
            else:
                # A half-read answer, or an interrupt on its way, must not meet the next query.
                cursor.close()

    def close(self) -> None:
        """Closes all connections; one that is in use is closed when it is given back."""
        self._closed = True
        self._deadlines.close()
        while self._idle:
            self._idle.pop().close()
        self._lake.close()

    def _take(self) -> duckdb.DuckDBPyConnection:
        try:
            return self._idle.pop()
        except IndexError:
            cursor = self._lake.cursor()
            # With the lake in use DuckDB would look into its catalog for every function.
            return cursor.execute("USE memory")

    def _give_back(self, cursor: duckdb.DuckDBPyConnection) -> None:
        if self._closed or len(self._idle) >= _IDLE:
            cursor.close()
        else:
            self._idle.append(cursor)


def _lost(error: duckdb.Error, location: LakeLocation) -> LakeLost:
    # What DuckDB says names files and hosts: it is for the log, not for everybody.
    _log.warning("the lake was lost: %s", failure(error, location) or str(error).splitlines()[0])
    return LakeLost(f"the lake cannot be read now ({type(error).__name__}): try again, and see the API's log")
