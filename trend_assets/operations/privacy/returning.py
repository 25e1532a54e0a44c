"""Repeats a removal where a concurrent run wrote forgotten data back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from trend_assets.lake.store import Lake
from trend_assets.operations.privacy.admission import Guard
from trend_assets.operations.privacy.files import forget_files
from trend_assets.operations.privacy.forgetting import forget
from trend_assets.operations.privacy.traces import Subject
from trend_assets.settings import Settings

Kind = Literal["user", "content"]

_TABLES = ("raw_events", "observations", "events")


def forget_returned(lake: Lake, settings: Settings) -> int:
    """Forgets again what is there though it was forgotten; counts users and posts.

    Raises:
        TrendError: the key by which forgotten ids are known is gone.
    """
    guard = Guard.of(lake, settings)
    if not guard.keys:
        return 0
    found = sorted({*_returned(lake, guard, "user"), *_returned(lake, guard, "content")}, reverse=True)
    for kind, source, value in found:
        forget_files(settings, forget(lake, settings, Subject(kind, value, source)))
    return len(found)


def _returned(lake: Lake, guard: Guard, kind: Kind) -> Iterator[tuple[Kind, str, str]]:
    union = " UNION ".join(f"SELECT source, {kind}_id AS value FROM {table}" for table in _TABLES)
    for source, value in lake.read(f"SELECT * FROM ({union}) WHERE value IS NOT NULL").iter_rows():
        if guard.knows(kind, source, value):
            yield kind, source, value
