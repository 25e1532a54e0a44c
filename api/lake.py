"""The API's hold on the lake: read-only, bounded in time and memory, opened again when it was lost."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any

import duckdb
import polars as pl
import pyarrow as pa
from fastapi import Depends, Request

from trend_assets.lake.connection import LakeError, lake_location
from trend_assets.lake.store import Lake
from trend_assets.settings import Settings

#: How long the newest snapshot's number is believed: asking the catalog takes longer than answering from memory.
_SNAPSHOT_SECONDS = 0.2
_EXPORT_ROWS = 8192
#: A download may take longer than a page.
_EXPORT_FACTOR = 30

Parameters = Sequence[Any] | Mapping[str, Any]

_log = logging.getLogger("api")


class QueryTooLarge(LakeError):
    """A query took too long or too much memory."""


class LakeReader:
    """Reads for many threads over one connection; a lost lake is opened again by the next read.

    Args:
        settings: where the lake is, and how long and how large a query may be.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._lake: Lake | None = None
        self._snapshot: tuple[float, int] = (-1.0, -1)

    def read(self, query: str, parameters: Parameters = ()) -> pl.DataFrame:
        """The answer to a query; times are UTC.

        Raises:
            LakeError: there is no lake yet, or it cannot be read now.
            QueryTooLarge: it took longer or more memory than the settings allow.
        """
        with self._bounded(self.settings.api.query_seconds) as cursor:
            return cursor.execute(query, parameters).pl()

    def batches(self, query: str, parameters: Parameters = ()) -> Iterator[pa.RecordBatch]:
        """The answer to a query, piece by piece, for downloads; the first piece is empty and has the schema.

        Raises:
            LakeError: as `read`; also while the pieces are read.
        """
        with self._bounded(self.settings.api.query_seconds * _EXPORT_FACTOR) as cursor:
            reader = cursor.execute(query, parameters).to_arrow_reader(_EXPORT_ROWS)
            yield pa.RecordBatch.from_pylist([], schema=reader.schema)
            yield from reader

    def snapshot(self) -> int:
        """The lake's newest snapshot, at most 0.2 s old."""
        asked, number = self._snapshot
        now = time.monotonic()
        if now - asked < _SNAPSHOT_SECONDS and number >= 0:
            return number
        number = int(self.read("SELECT id FROM lake.current_snapshot()")["id"][0])
        self._snapshot = (now, number)
        return number

    @contextmanager
    def _bounded(self, seconds: float) -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = self._cursor()
        clock = threading.Timer(seconds, cursor.interrupt)
        clock.daemon = True
        clock.start()
        try:
            yield cursor
        except duckdb.InterruptException:
            raise QueryTooLarge(f"the query took longer than {seconds:g} s: ask for a shorter span of time") from None
        except duckdb.OutOfMemoryException:
            raise QueryTooLarge("the query needs more memory than api.memory_limit: ask for a shorter span") from None
        except duckdb.Error as error:
            raise self._lost(error) from None
        finally:
            clock.cancel()
            cursor.close()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        lake = self._open()
        try:
            return lake.cursor()
        except duckdb.Error as error:
            raise self._lost(error) from None

    def _lost(self, error: duckdb.Error) -> LakeError:
        # What DuckDB says names files and hosts: it is for the log, not for everybody.
        _log.warning("the lake was lost: %s", str(error).splitlines()[0])
        self.close()
        return LakeError(f"the lake cannot be read now ({type(error).__name__}): try again, and see the API's log")

    def _open(self) -> Lake:
        with self._lock:
            if self._lake is None:
                location = replace(lake_location(self.settings), memory_limit=self.settings.api.memory_limit)
                self._lake = Lake(location, read_only=True)
            return self._lake

    def close(self) -> None:
        """Lets go of the lake; the next read opens it again."""
        with self._lock:
            self._snapshot = (-1.0, -1)
            if self._lake is not None:
                self._lake.close()
                self._lake = None


def lake_reader(request: Request) -> LakeReader:
    """The application's reader, for FastAPI's dependencies."""
    reader = request.app.state.reader
    assert isinstance(reader, LakeReader)
    return reader


Reader = Annotated[LakeReader, Depends(lake_reader)]


def is_simulated(lake: LakeReader) -> bool:
    """Whether any event came from the simulated world."""
    found = lake.read("SELECT 1 FROM raw_events WHERE starts_with(origin, 'simulator') LIMIT 1")
    return found.height > 0
