"""The migration of state that releases before version 4 kept in files of the home."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson

from trend_assets.lake.checkpoints import checkpoint_store, take_over_checkpoints
from trend_assets.lake.location import LakeLocation

_log = logging.getLogger(__name__)
#: The week, and the hour where it was trained early.
_NAME = re.compile(r"tgn-(\d{4}-\d{2}-\d{2}(?:T\d{2})?)-s")

Rows = list[dict[str, Any]]


def take_over(connection: duckdb.DuckDBPyConnection, location: LakeLocation) -> None:
    """Takes over what old files of a home tell, and deletes them; the caller holds the write lock.

    Checkpoints move into the lake's storage, where that is elsewhere.

    A file that cannot be read, or whose table has rows already (of another home), is put aside under another name.

    Args:
        connection: with the lake in use.
        location: of the lake, with the home of the files.
    """
    if moved := take_over_checkpoints(location):
        place = checkpoint_store(location).address()
        _log.warning("%d models of %s are moved to %s", moved, location.home / "models", place)
    for name, (table, rows_of) in _FILES.items():
        if (path := location.home / name).is_file():
            _take_over(connection, path, table, rows_of)


def _take_over(
    connection: duckdb.DuckDBPyConnection, path: Path, table: str, rows_of: Callable[[Mapping[str, Any]], Rows]
) -> None:
    held = connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall()
    try:
        rows = rows_of(orjson.loads(path.read_bytes()))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        _put_aside(path, f"is damaged ({error})")
        return
    if held:
        _put_aside(path, f"is of an earlier release, and the lake's table {table} has rows already")
        return
    connection.execute("BEGIN")
    try:
        for row in rows:
            names, places = ", ".join(row), ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", list(row.values()))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    path.unlink()
    _log.warning("%s is taken over: its %d rows are in the lake's table %s", path, len(rows), table)


def _put_aside(path: Path, why: str) -> None:
    aside = path.with_name(f"{path.name}.not-taken-over")
    path.replace(aside)
    _log.warning("%s %s: it is kept as %s and nothing reads it", path, why, aside.name)


def _promotions(state: Mapping[str, Any]) -> Rows:
    """The log, and behind it what it did not tell of the models in use."""
    log = [{name: entry[name] for name in ("at", "action", "version", "reason")} for entry in state["log"]]
    return [
        {
            "number": number,
            "version": entry["version"],
            "week": _week(entry["version"]),
            "action": entry["action"],
            "decided_at": _moment(entry["at"]),
            "reason": entry["reason"],
        }
        for number, entry in enumerate([*log, *_untold(log, state["promoted"])], 1)
    ]


def _untold(log: list[dict[str, str]], in_use: list[str]) -> Iterator[dict[str, str]]:
    last, now = {entry["version"]: entry["action"] for entry in log}, datetime.now(UTC).isoformat()
    for version, action in last.items():
        if action == "promoted" and version not in in_use:
            reason = "an older model was promoted by hand"
            yield {"at": now, "action": "withdrawn", "version": version, "reason": reason}
    for version in in_use:
        if last.get(version) != "promoted":
            yield {"at": now, "action": "promoted", "version": version, "reason": "was in use"}


def _week(version: str) -> datetime:
    match = _NAME.match(version)
    if match is None:
        raise ValueError(f"{version!r} names no model")
    return datetime.fromisoformat(match[1]).replace(tzinfo=UTC)


def _deferred(state: Mapping[str, Any]) -> Rows:
    postponed, sampled = set(state["postponed"]), set(state["sampled"])
    now = datetime.now(UTC)
    return [
        {"hour": _moment(hour), "postponed": hour in postponed, "sampled": hour in sampled, "changed_at": now}
        for hour in sorted(postponed | sampled)
    ]


def _threshold(state: Mapping[str, Any]) -> Rows:
    if state["last"] is None:
        return []
    cut = datetime.fromtimestamp(state["last"], UTC)
    threshold, rate = float(state["threshold"]), float(state["rate"])
    return [{"cut": cut, "threshold": threshold, "rate": rate, "raised": [str(topic) for topic in state["raised"]]}]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


_FILES: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Rows]]] = {
    "models/promoted.json": ("model_promotions", _promotions),
    "load.json": ("deferred_hours", _deferred),
    "sensitivity.json": ("alert_thresholds", _threshold),
}
