"""Checks of this machine: packages, the home folder and its disk."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
from collections.abc import Iterator
from importlib import metadata

from trend_assets import __version__
from trend_assets.commands.doctor.finding import Finding
from trend_assets.names import INBOX_FAILED
from trend_assets.settings import Settings
from trend_assets.words import counted

_EXTENSIONS = tuple(f"duckdb-extension-{name}" for name in ("ducklake", "sqlite-scanner", "postgres-scanner", "httpfs"))
_SHOWN = 5
_DAGSTER = ("dagster", "dagster-webserver", "dagster-duckdb")


def versions(_: Settings) -> Iterator[Finding]:
    """Packages that must fit together."""
    found = {name: metadata.version(name) for name in ("duckdb", *_EXTENSIONS, *_DAGSTER, "torch")}
    told = f"trend_assets {__version__}, Python {platform.python_version()}, duckdb {found['duckdb']}, "
    told += f"dagster {found['dagster']}, torch {found['torch']}"
    odd = [f"{name} {found[name]}" for name in _EXTENSIONS if found[name] != found["duckdb"]]
    todo = "install the versions of constraints.txt: pip install -c constraints.txt ." if odd else None
    yield Finding("versions", f"{told}; made for another duckdb: {', '.join(odd)}" if odd else told, todo)


def home(settings: Settings) -> Iterator[Finding]:
    """Whether the home can be written to, and has room."""
    folder = settings.home
    if not folder.is_dir():
        yield Finding(
            "home", f"{folder} is missing", "set TREND_HOME, or run `trend import`, `trend demo` or `trend up`"
        )
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding("home", f"{folder} cannot be written to", f"give this user the right to write to {folder}")
        return
    yield Finding("home", str(folder))
    free = shutil.disk_usage(folder).free / 1e9
    low = free < settings.alerts.disk_low_gb
    todo = "free some space, or move TREND_HOME to a larger disk" if low else None
    yield Finding("disk", f"{free:.1f} GB are free, wanted {settings.alerts.disk_low_gb:g} (alerts.disk_low_gb)", todo)


def inbox(settings: Settings) -> Iterator[Finding]:
    """Whether files of the inbox could not be imported."""
    folder = settings.inbox / INBOX_FAILED
    failed = sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    if not failed:
        yield Finding("inbox", f"no file in {folder}")
        return
    more = ", …" if len(failed) > _SHOWN else ""
    names = f"{', '.join(failed[:_SHOWN])}{more}"
    yield Finding(
        "inbox",
        f"{counted(len(failed), 'file')} could not be imported: {names}",
        f"`trend import {shlex.quote(str(folder / failed[0]))}` says why; move a file that is mended back into "
        f"{settings.inbox}, and delete one that was imported otherwise",
    )
