"""What DuckDB and SQLite say of this machine's disk and of a server that goes away, in words that help."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from trend_assets.lake import waiting
from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.failures import failure
from trend_assets.lake.location import CatalogLocked, LakeUnavailable
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import TOPIC_ACTIVITY
from trend_assets.operations.importing import import_file
from trend_assets.settings import Settings
from trend_assets_tests.faults.locked_catalog import locked
from trend_assets_tests.lake.test_store import activity

HOUR = datetime(2024, 1, 1, 5, tzinfo=UTC)
ONE = timedelta(hours=1)
FILE = "/home/lake/files/main/events/ducklake-1.parquet"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (duckdb.IOException(f'Could not write file "{FILE}": No space left on device'), "events is full: free some"),
        (duckdb.Error("Failed to commit: database or disk is full"), "/home/lake is full: free some space"),
        (duckdb.IOException(f'Cannot open file "{FILE}": Read-only file system'), "give this user the right to write"),
        (duckdb.Error("attempt to write a readonly database"), "give this user the right to write to /home/lake"),
        (duckdb.TransactionException("Failed to flush changes into DuckLake: database is locked"), "`fuser /home/lake"),
        (duckdb.Error("file is not a database"), "restore the newest backup"),
        (
            duckdb.IOException(f'Cannot open file "{FILE}": No such file or directory'),
            f"{FILE} is missing: put it back",
        ),
        (duckdb.InvalidInputException(f"No magic bytes found at end of file '{FILE}'"), "damaged (No magic bytes"),
        (duckdb.Error("TProtocolException: Invalid data"), "`trend repair` says which one"),
        (duckdb.Error("don't know what type: \x0f"), "`trend repair` says which one"),
    ],
)
def test_what_is_wrong_with_the_disk_is_told_with_what_to_do(error: duckdb.Error, told: str) -> None:
    said = failure(error, LakeLocation(Path("/home")))
    assert said is not None and told in str(said) and "\n" not in str(said)


@pytest.mark.parametrize(
    "error",
    [
        duckdb.BinderException('Referenced column "x" not found'),
        duckdb.IOException('Cannot open file "/elsewhere/mine.parquet": No such file or directory'),
    ],
)
def test_what_is_no_failure_of_the_lake_is_not_called_one(error: duckdb.Error) -> None:
    assert failure(error, LakeLocation(Path("/home"))) is None
    assert failure(error, LakeLocation(Path("/home"), catalog_url="postgresql://u@h/d")) is None


def test_what_somebody_has_posted_is_not_told() -> None:
    said = f'Invalid string encoding found in Parquet file "{FILE}": value "my secret" is not valid UTF8!'
    assert "secret" not in str(failure(duckdb.InvalidInputException(said), LakeLocation(Path("/home"))))


@pytest.mark.parametrize(
    "said",
    [
        'Failed to get global stats information from DuckLake: Failed to prepare COPY "COPY (SELECT 1)": server closed '
        "the connection unexpectedly\n\tThis probably means the server terminated abnormally",
        'Failed to commit: Failed to execute query "ROLLBACK": ',
        'Unable to connect to Postgres at "postgresql://u@h/d": FATAL:  the database system is starting up',
    ],
)
def test_a_catalog_that_goes_away_is_told_as_that_and_passes(said: str) -> None:
    told = failure(duckdb.Error(said), LakeLocation(Path("/home"), catalog_url="postgresql://u:apassword@h/d"))
    assert isinstance(told, LakeUnavailable) and "went away" in str(told) and "try again" in str(told)
    assert "apassword" not in str(told)


def test_a_write_waits_for_a_program_that_has_the_catalog_locked(sqlite_lake: LakeLocation, tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    posts.write_text('{"id_str": "1", "created_at": "Mon Jan 05 06:01:00 +0000 2026", "text": "x", "user": {}}\n')
    with closing(Lake(sqlite_lake)) as lake:
        for write in (
            lambda: lake.write(TOPIC_ACTIVITY, activity(HOUR, 1), HOUR, HOUR + ONE),
            lambda: import_file(lake, posts, Settings(home=sqlite_lake.home)),
        ):
            began = time.monotonic()
            with locked(sqlite_lake.sqlite_catalog, 1):
                write()
            assert time.monotonic() - began >= 0.9
        counts = "SELECT (SELECT count(*) FROM topic_activity), (SELECT count(*) FROM raw_events)"
        assert lake.read(counts).row(0) == (1, 1)


def test_who_waits_too_long_is_told_how_to_find_the_program(
    sqlite_lake: LakeLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "SECONDS", 0.0)
    with closing(Lake(sqlite_lake)) as lake:
        with locked(sqlite_lake.sqlite_catalog, 60), pytest.raises(CatalogLocked, match=r"`fuser .* names it"):
            lake.write(TOPIC_ACTIVITY, activity(HOUR, 1), HOUR, HOUR + ONE)
        assert lake.read_table(TOPIC_ACTIVITY).is_empty()


_FULL_DISK = """
import resource, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from trend_assets.lake.location import LakeError, LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import RAW_EVENTS
from trend_assets_tests.lake.test_store import raw
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
lake = Lake(LakeLocation(Path(sys.argv[1])))
# SQLite's shared memory has room (32 KiB), a file of the table has not.
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
try:
    lake.write(RAW_EVENTS, raw(*(str(number) for number in range(5000))))
except LakeError as error:
    print(error)
"""


def test_a_disk_without_room_is_told_and_nothing_is_written_by_halves(sqlite_lake: LakeLocation) -> None:
    """A limit on the size of files stands for the full disk, for which one would have to be root."""
    Lake(sqlite_lake).close()
    run = subprocess.run([sys.executable, "-c", _FULL_DISK, str(sqlite_lake.home)], capture_output=True, text=True)
    assert "is full: free some space" in run.stdout, run.stdout + run.stderr
    with closing(Lake(sqlite_lake)) as lake:
        assert lake.read("SELECT count(*) FROM raw_events").item() == 0
