"""`trend status`: shows what the lake holds and how the last runs went."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Group

from trend_assets.commands.collection_tables import collection
from trend_assets.commands.console import as_it_is, columns, console
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import LOAD_CHECKS, TABLES
from trend_assets.settings import Settings, load_settings

_TRAININGS = """
    SELECT week, status, promoted, model_version, seconds, coalesce(error, decision) AS why
    FROM training_runs ORDER BY started_at DESC LIMIT 5
"""
_LOAD = "SELECT checked_at, load, waiting, postponed_hours FROM load_checks ORDER BY checked_at DESC LIMIT 1"


def status() -> None:
    """Show what the lake holds, the sources' last hours, the load and the last trainings.

    Example: trend status
    """
    show_status(load_settings())


def show_status(settings: Settings) -> None:
    """Prints the state of the lake that the settings name."""
    lake = Lake(lake_location(settings), read_only=True)
    console.print(f"lake {lake.location}, snapshot {lake.snapshot()}", markup=False, soft_wrap=True)
    console.print(_tables(lake))
    console.print(collection(lake, settings, datetime.now(UTC)))
    console.print(_load(lake))
    console.print(_trainings(lake))


def _load(lake: Lake) -> str:
    """The last look at how much waits, on one line."""
    found = lake.read(_LOAD) if lake.has(LOAD_CHECKS) else LOAD_CHECKS.frame()
    if found.is_empty():
        return "load: not looked at yet"
    at, load, waiting, hours = found.row(0)
    later = f", embeddings of {hours:,} h still to come" if hours else ""
    return f"load: {load.replace('_', ' ')} ({waiting:,} events waited at {_moment(at)} UTC{later})"


def _tables(lake: Lake) -> Group:
    table = columns("table", "rows", "from", "to", counts=("rows",))
    empty = []
    held = lake.tables()
    for declared in (table for table in TABLES.values() if table.name in held):
        times = f"min({declared.partition}), max({declared.partition})" if declared.partition else "NULL, NULL"
        count, first, last = lake.read(f"SELECT count(*), {times} FROM {declared.name}").row(0)
        if count:
            table.add_row(declared.name, f"{count:,}", _moment(first), _moment(last))
        else:
            empty.append(declared.name)
    return Group(table, *([f"without rows: {', '.join(empty)}"] if empty else []))


def _trainings(lake: Lake) -> Group | str:
    rows = lake.read(_TRAININGS).rows(named=True)
    if not rows:
        return "no training yet"
    table = columns("week", "training", "promoted", "model", "seconds", counts=("seconds",), wraps="model")
    for row in rows:
        used = {True: "yes", False: "no", None: ""}[row["promoted"]]
        seconds = "" if row["seconds"] is None else f"{row['seconds']:,.1f}"
        table.add_row(f"{row['week']:%Y-%m-%d}", row["status"], used, as_it_is(row["model_version"] or ""), seconds)
    said = [f"{row['week']:%Y-%m-%d}: {as_it_is(row['why'])}" for row in rows if row["why"]]
    return Group(table, *said)


def _moment(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if value is not None else ""
