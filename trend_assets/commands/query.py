"""`trend sql`: runs SQL on the lake."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import duckdb
import typer

from trend_assets.commands.answer_table import print_answer
from trend_assets.commands.answers import Answer, csv_parts, json_parts, write_parquet
from trend_assets.commands.console import console
from trend_assets.errors import TrendError
from trend_assets.lake import connect
from trend_assets.lake.failures import failure
from trend_assets.lake.location import lake_location
from trend_assets.settings import load_settings


class Format(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def sql(
    query: Annotated[str, typer.Argument(help="One SQL statement; the lake is opened for reading.")],
    format: Annotated[
        Format | None, typer.Option(help="How the answer is written. Default: as FILE is named, else table.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the answer there.")
    ] = None,
) -> None:
    """Ask the lake in SQL; it can be asked while the pipeline writes.

    Example: trend sql "select topic, sum(mentions) as n from topic_activity group by 1 order by 2 desc limit 10"

    Example: trend sql "show tables"

    Example: trend sql "describe predictions"

    Example: trend sql "from predictions" --output predictions.parquet
    """
    written = _format(format, output)
    try:
        answer = _answer(query)
        if answer is None:
            console.print("done: this statement has no rows to show")
        elif written is Format.TABLE:
            print_answer(answer, console)
        elif output is None:
            _write(answer, written, sys.stdout.buffer)
        else:
            _write_file(answer, written, output)
    except duckdb.Error as error:
        raise (failure(error, lake_location(load_settings())) or _failed(error)) from None
    except BrokenPipeError:
        # Whoever reads, as `head` does, has enough: nothing more can be written, not even at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _format(format: Format | None, output: Path | None) -> Format:
    if output is None:
        if format is Format.PARQUET and sys.stdout.isatty():
            raise typer.BadParameter("Parquet is no text: add --output FILE.parquet, or > FILE.parquet")
        return format or Format.TABLE
    named = output.suffix.removeprefix(".").lower()
    found = format or next((kind for kind in Format if kind.value == named), None)
    if found in {None, Format.TABLE}:
        raise typer.BadParameter(f"--output {output}: name it .csv, .json or .parquet, or add --format")
    return found


def _answer(query: str) -> Answer | None:
    """What a query gives, not yet asked for; None where it has no rows, as `SET` has none."""
    connection = connect(read_only=True)
    # What DuckDB makes several statements of, as PIVOT, has no text of its own.
    asked = connection.extract_statements(query)
    if not asked:
        raise TrendError("the query is empty")
    if sum(bool(statement.query.strip()) for statement in asked) > 1:
        raise TrendError(f"the query holds {len(asked)} statements: ask one at a time")
    return connection.sql(query)


def _write_file(answer: Answer, format: Format, path: Path) -> None:
    """The file is there once it is whole."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            _write(answer, format, file)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write(answer: Answer, format: Format, file: BinaryIO) -> None:
    if format is Format.PARQUET:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "answer.parquet"
            write_parquet(answer, path)
            with path.open("rb") as made:
                shutil.copyfileobj(made, file)
        return
    for part in csv_parts(answer) if format is Format.CSV else json_parts(answer):
        file.write(part.encode())


def _failed(error: duckdb.Error) -> TrendError:
    """DuckDB's message and its hint on one line, without the kind of error and the picture of the place."""
    told, _, _ = str(error).partition("\n\nLINE ")
    _, kind, rest = told.partition(" Error: ")
    words = " ".join((rest if kind else told).split())
    hint = " (the lake is opened for reading only)" if "read-only mode" in words else ""
    return TrendError(f"the query failed: {words}{hint}")
