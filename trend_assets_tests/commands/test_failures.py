"""What a command says of errors that come from beneath."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as db

from trend_assets.commands.failures import in_one_sentence
from trend_assets.errors import TrendError


def _of_records(said: str) -> Exception:
    """As Dagster's storage raises it, beneath an error of Dagster's own."""
    cause = db.exc.OperationalError("INSERT …", {}, sqlite3.OperationalError(said))
    try:
        raise RuntimeError("the event could not be stored") from cause
    except RuntimeError as error:
        return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TrendError("do this"), "do this"),
        (OSError(errno.ENOSPC, "No space left on device", "/somewhere"), "the disk of /somewhere is full: free some"),
        (_of_records("database or disk is full"), "Dagster's records in {home}/dagster cannot be written"),
        (_of_records("attempt to write a readonly database"), "give this user the right to write to {home}/dagster"),
        (_of_records("database is locked"), "are locked by another program"),
        (_of_records("database disk image is malformed"), "the lake does not need it"),
        (duckdb.Error("database or disk is full"), "the disk of {home}/lake is full"),
        (FileNotFoundError(2, "No such file or directory", "posts.csv"), "No such file or directory: 'posts.csv'"),
        (PermissionError(13, "Permission denied", "/elsewhere/posts.csv"), "[Errno 13] Permission denied"),
        (ValueError("what nobody expected"), "unexpected ValueError: what nobody expected (run again with --debug"),
    ],
)
def test_it_says_what_happened_and_what_to_do(home: Path, error: Exception, told: str) -> None:
    assert told.format(home=home) in in_one_sentence(error)


def test_a_home_that_may_not_be_written_is_named(home: Path) -> None:
    said = in_one_sentence(OSError(errno.EROFS, "Read-only file system", str(home / "lake" / "catalog.lock")))
    assert f"give this user the right to write to {home}, or set TREND_HOME" in said


def test_settings_that_cannot_be_read_hide_no_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREND_NO_SUCH_SECTION__X", "1")
    monkeypatch.setenv("TREND_LAKE__THREADS", "many")
    assert in_one_sentence(ValueError("the cause")).startswith("unexpected ValueError: the cause")
