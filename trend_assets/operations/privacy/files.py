"""Removes forgotten data beside the lake: names in checkpoints, imported files, log lines, run records."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trend_assets.errors import TrendError
from trend_assets.names import INBOX_DONE
from trend_assets.operations.going_on import FOLDER
from trend_assets.operations.models import model_store, stored_models
from trend_assets.operations.privacy.forgetting import Forgotten
from trend_assets.operations.privacy.holding import Holding, holding
from trend_assets.operations.privacy.run_records import clean_records
from trend_assets.operations.privacy.words import Words
from trend_assets.settings import Settings

_NAMELESS = "(forgotten)"


@dataclass(slots=True)
class Files:
    """What was done to the files of a home, or would be.

    Args:
        deleted: imported files that held the person or post, deleted whole.
        still: files that wait in the inbox, or could not be imported: theirs is the decision.
        unread: files of which nothing tells whether they hold the person or post.
        models: checkpoints in which names were replaced.
        records: records of Dagster's runs in which a text or a plot was replaced.
        lines: lines of logs that were deleted.
        refused: checkpoints that cannot be read, with the reason.
    """

    deleted: list[Path] = field(default_factory=list)
    still: list[Path] = field(default_factory=list)
    unread: list[Path] = field(default_factory=list)
    models: int = 0
    records: int = 0
    lines: int = 0
    refused: list[str] = field(default_factory=list)


def preview_files(settings: Settings, forgotten: Forgotten) -> Files:
    """The files that `forget_files` would delete or name; what it would change within others is not counted."""
    found = Files()
    _sort_inbox(settings, forgotten, found)
    return found


def forget_files(settings: Settings, forgotten: Forgotten) -> Files:
    """Removes from a home's files what named the person or post.

    Imported files that hold them go whole: the lake has what else they held. A stored model keeps its weights,
    its names of the person and of words that nobody else used are replaced; its saved state of the stream is
    given up.
    """
    done = Files()
    _clean_models(settings, forgotten, done)
    _sort_inbox(settings, forgotten, done)
    for path in done.deleted:
        path.unlink()
    words = Words(forgotten.traces.ids, forgotten.topics)
    done.lines = sum(_drop_lines(path, words) for path in _files(settings.logs_folder))
    done.records = clean_records(settings.dagster_home, words)
    return done


def _clean_models(settings: Settings, forgotten: Forgotten, done: Files) -> None:
    shutil.rmtree(settings.models_folder / FOLDER, ignore_errors=True)
    models = stored_models(settings)
    if not models:
        return
    # torch takes seconds to load: only where there is a model.
    from trend_assets.tgn.checkpoint import rewrite_metadata
    from trend_assets.tgn.forecaster import KIND

    gone = {"users": forgotten.traces.names, "topics": set(forgotten.topics)}
    store = model_store(settings)
    for model in models:
        try:
            if rewrite_metadata(store.opened(model.version), KIND, lambda metadata: _nameless(metadata, gone)):
                store.put_description(model.version)
                done.models += 1
        except TrendError as error:
            done.refused.append(str(error))
    store.drop_copies()


def _nameless(metadata: Mapping[str, Any], gone: Mapping[str, Collection[str]]) -> Mapping[str, Any]:
    vocabulary = {
        kind: [_NAMELESS if name in gone.get(kind, ()) else name for name in names]
        for kind, names in metadata["vocabulary"].items()
    }
    return {**metadata, "vocabulary": vocabulary}


def _sort_inbox(settings: Settings, forgotten: Forgotten, found: Files) -> None:
    for path in _files(settings.inbox):
        held = holding(path, forgotten.traces, settings)
        if held is Holding.YES:
            (found.deleted if path.parent == settings.inbox / INBOX_DONE else found.still).append(path)
        elif held is Holding.UNKNOWN:
            found.unread.append(path)


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))


def _drop_lines(path: Path, words: Words) -> int:
    """Rewrites a log in its place, for a service may hold it open."""
    lines = path.read_bytes().splitlines(keepends=True)
    found = words.named_in([line.decode("utf-8", "replace") for line in lines])
    if not any(found):
        return 0
    with path.open("r+b") as file:
        file.write(b"".join(line for line, drop in zip(lines, found, strict=True) if not drop))
        file.truncate()
    return sum(found)
