"""Reads Parquet files as payloads, a few thousand rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from trend_assets.sources.archive.advice import LOOKED_AT
from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.archive.row_reader import fits, needs_columns, table_reader
from trend_assets.sources.archive.table_layout import Layout, column_names
from trend_assets.sources.archive.unpacking import ArchiveError, ArchiveFile, TruncatedArchive
from trend_assets.sources.event import Payload, Rejected
from trend_assets.sources.registry import Rejection
from trend_assets.sources.wire.values import dumps, loads

_BATCH_ROWS = 2_000
_DAMAGES = (pa.ArrowException, OSError, ValueError, OverflowError)


def parquet_rows(
    file: ArchiveFile, stream: BinaryIO, columns: ColumnMap | None
) -> Iterator[tuple[Payload | Rejection, float]]:
    """The rows of a Parquet file, each with the share of the file, 0 to 1, that was read by then.

    Raises:
        NeedsColumns: no columns were given, and the layout is none that is known.
        ArchiveError: damaged, or columns that it lacks.
        TruncatedArchive: damaged from some row on.
    """
    try:
        table = pq.ParquetFile(stream)
    except _DAMAGES as error:
        raise ArchiveError(f"{file.name} is a damaged Parquet file: {_first_line(error)}") from None
    with table:
        written = table.schema_arrow.names
        names, repeated = column_names(written)
        if columns is None and not fits(None, names):
            raise needs_columns(file, "a Parquet file", names, _first_rows(table, names))
        reader, _ = table_reader(file, Layout("", names, written, 1, repeated=repeated), columns)
        total, line = max(table.metadata.num_rows, 1), 0
        try:
            for batch in table.iter_batches(batch_size=_BATCH_ROWS):
                for row in _rows(batch, names):
                    line += 1
                    try:
                        # The lake keeps JSON: what is read now must be what is read from there.
                        found = reader.read(line, loads(dumps(row)))
                    except Rejected as rejected:
                        found = (Rejection(line, str(rejected), repr(row)),)
                    for one in found:
                        yield one, line / total
        except _DAMAGES as error:
            raise TruncatedArchive(f"{file.name} is damaged, at row {line + 1}: {_first_line(error)}") from None


def _first_rows(table: pq.ParquetFile, names: list[str]) -> list[dict[str, Any]]:
    try:
        batch = next(table.iter_batches(batch_size=LOOKED_AT), None)
        return loads(dumps(_rows(batch, names))) if batch is not None else []
    except (*_DAMAGES, Rejected):
        return []


def _rows(batch: pa.RecordBatch, names: list[str]) -> list[dict[str, Any]]:
    arrays = [_plain(array) for array in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=names).to_pylist()


def _plain(array: pa.Array[Any]) -> pa.Array[Any]:
    """Times as text, also those in lists and structs: Arrow's range is wider than Python's, and its unit finer."""
    for change in (_in_utc, _as_text):
        wanted = _changed(array.type, change)
        if wanted != array.type:
            array = array.cast(wanted)
    return array


def _changed(kind: pa.DataType, change: Callable[[pa.DataType], pa.DataType]) -> pa.DataType:
    """The type with a change made to it, or to those within it."""
    if isinstance(kind, pa.ExtensionType):
        return _changed(kind.storage_type, change)
    if pa.types.is_dictionary(kind):
        return _changed(kind.value_type, change)
    if pa.types.is_struct(kind):
        fields = (kind.field(place) for place in range(kind.num_fields))
        return pa.struct([field.with_type(_changed(field.type, change)) for field in fields])
    if pa.types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(_changed(kind.value_type, change)))
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(_changed(kind.value_type, change)))
    if pa.types.is_map(kind):
        return pa.map_(_changed(kind.key_type, change), _changed(kind.item_type, change))
    return change(kind)


def _in_utc(kind: pa.DataType) -> pa.DataType:
    return pa.timestamp(kind.unit, "UTC") if pa.types.is_timestamp(kind) and kind.tz is not None else kind


def _as_text(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_duration(kind):
        return pa.int64()
    return pa.string() if pa.types.is_temporal(kind) and not pa.types.is_interval(kind) else kind


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["no reason given"])[0][:120]
