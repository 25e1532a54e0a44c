"""The declaration of a table: columns with types, units and meanings, key, partition, and write mode."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

#: How an asset's frame meets what the table already holds.
#: ``replace``: the written partitions are deleted and inserted in one transaction.
#: ``append``: rows whose key is new are added, all others are left as they are.
#: ``merge``: rows whose key is known take the place of the old ones.
#: ``upsert``: like ``append``, but a node seen earlier than was known takes the earlier time.
#: ``revise``: rows are only ever added. Those of one group (see `Revisions`) are its next revision where they differ
#: from its newest one; where they do not, nothing is written.
WriteMode = Literal["replace", "append", "merge", "upsert", "revise"]

_POLARS_TYPES: Mapping[str, Any] = {
    "VARCHAR": pl.String,
    "BIGINT": pl.Int64,
    "DOUBLE": pl.Float64,
    "BOOLEAN": pl.Boolean,
    "BLOB": pl.Binary,
    "TIMESTAMPTZ": pl.Datetime("us", "UTC"),
    "VARCHAR[]": pl.List(pl.String),
    "FLOAT[]": pl.List(pl.Float32),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its DuckDB type, the unit of its values ("" where it has none), its meaning."""

    name: str
    type: str
    unit: str
    meaning: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Revisions:
    """How a table whose rows never change takes what would change them: as a revision in the column `revision`.

    Args:
        group: columns whose equal values make rows one unit, which is revised as a whole.
        origin: columns that say how a revision came about; two that differ in nothing else are the same.
        later: column to value of all revisions but the first, 0.
    """

    group: tuple[str, ...]
    origin: tuple[str, ...] = ()
    later: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the lake.

    ``partition`` names the column that holds the start of the row's partition (an hour or a week,
    UTC), ``key`` the columns that identify a row, ``revisions`` how one that revises does it.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition: str | None = None
    write: WriteMode = "replace"
    revisions: Revisions | None = None

    @property
    def schema(self) -> dict[str, Any]:
        """Column name to Polars type, in the table's order."""
        return {column.name: _POLARS_TYPES[column.type] for column in self.columns}

    @property
    def column_names(self) -> list[str]:
        """In the table's order."""
        return [column.name for column in self.columns]

    def frame(self, rows: Iterable[Mapping[str, Any]] | Sequence[Sequence[Any]] = ()) -> pl.DataFrame:
        """A frame with exactly this table's columns and types, from rows in any order."""
        return pl.DataFrame(list(rows), schema=self.schema, orient="row")

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """``frame`` with this table's columns in order and type.

        Raises:
            ValueError: a column is missing, unknown, of another type, or null where it may not be.
        """
        missing = [name for name in self.column_names if name not in frame.columns]
        unknown = [name for name in frame.columns if name not in self.schema]
        if missing or unknown:
            raise ValueError(f"{self.name}: missing columns {missing}, unknown columns {unknown}")
        frame = frame.select(self.column_names)
        wrong = {name: str(frame.schema[name]) for name, dtype in self.schema.items() if frame.schema[name] != dtype}
        if wrong:
            raise ValueError(f"{self.name}: columns of another type than declared: {wrong}")
        nulls = [column.name for column in self.columns if not column.nullable and frame[column.name].null_count()]
        if nulls:
            raise ValueError(f"{self.name}: nulls in columns that may not be null: {nulls}")
        return frame
