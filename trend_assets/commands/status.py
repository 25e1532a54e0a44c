"""`trend status`: what the lake holds and how the last runs went."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.table import Table

from trend_assets.commands.collection_tables import sources_table
from trend_assets.commands.console import as_it_is, console
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import LOAD_CHECKS, TABLES
from trend_assets.settings import load_settings

_TRAININGS = """
    SELECT week, status, model_version, seconds,
           coalesce(error, if(promoted, 'promoted: ', 'not promoted: ') || decision) AS why
    FROM training_runs ORDER BY started_at DESC LIMIT 5
"""
_LOAD = "SELECT checked_at, load, waiting, postponed_hours FROM load_checks ORDER BY checked_at DESC LIMIT 1"


def status() -> None:
    """Show what the lake holds, the sources' last hours, the load and the last trainings.

    Example: trend status
    """
    settings = load_settings()
    lake = Lake(lake_location(settings), read_only=True)
    console.print(f"lake {lake.location}, snapshot {lake.snapshot()}", markup=False, soft_wrap=True)
    console.print(_tables(lake))
    console.print(sources_table(lake, settings, datetime.now(UTC)))
    console.print(_load(lake))
    console.print(_rows(lake, _TRAININGS, "no training yet"))


def _load(lake: Lake) -> str:
    """The last look at how much waits, on one line."""
    found = lake.read(_LOAD) if lake.has(LOAD_CHECKS) else LOAD_CHECKS.frame()
    if found.is_empty():
        return "load: not looked at yet"
    at, load, waiting, hours = found.row(0)
    later = f", embeddings of {hours:,} h still to come" if hours else ""
    return f"load: {load.replace('_', ' ')} ({waiting:,} events waited at {_moment(at)} UTC{later})"


def _tables(lake: Lake) -> Table:
    table = Table("table", "rows", "from", "to")
    for declared in filter(lake.has, TABLES.values()):
        times = f"min({declared.partition}), max({declared.partition})" if declared.partition else "NULL, NULL"
        count, first, last = lake.read(f"SELECT count(*), {times} FROM {declared.name}").row(0)
        table.add_row(declared.name, f"{count:,}", _moment(first), _moment(last))
    return table


def _moment(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if value is not None else ""


def _rows(lake: Lake, query: str, empty: str) -> Table | str:
    frame = lake.read(query)
    if frame.is_empty():
        return empty
    table = Table(*frame.columns)
    for row in frame.iter_rows():
        table.add_row(*("" if value is None else _cell(value) for value in row))
    return table


def _cell(value: object) -> str:
    if hasattr(value, "strftime"):
        return _moment(value)
    return f"{value:,.1f}" if isinstance(value, float) else as_it_is(str(value))
