"""What `trend forget` removes beside the lake: names in checkpoints, imported files, log lines, run records."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from trend_assets.errors import TrendError
from trend_assets.operations.models import stored_models
from trend_assets.operations.privacy.forgetting import Forgotten
from trend_assets.operations.privacy.run_records import clean_records
from trend_assets.settings import Settings
from trend_assets.sources.archive.unpacking import ArchiveError, open_archive

#: Shorter ids and words stand in many a line by chance.
_LEAST_LENGTH = 5
_NAMELESS = "(forgotten)"
_LIVE = "live"


@dataclass(slots=True)
class Files:
    """What was done to the files of a home.

    Args:
        deleted: imported files that held the person or post, deleted whole.
        still: files that wait in the inbox, or could not be imported: theirs is the decision.
        models: checkpoints in which names were replaced.
        records: records of Dagster's runs in which a text or a plot was replaced.
        lines: lines of logs that were deleted.
        refused: checkpoints that cannot be read, with the reason.
    """

    deleted: list[Path] = field(default_factory=list)
    still: list[Path] = field(default_factory=list)
    models: int = 0
    records: int = 0
    lines: int = 0
    refused: list[str] = field(default_factory=list)


def forget_files(settings: Settings, forgotten: Forgotten) -> Files:
    """Removes from a home's files what named the person or post.

    Imported files go whole: the lake has what else they held. A stored model keeps its weights, its names of
    the person and of words that nobody else used are replaced; its saved state of the stream is given up.
    """
    words = [word for word in (*forgotten.ids, *forgotten.topics) if len(word) >= _LEAST_LENGTH]
    done = Files()
    _clean_models(settings, forgotten, done)
    for path in _files(settings.inbox):
        if _came_from(path, forgotten.origins) or (words and _holds(path, words)):
            _decide(path, settings.inbox, done)
    if words:
        done.lines = sum(_drop_lines(path, words) for path in _files(settings.logs_folder))
        done.records = clean_records(settings.dagster_home, words)
    return done


def _clean_models(settings: Settings, forgotten: Forgotten, done: Files) -> None:
    shutil.rmtree(settings.models_folder / _LIVE, ignore_errors=True)
    models = stored_models(settings)
    if not models:
        return
    # torch takes seconds to load: only where there is a model.
    from trend_assets.tgn.checkpoint import rewrite_metadata
    from trend_assets.tgn.forecaster import KIND

    gone = {"users": set(forgotten.users), "topics": set(forgotten.topics)}
    for model in models:
        try:
            done.models += rewrite_metadata(model.folder, KIND, lambda metadata: _nameless(metadata, gone))
        except TrendError as error:
            done.refused.append(str(error))


def _nameless(metadata: Mapping[str, Any], gone: Mapping[str, Collection[str]]) -> Mapping[str, Any]:
    vocabulary = {
        kind: [_NAMELESS if name in gone.get(kind, ()) else name for name in names]
        for kind, names in metadata["vocabulary"].items()
    }
    return {**metadata, "vocabulary": vocabulary}


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))


def _came_from(path: Path, origins: Collection[str]) -> bool:
    """Whether rows came from this file; one of a name that was taken has a time before it.

    An origin is a path, and goes on within an archive of files.
    """
    names = {part for origin in origins for part in origin.split("/")}
    return path.name in names or path.name.partition("-")[2] in names


def _holds(path: Path, words: Sequence[str]) -> bool:
    try:
        if path.suffix == ".parquet":
            return _table_holds(path, words)
        with open_archive(path) as file:
            return any(_any_in(line.data.decode("utf-8", "replace"), words) for line in file.lines())
    except (ArchiveError, OSError, pl.exceptions.PolarsError):
        # What cannot be read cannot be known to be clean.
        return True


def _table_holds(path: Path, words: Sequence[str]) -> bool:
    frame = pl.read_parquet(path)
    texts = [pl.col(name).cast(pl.String).str.contains_any(list(words)) for name in frame.columns
             if not frame.schema[name].is_nested()]  # fmt: skip
    return not frame.filter(pl.any_horizontal(texts)).is_empty()


def _any_in(text: str, words: Sequence[str]) -> bool:
    return any(word in text for word in words)


def _decide(path: Path, inbox: Path, done: Files) -> None:
    if path.parent == inbox / "done":
        path.unlink()
        done.deleted.append(path)
    else:
        done.still.append(path)


def _drop_lines(path: Path, words: Sequence[str]) -> int:
    """Rewrites a log in its place, for a service may hold it open."""
    lines = path.read_bytes().splitlines(keepends=True)
    told = pl.Series([line.decode("utf-8", "replace") for line in lines], dtype=pl.String)
    found = told.str.contains_any(list(words)).to_list()
    if not any(found):
        return 0
    with path.open("r+b") as file:
        file.write(b"".join(line for line, drop in zip(lines, found, strict=True) if not drop))
        file.truncate()
    return sum(found)
