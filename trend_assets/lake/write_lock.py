"""One writer of a lake at a time, over all processes and machines.

DuckLake has no keys, and two commits that only insert do not conflict, on any catalog: what looks first and
writes then must be alone. With a SQLite catalog this is a lock on a file beside it, with PostgreSQL an
advisory lock of the catalog's database. Both end with the process, or the connection, that holds them.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from filelock import FileLock, Timeout

from trend_assets.lake.failures import postgres_failure
from trend_assets.lake.location import LakeError, LakeLocation, LakeUnavailable

if TYPE_CHECKING:
    import psycopg

WAIT_SECONDS = 120.0
#: Seconds between two looks at a file's lock: of who is next, and of all others.
_OFTEN, _SELDOM = 0.005, 0.02
#: Each database has locks of its own, and one lake: DuckLake keeps it in `public`, whatever the search path is.
_KEY = "hashtextextended('trend_assets lake', 0)"
#: A server that loses a client must notice soon, and may not end a session that waits or rests.
_SESSION = """
    SELECT set_config(name, value, false) FROM (VALUES
        ('lock_timeout', %s), ('statement_timeout', '0'), ('idle_session_timeout', '0'),
        ('tcp_keepalives_idle', '30'), ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '3')
    ) AS wanted(name, value) JOIN pg_settings USING (name)
"""
_HOLDER = f"""
    SELECT application_name, client_addr, pid, state_change
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND pg_locks.objsubid = 1
      AND (classid::bigint << 32) | objid::bigint = {_KEY}
"""
_held = threading.local()


class WriteLock(Protocol):
    """The right to write a lake."""

    @property
    def key(self) -> str:
        """The same for locks of one lake; it may hold a password."""

    def take(self) -> None:
        """Waits for the lock.

        Raises:
            LakeError: another has held it for too long; says who.
        """

    def check(self) -> None:
        """Asks whether it is still held.

        Raises:
            LakeError: it was lost.
        """

    def give(self) -> None:
        """Lets go of it."""

    def close(self) -> None:
        """Lets go of what it needs."""


def write_lock(location: LakeLocation, seconds: float = WAIT_SECONDS) -> WriteLock:
    """The lock of a lake; for one thread at a time.

    Args:
        location: where the lake is.
        seconds: how long to wait for others.
    """
    return FileWriteLock(location, seconds) if location.uses_sqlite else AdvisoryLock(location, seconds)


@contextmanager
def holding(lock: WriteLock) -> Iterator[None]:
    """The lock is held inside.

    Raises:
        LakeError: this thread holds it already, or another process has held it for too long.
    """
    keys: set[str] = _held.__dict__.setdefault("keys", set())
    if lock.key in keys:
        raise LakeError(
            "a write within a transaction of the same lake would wait for itself: write with `write_frame` on the "
            "transaction's connection, or after it"
        )
    lock.take()
    keys.add(lock.key)
    try:
        yield
    finally:
        keys.discard(lock.key)
        lock.give()


class FileWriteLock:
    """A lock on a file beside a SQLite catalog, and one before it on which all but the next writer wait.

    Who waits for a file looks now and then, so that whoever lets go of it could have it again before anyone looks.
    As the next one alone waits for the first lock, it can look often, and who lets go must wait behind it.

    Args:
        location: where the lake is.
        seconds: how long to wait for others.
    """

    def __init__(self, location: LakeLocation, seconds: float) -> None:
        self._path = location.lock_file
        self._seconds = seconds
        self._lock = FileLock(self._path, poll_interval=_OFTEN)
        self._next = FileLock(self._path.with_suffix(".next"), poll_interval=_SELDOM)

    @property
    def key(self) -> str:
        """What tells one lake's lock from another's."""
        return str(self._path.absolute())

    def take(self) -> None:
        """Waits for it.

        Raises:
            LakeError: another process has held it for too long.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        until = time.monotonic() + self._seconds
        try:
            with self._next.acquire(self._seconds):
                self._lock.acquire(max(0.0, until - time.monotonic()))
        except Timeout:
            raise LakeUnavailable(
                f"{_file_holder(self._path)} has held {self._path} for {self._seconds:g} s: wait for it or end it, "
                "and try again"
            ) from None

    def check(self) -> None:
        """Nothing takes it away."""

    def give(self) -> None:
        """Lets others write."""
        self._lock.release()

    def close(self) -> None:
        """Nothing stays open."""


