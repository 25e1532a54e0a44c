"""An index of the event ids in the lake: exact over all hours, and fast during an import."""

from __future__ import annotations

import threading
from collections.abc import Collection

import duckdb
import numpy as np
import polars as pl

from trend_assets.lake.tables import RAW_EVENTS

_COLUMNS = "id, hour, timestamp, event_type, user_id, format, raw_data, origin, collected_at"
_FOUND = f"SELECT {_COLUMNS} FROM {RAW_EVENTS.name} SEMI JOIN wanted USING (id)"
#: Hashes that were added since are merged into all others when they are more than this share of them.
_MERGED_SHARE = 8
_LEAST_MERGED = 1 << 18


class KnownEvents:
    """What `raw_events` holds, for lookups by id.

    A lookup reads the column of the ids. From the second one on, as long as this process alone writes, 64-bit
    hashes of all ids are kept in memory (8 bytes an id), and only an id whose hash is among them is looked up.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._snapshot: int | None = None
        self._hashes: np.ndarray | None = None
        self._fresh = _no_hashes()
        self._inserted = _no_hashes()
        self._kept = False
        self._answer: tuple[int, frozenset[str], frozenset[str]] | None = None

    def rows(self, connection: duckdb.DuckDBPyConnection, incoming: pl.DataFrame) -> pl.DataFrame:
        """The rows of `raw_events` that have the ids of incoming ones; of the columns those that tell what it is.

        Args:
            connection: in a transaction.
            incoming: with ``id`` and ``hour``.
        """
        with self._lock:
            snapshot = _current(connection)
            if snapshot != self._snapshot:
                self._hashes = None
            elif self._hashes is None:
                self._load(connection)
            asked = incoming.select("id", "hour").unique("id")
            found = self._find(connection, asked)
            self._snapshot = snapshot
            self._answer = (snapshot, frozenset(asked["id"]), frozenset(found["id"]))
            return found

    def answered(self, connection: duckdb.DuckDBPyConnection, ids: Collection[str]) -> frozenset[str] | None:
        """Those of the ids that `rows` has just found, or None where it was not asked or others have written since."""
        with self._lock:
            if self._answer is None:
                return None
            snapshot, asked, found = self._answer
            return found if asked.issuperset(ids) and snapshot == _current(connection) else None

    def inserted(self, connection: duckdb.DuckDBPyConnection, ids: pl.Series) -> None:
        """To be told of every row that the open transaction has inserted into `raw_events`."""
        with self._lock:
            self._kept = True
            # Also where there are no other hashes yet: another thread may load them before this one commits.
            self._inserted = np.concatenate([self._inserted, _hashes_of(connection, ids)])

    def untouched(self) -> None:
        """To be told that the open transaction has inserted nothing into `raw_events`."""
        with self._lock:
            self._kept = True

    def ended(self, committed: int | None) -> None:
        """To be told when a transaction of this process is over.

        Args:
            committed: the snapshot that it made; None where it made none, or was rolled back.
        """
        with self._lock:
            kept, inserted = self._kept, self._inserted
            self._kept, self._inserted = False, _no_hashes()
            if committed is None or committed == self._snapshot:
                return
            if self._snapshot is None or not kept or committed != self._snapshot + 1:
                self._snapshot = self._hashes = self._answer = None
                return
            self._snapshot = committed
            self._add(inserted)

    def _load(self, connection: duckdb.DuckDBPyConnection) -> None:
        hashes = connection.execute(f"SELECT hash(id) AS h FROM {RAW_EVENTS.name}").fetchnumpy()["h"]
        self._hashes, self._fresh = np.sort(np.asarray(hashes, dtype=np.uint64)), _no_hashes()

    def _add(self, hashes: np.ndarray) -> None:
        if self._hashes is None or not hashes.size:
            return
        self._fresh = np.sort(np.concatenate([self._fresh, hashes]))
        if self._fresh.size > max(_LEAST_MERGED, self._hashes.size // _MERGED_SHARE):
            self._hashes = np.sort(np.concatenate([self._hashes, self._fresh]))
            self._fresh = _no_hashes()

    def _find(self, connection: duckdb.DuckDBPyConnection, asked: pl.DataFrame) -> pl.DataFrame:
        if self._hashes is not None:
            hashes = _hashes_of(connection, asked["id"])
            asked = asked.filter(pl.Series(_among(self._hashes, hashes) | _among(self._fresh, hashes)))
        if asked.is_empty():
            return _select(connection, asked, f"{_FOUND} LIMIT 0")
        # Most that is known happened in the hours of what comes in, and there the lake skips the files of others.
        here = _select(
            connection, asked, f"{_FOUND} WHERE hour BETWEEN ? AND ?", asked["hour"].min(), asked["hour"].max()
        )
        rest = asked.join(here, on="id", how="anti")
        if rest.height and self._hashes is None:
            # Reading one column costs a quarter of reading all.
            rest = _select(connection, rest, f"SELECT id FROM {RAW_EVENTS.name} SEMI JOIN wanted USING (id)")
        return pl.concat([here, _select(connection, rest, _FOUND)]) if rest.height else here


def _select(
    connection: duckdb.DuckDBPyConnection, wanted: pl.DataFrame, query: str, *parameters: object
) -> pl.DataFrame:
    connection.register("wanted", wanted.select("id"))
    try:
        return connection.execute(query, parameters).pl()
    finally:
        connection.unregister("wanted")


def _hashes_of(connection: duckdb.DuckDBPyConnection, ids: pl.Series) -> np.ndarray:
    connection.register("wanted", pl.DataFrame({"id": ids}))
    try:
        return np.asarray(connection.execute("SELECT hash(id) AS h FROM wanted").fetchnumpy()["h"], dtype=np.uint64)
    finally:
        connection.unregister("wanted")


def _among(known: np.ndarray, hashes: np.ndarray) -> np.ndarray:
    if not known.size:
        return np.zeros(hashes.shape, dtype=bool)
    places = np.searchsorted(known, hashes)
    places[places == known.size] = 0
    same: np.ndarray = known[places] == hashes
    return same


def _no_hashes() -> np.ndarray:
    return np.empty(0, dtype=np.uint64)


def _current(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("SELECT id FROM lake.current_snapshot()").fetchone()
    return int(row[0]) if row else -1
