"""The name of an imported file in the lake: its path as given, and a hash of its content."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def origin(path: Path, folder: Path | None = None) -> str:
    """The file's path relative to a folder, or its whole path where it is elsewhere.

    Args:
        path: as it was named.
        folder: the working folder where it is left out.
    """
    # Without following links, which `Path.resolve` does: it is named as its owner knows it.
    whole, base = Path(os.path.abspath(path)), Path(os.path.abspath(folder or "."))  # noqa: PTH100
    return whole.relative_to(base).as_posix() if whole.is_relative_to(base) else whole.as_posix()


def within(name: str, member: str | None) -> str:
    """The name of a file's member, or of the file itself."""
    return name if member is None else f"{name}/{member}"


def content_hash(path: Path) -> str | None:
    """BLAKE2b-128 of a file as hex; None of a pipe, which can be read once only, and of what cannot be read."""
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except OSError:
        return None