def _file_holder(path: Path) -> str:
    """Who holds a file's lock, by Linux' list of locks; elsewhere nobody tells."""
    try:
        inode = path.stat().st_ino
        for line in Path("/proc/locks").read_text("utf-8").splitlines():
            parts = line.split()
            if len(parts) > 5 and parts[1] == "FLOCK" and parts[5].endswith(f":{inode}"):
                command = Path(f"/proc/{parts[4]}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                return f"process {parts[4]} (`{command.strip()[:120]}`)"
    except OSError:
        pass
    return "another process"


class AdvisoryLock:
    """An advisory lock of PostgreSQL, on a connection of its own that stays open between two uses.

    Not through a pooler that shares sessions between transactions (PgBouncer's transaction mode).

    Args:
        location: where the lake is.
        seconds: how long to wait for others.

    Raises:
        LakeError: psycopg is not installed.
    """

    def __init__(self, location: LakeLocation, seconds: float) -> None:
        try:
            import psycopg
        except ImportError:
            raise LakeError(
                "writing a lake whose catalog is in PostgreSQL needs psycopg: pip install 'trend-assets[postgres]'"
            ) from None
        self._psycopg = psycopg
        self._location = location
        self._seconds = seconds
        self._connection: psycopg.Connection | None = None

    @property
    def key(self) -> str:
        """What tells one lake's lock from another's."""
        return str(self._location.catalog_url)

    def take(self) -> None:
        """Waits for it.

        Raises:
            LakeError: another process has held it for too long, or the server cannot be reached.
        """
        try:
            self._lock()
        except self._psycopg.errors.LockNotAvailable:
            raise LakeUnavailable(
                f"{self._holder()} has held the write lock of {self._location} for {self._seconds:g} s: wait for it "
                "or end it, and try again"
            ) from None
        except self._psycopg.Error as error:
            self.close()
            raise LakeUnavailable(self._cannot(error)) from None
        except BaseException:
            self.close()
            raise

    def _lock(self) -> None:
        if self._connection is not None:
            try:
                self._connection.execute(f"SELECT pg_advisory_lock({_KEY})")
                return
            except self._psycopg.OperationalError as error:
                if isinstance(error, self._psycopg.errors.LockNotAvailable):
                    raise
                # The server was restarted since.
                self.close()
        self._connection = self._connected()
        self._connection.execute(f"SELECT pg_advisory_lock({_KEY})")

    def _connected(self) -> psycopg.Connection:
        connection = self._psycopg.connect(
            self._location.libpq(), autocommit=True, application_name=_application(), prepare_threshold=None
        )
        connection.execute(_SESSION, [f"{int(self._seconds * 1000)}ms"])
        return connection

    def _holder(self) -> str:
        assert self._connection is not None
        row = self._connection.execute(_HOLDER).fetchone()
        if row is None:
            return "another process"
        application, address, pid, since = row
        began = f" since {since:%H:%M:%S %Z}" if since else ""
        return f"{application or 'another process'} ({address or 'on the server'}, backend {pid}{began})"

    def check(self) -> None:
        """The lock is still held.

        Raises:
            LakeError: the connection was lost, and the lock with it.
        """
        assert self._connection is not None
        try:
            self._connection.execute("SELECT 1")
        except self._psycopg.Error as error:
            self.close()
            raise LakeUnavailable(f"the write lock was lost, nothing was written: {self._cannot(error)}") from None

    def give(self) -> None:
        """Lets others write."""
        if self._connection is None:
            return
        try:
            self._connection.execute(f"SELECT pg_advisory_unlock({_KEY})")
        except BaseException as error:
            # With the connection goes the lock.
            self.close()
            if not isinstance(error, self._psycopg.Error):
                raise

    def close(self) -> None:
        """Closes the lock's connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _cannot(self, error: Exception) -> str:
        return postgres_failure(str(error), self._location)


def _application() -> str:
    """The name by which PostgreSQL shows this process; it keeps 63 bytes of it."""
    command = Path(sys.argv[0] or "python").name
    return f"trend_assets {socket.gethostname()[:30]}:{os.getpid()} {command}"[:63]
