"""What earlier imports of a file left in the lake: rows that it refused, and rows that it took."""

from __future__ import annotations

import duckdb
import polars as pl

from trend_assets.lake.store import Lake

_EARLIER = """
    SELECT
        EXISTS (FROM rejected_events WHERE origin = $name),
        EXISTS (FROM collection_status WHERE source = $name AND content_hash = $hashed)
"""
_TAKEN = """
    SELECT hash(raw_data) AS text FROM raw_events WHERE origin = $name
    UNION ALL SELECT hash(raw_data) FROM observations WHERE origin = $name
"""
_NO_LONGER = "DELETE FROM rejected_events WHERE origin = ? AND raw_data IN (SELECT raw_data FROM texts)"


class Earlier:
    """Of a file, or of a member of an archive; a row is the same where its text, as received, is the same.

    Rows that were taken are known where `collection_status` knows an import of the same content, and not where ids of
    users are hashed: there the lake has no text as received.

    Args:
        lake: that holds it.
        name: as in `raw_events.origin`.
        hashed: as in `collection_status.content_hash`, of the whole file.
    """

    def __init__(self, lake: Lake, name: str, hashed: str | None) -> None:
        self._name = name
        self._has_refused, self._has_come = lake.read(_EARLIER, {"name": name, "hashed": hashed}).row(0)
        self._taken: pl.Series | None = None

    def never_taken(self, connection: duckdb.DuckDBPyConnection, refused: pl.DataFrame) -> pl.DataFrame:
        """The rows without those that were taken before, as by a better column map."""
        if not self._has_come or refused.is_empty():
            return refused
        if self._taken is None:
            # Hashes: 8 bytes for each event that the file gave.
            self._taken = connection.execute(_TAKEN, {"name": self._name}).pl()["text"]
        texts = _ask(connection, "SELECT hash(raw_data) AS text FROM texts", refused)["text"]
        return refused.filter(~texts.is_in(self._taken.implode()))

    def no_longer_refused(self, connection: duckdb.DuckDBPyConnection, taken: pl.DataFrame) -> None:
        """Removes these rows from `rejected_events`: they are events now."""
        if self._has_refused:
            _ask(connection, _NO_LONGER, taken, self._name)


def _ask(connection: duckdb.DuckDBPyConnection, query: str, rows: pl.DataFrame, *parameters: object) -> pl.DataFrame:
    connection.register("texts", rows.select("raw_data"))
    try:
        return connection.execute(query, parameters).pl()
    finally:
        connection.unregister("texts")
