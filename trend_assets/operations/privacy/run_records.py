"""Removes forgotten data from Dagster's records of runs: texts and plots."""

from __future__ import annotations

import base64
import binascii
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from trend_assets.operations.privacy.words import Words

#: Where people's words may stand; names of assets, jobs and steps are under other keys.
_TEXT_KEYS = frozenset({"md_str", "text", "message", "user_message"})
_REMOVED = "(removed by `trend forget`)"
_IMAGE = re.compile(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)")
#: Tables and columns that hold events as JSON; the newest event of an asset is kept once more.
_EVENTS = (
    ("event_logs", "event"),
    ("asset_keys", "last_materialization"),
    ("asset_check_executions", "evaluation_event"),
)
_WITH_TEXTS = """
    SELECT rowid, {column} FROM {table}
    WHERE {column} LIKE '%"md_str"%' OR {column} LIKE '%"text": "%' OR {column} LIKE '%"message": "%'
"""


def clean_records(dagster_home: Path, words: Words) -> int:
    """Replaces texts and plots that hold one of the words, in every SQLite event log of a Dagster home.

    Returns:
        How many records were changed.
    """
    if not words:
        return 0
    folder = dagster_home / "history" / "runs"
    return sum(_clean(path, words) for path in sorted(folder.glob("*.db")))


def _clean(path: Path, words: Words) -> int:
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as log:
        changed = sum(_clean_column(log, table, column, words) for table, column in _EVENTS)
        if changed:
            log.execute("VACUUM")
            log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return changed


def _clean_column(log: sqlite3.Connection, table: str, column: str, words: Words) -> int:
    if not log.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [table]).fetchone():
        return 0
    rows = log.execute(_WITH_TEXTS.format(table=table, column=column))
    changes = [(changed, key) for key, event in rows if (changed := _cleaned(event, words))]
    if changes:
        log.execute("BEGIN")
        log.executemany(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", changes)
        log.execute("COMMIT")
    return len(changes)


def _cleaned(event: str, words: Words) -> str | None:
    """The record without the words; None where it has none of them."""
    try:
        before = orjson.loads(event)
    except orjson.JSONDecodeError:
        return None
    after = _walk(before, words)
    return None if after == before else orjson.dumps(after).decode()


def _walk(value: Any, words: Words, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _walk(inner, words, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_walk(inner, words, key) for inner in value]
    if isinstance(value, str) and key in _TEXT_KEYS and _names(value, words):
        return _REMOVED
    return value


def _names(text: str, words: Words) -> bool:
    shown = text + "".join(_decoded(image) for image in _IMAGE.findall(text))
    return words.named_in([shown])[0]


def _decoded(image: str) -> str:
    try:
        return base64.b64decode(image).decode("utf-8", "replace")
    except binascii.Error:
        return ""
