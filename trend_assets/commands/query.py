"""`trend sql`: a question to the lake."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import duckdb
import typer
from rich.table import Table

from trend_assets.commands.console import console
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
    try:
        frame = connect(read_only=True).execute(query).pl()
    except duckdb.Error as error:
        raise TrendError(f"the query failed: {error}") from None
    if format is Format.CSV:
        sys.stdout.write(frame.write_csv())
        return
    if format is Format.JSON:
        sys.stdout.write(frame.write_json() + "\n")
        return
    table = Table(*frame.columns)
    for row in frame.head(_ROWS_SHOWN).iter_rows():
        table.add_row(*("" if value is None else str(value) for value in row))
    console.print(table)
    if frame.height > _ROWS_SHOWN:
        console.print(f"{frame.height - _ROWS_SHOWN:,} more rows; --format csv prints all {frame.height:,}.")
