"""Dagster's IO manager and lake resource: assets read and write the lake's tables as Polars frames.

Stands on dagster-duckdb's IO manager: its slices (which table, which partitions) are kept, the
connection is the lake's, and a write is one transaction that replaces its partitions.
"""

# No postponed annotations here: Dagster needs the evaluated type of `LakeIOManager.lake`.
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast

import dagster as dg
import polars as pl
from dagster._core.storage.db_io_manager import (
    DbIOManager,
    DbTypeHandler,
    TablePartitionDimension,
    TableSlice,
)
from dagster_duckdb import DuckDBIOManager
from dagster_duckdb.io_manager import DuckDbClient

from trend_assets.lake.connection import LakeLocation, lake_location
from trend_assets.lake.store import Lake, table_named
from trend_assets.settings import Settings


@cache
def open_lake(location: LakeLocation) -> Lake:
    """The process's one hold on a lake, opened at first use."""
    return Lake(location)


@dataclass(frozen=True, slots=True)
class LakeResource:
    """The lake that the settings name, for assets that read more than their own partition.

    A plain object, since the UI shows the fields of Dagster's own resource classes, and settings hold secrets.

    Args:
        settings: they name the lake.
    """

    settings: Settings

    @property
    def lake(self) -> Lake:
        """The process's one hold on it."""
        return open_lake(lake_location(self.settings))


class PolarsTypeHandler(DbTypeHandler[pl.DataFrame]):
    """Frames to table slices and back."""

    @property
    def supported_types(self) -> Sequence[type[object]]:
        """Polars frames."""
        return [pl.DataFrame]

    def handle_output(
        self, context: dg.OutputContext, table_slice: TableSlice, obj: pl.DataFrame, connection: Lake
    ) -> Mapping[str, Any]:
        """Writes as the table's mode says; the rows added are the output's metadata."""
        start, end = _bounds(table_slice)
        added = connection.write(table_named(table_slice.table), obj, start, end)
        return {"dagster/row_count": obj.height, "rows_added": added}

    def load_input(self, context: dg.InputContext, table_slice: TableSlice, connection: Lake) -> pl.DataFrame:
        """The rows of the slice's partitions, as the table declares them."""
        start, end = _bounds(table_slice)
        return connection.read_table(
            table_named(table_slice.table), start, end, columns=list(table_slice.columns or ())
        )


class LakeClient(DuckDbClient):
    """The database of the IO manager is the lake: its own transactions, its own migrations.

    Args:
        lake: which one.
    """

    def __init__(self, lake: LakeResource) -> None:
        self._lake = lake

    @staticmethod
    def delete_table_slice(context: dg.OutputContext, table_slice: TableSlice, connection: Any) -> None:
        """Nothing: the lake deletes and inserts in the one transaction of its write."""

    @staticmethod
    def ensure_schema_exists(context: dg.OutputContext, table_slice: TableSlice, connection: Any) -> None:
        """Nothing: the lake's migrations made the tables when it was opened."""

    @contextmanager
    def connect(self, context: Any, _: TableSlice) -> Iterator[Lake]:  # type: ignore[override]
        """The lake, which stays open."""
        yield self._lake.lake


class _TableIOManager(DbIOManager):
    """An output of None says that its rows are in the table already, as those of several sources."""

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        if obj is not None:
            super().handle_output(context, obj)


class LakeIOManager(DuckDBIOManager):
    """Stores assets in the lake's tables of the same name."""

    database: str = "lake"
    lake: dg.ResourceDependency[LakeResource]

    @staticmethod
    def type_handlers() -> Sequence[DbTypeHandler[Any]]:
        """One, for Polars frames."""
        return [PolarsTypeHandler()]

    def create_io_manager(self, context: dg.InitResourceContext) -> DbIOManager:
        """The IO manager of one run."""
        return _TableIOManager(
            db_client=LakeClient(self.lake),
            database=self.database,
            schema="main",
            type_handlers=self.type_handlers(),
            default_load_type=pl.DataFrame,
            io_manager_name="LakeIOManager",
        )


def _bounds(table_slice: TableSlice) -> tuple[datetime | None, datetime | None]:
    dimensions: Sequence[TablePartitionDimension] = table_slice.partition_dimensions or ()
    if not dimensions:
        return None, None
    window = cast("dg.TimeWindow", dimensions[0].partitions)
    if not window:
        moment = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
        return moment, moment
    return window.start, window.end
