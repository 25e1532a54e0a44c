"""Query results on the terminal: a table where it fits, else one record after another."""

from __future__ import annotations

import regex
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from trend_assets.commands.answers import Answer, Row, columns, first_rows, kinds

_ROWS, _RECORDS = 100, 20
#: Longer values are cut: the whole of them is for files.
_CELL, _VALUE = 200, 1000
#: A column of text may be as narrow as this; its lines are broken then.
_NARROW = 20
_NUMBERS = {
    *("tinyint", "smallint", "integer", "bigint", "hugeint", "bignum"),
    *("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint", "float", "double", "decimal"),
}
_TEXTS = {"varchar", "json", "list", "array", "struct", "map", "union", "blob", "bit", "enum"}
# A terminal would obey them; those that turn the direction of writing would mix up the columns.
_CONTROLS = regex.compile(r"[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_NULL = Text("NULL", style="dim")


def print_answer(answer: Answer, console: Console) -> None:
    """Prints the first rows of an answer; text of others is shown as it is, without markup and emoji codes."""
    rows = first_rows(answer, _ROWS + 1)
    if not rows:
        console.print(Text(f"no rows (columns: {', '.join(columns(answer))})"))
        return
    if answer.columns == ["explain_key", "explain_value"]:
        console.print(Text("\n".join(value or "" for _, value in rows)), no_wrap=True, crop=False)
        return
    table, shown = _table(answer, rows[:_ROWS], console.width), _ROWS
    if table is None:
        shown = _RECORDS
        for number, row in enumerate(rows[:shown], 1):
            console.print(Text(f"row {number}", style="bold"))
            console.print(_record(columns(answer), row))
    else:
        console.print(table)
    if len(rows) > shown:
        console.print(f"These are the first {shown} rows: --output FILE.csv writes all.")
    limit = _VALUE if table is None else _CELL
    if any(value is not None and len(value) > limit for row in rows[:shown] for value in row):
        console.print("Long values end in …: --output FILE.csv writes them whole.")


def _table(answer: Answer, rows: list[Row], width: int) -> Table | None:
    """None where it does not fit."""
    table = Table()
    needed = 1
    for index, (name, kind) in enumerate(zip(columns(answer), kinds(answer), strict=True)):
        cells = [_cell(row[index], _CELL) for row in rows]
        head = _cell(name, _CELL)
        widest = max(cell.cell_len for cell in (head, *cells))
        breaks = kind in _TEXTS
        needed += 3 + (max(head.cell_len, min(widest, _NARROW)) if breaks else widest)
        table.add_column(
            head,
            justify="right" if kind in _NUMBERS else "left",
            no_wrap=not breaks,
            overflow="fold",
            min_width=min(widest, _NARROW) if breaks else widest,
        )
    for row in rows:
        table.add_row(*(_cell(value, _CELL) for value in row))
    return table if needed <= width else None


def _record(names: list[str], row: Row) -> Padding:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in zip(names, row, strict=True):
        grid.add_row(_cell(name, _NARROW * 2), _cell(value, _VALUE))
    return Padding(grid, (0, 0, 0, 2), expand=False)


def _cell(value: str | None, limit: int) -> Text:
    if value is None:
        return _NULL
    cut = value if len(value) <= limit else f"{value[: limit - 1]}…"
    return Text(_CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), cut))
