"""Finds the person or post that a request to forget names, and its source."""

from __future__ import annotations

from trend_assets.errors import TrendError
from trend_assets.lake.store import Lake
from trend_assets.operations.privacy.admission import Guard
from trend_assets.operations.privacy.forgetting import Forgotten
from trend_assets.operations.privacy.traces import Subject
from trend_assets.settings import Settings
from trend_assets.sources.event import SOURCES

_NAMED = """
    SELECT DISTINCT source, user_id FROM events
    WHERE user_id IS NOT NULL AND lower(json_extract_string(context, '$.username')) = lower(?)
    ORDER BY ALL LIMIT 3
"""


def of_one_source(found: Forgotten, subject: Subject) -> Subject:
    """The subject with its source: an id is one platform's, and on another it is somebody else's.

    Raises:
        TrendError: ids of several sources are spelled so.
    """
    sources = sorted(found.traces.sources)
    if subject.source is not None or not sources:
        return subject
    if len(sources) > 1:
        raise TrendError(
            f"{subject.id} is an id on {' and '.join(sources)}, of different {_several(subject)}: nothing was "
            f"removed; say which with --source {sources[0]}"
        )
    return Subject(subject.kind, subject.id, sources[0])


def require_known(lake: Lake, settings: Settings, found: Forgotten, subject: Subject) -> None:
    """Passes what the lake names, and what was forgotten before.

    Raises:
        TrendError: nothing names the id; says what to type where it is a name and not an id.
    """
    sources = (subject.source,) if subject.source else SOURCES
    guard = Guard.of(lake, settings)
    if not found.traces.is_empty or any(guard.knows(subject.kind, source, subject.id) for source in sources):
        return
    where = f"on {subject.source}" if subject.source else "in the lake"
    message = f"nothing {where} has the {_one(subject)} id {subject.id}: nothing was removed."
    name = subject.id.removeprefix("@")
    for source, user_id in lake.read(_NAMED, [name]).iter_rows() if subject.kind == "user" else ():
        message += f" {subject.id} is a name of {user_id}: trend forget --user {user_id} --source {source}."
    option = f"--{subject.kind} {subject.id} --source {subject.source or 'SOURCE'} --even-unknown"
    raise TrendError(f"{message} To keep it away from now on all the same: trend forget {option}")


def _one(subject: Subject) -> str:
    return "user" if subject.kind == "user" else "content"


def _several(subject: Subject) -> str:
    return "people" if subject.kind == "user" else "posts"
