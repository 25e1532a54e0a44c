"""Why a lake's files on this machine cannot be read or written, in one sentence that says what to do."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import duckdb

from trend_assets.lake.location import CatalogLocked, LakeError, LakeLocation

_FULL = re.compile(r"No space left on device|database or disk is full|Disk quota exceeded|File too large")
_REFUSED = re.compile(r"Read-only file system|Permission denied|readonly database|Operation not permitted")
#: SQLite names no cause for these: a full disk or missing rights are the usual ones.
_SQLITE_UNCLEAR = re.compile(r"disk I/O error|unable to open database file")
_LOCKED = re.compile(r"database (?:table |schema )?is locked")
_GARBLED = re.compile(r"file is not a database|database disk image is malformed|malformed database schema")
#: The reader of Parquet does not always name the file.
_UNREADABLE = re.compile(
    r"^(?:TProtocolException|don't know what type|invalid TType|Out of buffer|Decode bit width|Variable-length int)"
    r"|Invalid unicode .*detected in value construction"
)
_DATA_FILE = re.compile(r"""["']([^"']+\.(?:parquet|puffin))["']""")
_MOST = 160
_REASON = re.compile(r"^(?:\w+ )*Error: ")


def local_failure(error: duckdb.Error, location: LakeLocation) -> LakeError | None:
    """What an error means that is about files of this machine, or about what is in a file; None for any other."""
    said = str(error)
    named = next((path for path in _DATA_FILE.findall(said) if _is_of(path, location)), None)
    if _FULL.search(said):
        return disk_full(Path(named).parent if named else location.folder)
    if _REFUSED.search(said):
        return no_rights(Path(named) if named else location.folder, location)
    if location.uses_sqlite:
        if _LOCKED.search(said):
            return CatalogLocked(
                f"another program has locked the catalog {location.sqlite_catalog}: end it (`fuser "
                f"{location.sqlite_catalog}` names it) or wait for it, and try again"
            )
        if _SQLITE_UNCLEAR.search(said):
            return _unclear(location)
        if _GARBLED.search(said):
            return LakeError(
                f"the catalog {location.sqlite_catalog} is damaged ({first_line(said)}): move {location.folder} away, "
                "and restore the newest backup (`trend restore`)"
            )
    if named:
        return damaged_file(named, said)
    if _UNREADABLE.search(said):
        return LakeError(
            f"a file of the lake is damaged ({first_line(said)}): `trend repair` says which one, what was in it and "
            "how to make that again"
        )
    return None


def damaged_file(path: str, said: str) -> LakeError:
    """The error for a file of the lake that cannot be read."""
    missing = "No such file" in said or "NoSuchKey" in said
    what = "is missing" if missing else f"is damaged ({first_line(said.replace(path, '…'))})"
    return LakeError(
        f"the lake's file {path} {what}: put it back from a copy of the disk, or let `trend repair` say what "
        "was in it and how to make that again"
    )


def disk_full(folder: Path) -> LakeError:
    """The error for a disk without room."""
    return LakeError(
        f"the disk of {folder} is full: free some space, or move TREND_HOME to a larger disk, and try again (what was "
        "not written to its end is not in the lake)"
    )


def no_rights(path: Path, location: LakeLocation) -> LakeError:
    """The error for a folder that this user may not write to."""
    told = f"{path} cannot be written to: give this user the right to write to {location.folder}"
    if location.uses_sqlite:
        told += " (a SQLite catalog needs that even to be read: to look only, copy the folder and set TREND_HOME)"
    return LakeError(told)


def _unclear(location: LakeLocation) -> LakeError:
    folder = location.folder
    if not folder.is_dir():
        return LakeError(f"{folder} is gone: mount its disk again, or set TREND_HOME to the folder that holds the lake")
    if shutil.disk_usage(folder).free < 1 << 20:
        return disk_full(folder)
    if os.statvfs(folder).f_flag & os.ST_RDONLY or not os.access(folder, os.W_OK | os.X_OK):
        return no_rights(folder, location)
    return LakeError(
        f"{location.sqlite_catalog} cannot be read or written: see whether the disk is sound (`dmesg`), and whether "
        "this user may write to each file beside it"
    )


def _is_of(path: str, location: LakeLocation) -> bool:
    if location.uses_storage:
        return path.startswith(location.files)
    return Path(path).absolute().is_relative_to(Path(location.files).absolute())


def first_line(said: str) -> str:
    """The first line of what DuckDB says, without what somebody has posted."""
    # Behind it would come what somebody has posted.
    line, _, _ = said.strip().partition("\n")[0].partition(": value ")
    return _REASON.sub("", line).strip()[:_MOST]
