"""Deletes all rows of a person or a post from every table, with the files that held them.

Rows of others that carry the person go too (see `traces`): they hold the person's words, or say to whom they
were said. What nobody wrote to or of the person stays.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import polars as pl

from trend_assets.lake.connection import LakeError
from trend_assets.lake.maintenance import compact, expire, remove_files, tighten_bounds, vacuum
from trend_assets.lake.store import Lake, write_frame
from trend_assets.lake.tables import FORGOTTEN
from trend_assets.operations.privacy.admission import ANY_SOURCE, PrivacyKey, privacy_key, pseudonyms
from trend_assets.operations.privacy.removal import Removal, remove
from trend_assets.operations.privacy.traces import Subject, Traces, find
from trend_assets.settings import Settings


@dataclass(slots=True)
class Forgotten:
    """What was removed, or would be.

    Args:
        traces: what was found.
        removed: rows by table; only tables that had some.
        examples: of each table, the first rows that went.
        topics: words that nobody else had used, which went with their forecasts.
        seconds: how long it took.
        unfinished: why deleted texts may still be in the catalog's log; empty where they are not.
    """

    traces: Traces
    removed: dict[str, int] = field(default_factory=dict)
    examples: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    seconds: float = 0.0
    unfinished: str = ""

    @classmethod
    def of(cls, traces: Traces, removal: Removal) -> Forgotten:
        """What a removal came to."""
        return cls(traces, removal.rows, removal.examples, removal.topics)


class _TakenBack(Exception):
    """Ends a transaction of which nothing is to stay."""


def preview(lake: Lake, settings: Settings, subject: Subject) -> Forgotten:
    """What `forget` would remove: it is removed within a transaction that is rolled back.

    Args:
        lake: open for writing.
        settings: how users are named.
        subject: who or what; under the original id, also where users are hashed.
    """
    began = time.monotonic()
    traces = find(lake, subject, pseudonyms(settings))
    removal = Removal()
    if not traces.is_empty:
        try:
            with lake.transaction() as connection:
                removal = remove(connection, traces)
                raise _TakenBack
        except _TakenBack:
            pass
    found = Forgotten.of(traces, removal)
    found.seconds = time.monotonic() - began
    return found


def forget(lake: Lake, settings: Settings, subject: Subject) -> Forgotten:
    """Removes all rows of a user or a post, writes the files that held them anew, and notes that it did.

    Every older snapshot expires: none could be read without what was removed. What is removed does not come
    back with the next import or collection; an id that nothing names yet stays away from now on.

    Args:
        lake: open for writing.
        settings: where the key of the hashes is.
        subject: who or what; under the original id, also where users are hashed.
    """
    began = time.monotonic()
    key = privacy_key(settings)
    report = _remove(lake, subject, find(lake, subject, pseudonyms(settings)), key)
    _rewrite_files(lake)
    # This adds a file, whereupon other connections read the bounds of all tables anew.
    lake.write(FORGOTTEN, _note(subject, key, report.removed))
    expire(lake, datetime.now(UTC))
    remove_files(lake)
    try:
        vacuum(lake)
    except LakeError as error:
        report.unfinished = str(error)
    report.seconds = time.monotonic() - began
    return report


def _remove(lake: Lake, subject: Subject, traces: Traces, key: PrivacyKey) -> Forgotten:
    with lake.transaction() as connection:
        report = Forgotten.of(traces, remove(connection, traces))
        # In the same transaction: were it killed hereafter, nothing would come back.
        notes = [_note(subject, key, report.removed), _posts(subject, traces, key)]
        write_frame(connection, FORGOTTEN, pl.concat(notes))
    return report


def _note(subject: Subject, key: PrivacyKey, removed: Mapping[str, int]) -> pl.DataFrame:
    """What was asked for, and what it removed."""
    return FORGOTTEN.frame(
        [
            {
                "id_hash": key.hash(subject.id),
                "kind": subject.kind,
                "source": subject.source or ANY_SOURCE,
                "key_id": key.name,
                "asked": True,
                "forgotten_at": datetime.now(UTC),
                "removed": orjson.dumps(removed).decode(),
            }
        ]
    )


def _posts(subject: Subject, traces: Traces, key: PrivacyKey) -> pl.DataFrame:
    """Each post of a user, so that no copy of it that does not name the user comes back."""
    if subject.kind != "user":
        return FORGOTTEN.frame()
    now = datetime.now(UTC)
    return FORGOTTEN.frame(
        {
            "id_hash": key.hash(content),
            "kind": "content",
            "source": source,
            "key_id": key.name,
            "asked": False,
            "forgotten_at": now,
        }
        for source, content in sorted(traces.contents, key=str)
    )


def _rewrite_files(lake: Lake) -> None:
    """No snapshot, file, deletion file, bound or free page holds the rows afterwards."""
    compact(lake, deleted_share=0.0)
    expire(lake, datetime.now(UTC))
    remove_files(lake)
    tighten_bounds(lake)
