"""`trend sql`: a question to the lake."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import duckdb
import orjson
import polars as pl
import typer
from rich.table import Table

from trend_assets.commands.console import as_it_is, console
from trend_assets.errors import TrendError
from trend_assets.lake import connect

_ROWS_SHOWN = 100


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def sql(
    query: Annotated[str, typer.Argument(help="One SQL statement; the lake is opened for reading.")],
    format: Annotated[Format, typer.Option(help="How the answer is printed.")] = Format.TABLE,
) -> None:
    """Ask the lake in SQL; it can be asked while the pipeline writes.

    Example: trend sql "select topic, sum(mentions) as n from topic_activity group by 1 order by 2 desc limit 10"
    """
    frame = _answer(query)
    if format is Format.CSV:
        nested = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
        sys.stdout.write(frame.with_columns(_as_json(frame[name]) for name in nested).write_csv())
        return
    if format is Format.JSON:
        sys.stdout.write(frame.write_json() + "\n")
        return
    table = Table(*(as_it_is(name) for name in frame.columns))
    for row in frame.head(_ROWS_SHOWN).iter_rows():
        table.add_row(*("" if value is None else as_it_is(str(value)) for value in row))
    console.print(table)
    if frame.height > _ROWS_SHOWN:
        console.print(f"{frame.height - _ROWS_SHOWN:,} more rows; --format csv prints all {frame.height:,}.")


def _answer(query: str) -> pl.DataFrame:
    try:
        answer = connect(read_only=True).execute(query)
        # An empty query has no answer.
        frame = answer.pl() if answer else None
    except duckdb.Error as error:
        raise TrendError(f"the query failed: {error}") from None
    except pl.exceptions.PolarsError as error:
        raise TrendError(f"the answer has a type that cannot be printed, cast it to VARCHAR: {error}") from None
    if frame is None:
        raise TrendError("the query is empty")
    return frame.with_columns(
        *(_whole(frame[name]) for name, dtype in frame.schema.items() if isinstance(dtype, pl.Decimal)),
        *(frame[name].bin.encode("hex") for name, dtype in frame.schema.items() if dtype == pl.Binary),
    )


def _whole(column: pl.Series) -> pl.Series:
    """DuckDB's sums of integers come as decimals, which JSON would show as text."""
    if column.dtype.scale:  # type: ignore[attr-defined]
        return column
    whole = column.cast(pl.Int64, strict=False)
    return whole if whole.null_count() == column.null_count() else column


def _as_json(column: pl.Series) -> pl.Series:
    """Lists and structs, which CSV has not, as JSON."""
    values = [None if value is None else orjson.dumps(value, default=str).decode() for value in column.to_list()]
    return pl.Series(column.name, values, dtype=pl.String)
