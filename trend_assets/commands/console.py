"""Terminal output and input of all commands: one console, progress bars, UTC dates."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

# Without emoji codes: `:100:` in a text of others is what they wrote.
console = Console(highlight=False, emoji=False)
errors = Console(stderr=True, highlight=False, emoji=False)
#: In a text: where it stands as a command, and not as a word of a sentence.
_PROGRAM = re.compile(r"(?P<before>(?:^|`|: )(?:TREND_HOME=\S+ )?)trend(?= [a-z…])")


def progress(unit: str) -> Progress:
    """A progress bar that counts `unit`, with elapsed time and ETA; silent where nobody watches."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        TextColumn("ETA"),
        TimeRemainingColumn(),
        console=errors,
        disable=not errors.is_terminal,
    )


def columns(*names: str, counts: Collection[str] = (), wraps: str = "") -> Table:
    """A table that stays readable at 80 columns: only one column of text is broken where it does not fit.

    Args:
        names: of the columns.
        counts: those of them that hold numbers.
        wraps: the one of text.
    """
    table = Table()
    for name in names:
        table.add_column(name, justify="right" if name in counts else "left", no_wrap=name != wraps, overflow="fold")
    return table


def as_it_is(text: str) -> str:
    """Text of others, in which `[…]` is no markup of ours."""
    return escape(text)


def as_typed(text: str) -> str:
    """A text in which this program's commands are named as it was called, so that they can be pasted."""
    return _PROGRAM.sub(lambda found: found["before"] + called(), text)


def called() -> str:
    """What to type for this program: its name where the shell finds it, else the path by which it was called."""
    program = Path(sys.argv[0])
    if program.name != "trend" or not program.is_file():
        return "trend"
    found = shutil.which("trend")
    if found and Path(found).samefile(program):
        return "trend"
    here = Path.cwd()
    return str(program.absolute().relative_to(here) if program.absolute().is_relative_to(here) else program)


def utc_moment(text: str) -> datetime:
    """A UTC date or time as people type it; without a zone it is UTC.

    Raises:
        typer.BadParameter: it is neither.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date like 2015-01-01 or 2015-01-01T06:00") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def utc_hour(text: str) -> datetime:
    """Like `utc_moment`, but only whole hours.

    Raises:
        typer.BadParameter: it has minutes or seconds.
    """
    moment = utc_moment(text)
    if moment.minute or moment.second or moment.microsecond:
        raise typer.BadParameter(f"{text!r} is not a whole hour")
    return moment
