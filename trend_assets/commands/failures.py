"""What a command's error means, in one sentence: errors of the operating system and of the databases beneath."""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from trend_assets.errors import TrendError
from trend_assets.lake.location import LakeLocation, lake_location
from trend_assets.settings import Settings, load_settings

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_REFUSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_POSTGRES_AWAY = re.compile(r"refused|timeout|timed out|translate host|closed the connection|terminating connection")


def in_one_sentence(error: BaseException) -> str:
    """What happened, to what, and what to do."""
    if isinstance(error, TrendError):
        return str(error)
    try:
        settings = load_settings()
    except (TrendError, OSError):
        return _unexpected(error) if not isinstance(error, OSError) else str(error)
    for cause in _causes(error):
        told = _system(cause, settings) or _lake(cause, lake_location(settings)) or _records(cause, settings)
        if told:
            return told
    return str(error) if isinstance(error, OSError) else _unexpected(error)


def _unexpected(error: BaseException) -> str:
    return f"unexpected {type(error).__name__}: {error} (run again with --debug for the traceback)"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, the error itself first."""
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in seen:
        seen.append(found)
        yield found
        found = found.__cause__ or found.__context__


def _system(error: BaseException, settings: Settings) -> str | None:
    """A full disk, or a place where this user may not write."""
    if not isinstance(error, OSError):
        return None
    path = Path(str(error.filename)) if error.filename else settings.home
    if error.errno in _FULL:
        return f"the disk of {path} is full: free some space, or move TREND_HOME to a larger disk, and try again"
    if error.errno in _REFUSED and path.absolute().is_relative_to(settings.home.absolute()):
        return (
            f"{path} cannot be written to ({error.strerror}): give this user the right to write to {settings.home}, "
            "or set TREND_HOME to another folder"
        )
    return None


def _lake(error: BaseException, location: LakeLocation) -> str | None:
    """An error of DuckDB that nobody has put into words on its way."""
    # What is not loaded has not failed.
    if (duckdb := sys.modules.get("duckdb")) is None or not isinstance(error, duckdb.Error):
        return None
    from trend_assets.lake.failures import failure

    told = failure(error, location)
    return str(told) if told else None


def _records(error: BaseException, settings: Settings) -> str | None:
    """An error of the database that keeps Dagster's records."""
    alchemy = sys.modules.get("sqlalchemy.exc")
    if alchemy is None or not isinstance(error, alchemy.DBAPIError) or error.orig is None:
        return None
    said = " ".join(str(error.orig).split())
    where = f"Dagster's records in {settings.dagster_home}"
    if "full" in said or "disk I/O error" in said:
        return f"{where} cannot be written ({said}): see whether the disk has room, and try again"
    if "readonly" in said or "unable to open" in said:
        return f"{where} cannot be written ({said}): give this user the right to write to {settings.dagster_home}"
    if "is locked" in said:
        return f"{where} are locked by another program: wait for it or end it, and try again"
    if "malformed" in said or "not a database" in said:
        return f"{where} are damaged ({said}): move that folder away; the lake does not need it"
    if _POSTGRES_AWAY.search(said):
        return f"Dagster's records in PostgreSQL cannot be had ({said}): see whether the server runs, and try again"
    return None
