"""The texts of posts in files, for what learns from texts alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from trend_assets.sources.archive.files import read_archive


def texts_of(files: Iterable[Path]) -> set[str]:
    """Different texts of posts in files of any kind that `trend import` reads.

    Raises:
        ArchiveError: a file cannot be read.
    """
    return {
        payload.event.text
        for file in files
        for batch in read_archive(file)
        for payload in batch.payloads
        if payload.event.text
    }
