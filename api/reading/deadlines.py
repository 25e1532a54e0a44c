"""Query time-outs, enforced by one thread for all: starting one takes as long as a small query."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

_AGAIN_SECONDS = 0.05


class Deadlines:
    """The deadlines of running queries."""

    def __init__(self) -> None:
        self._due: dict[duckdb.DuckDBPyConnection, float] = {}
        self._changed = threading.Condition()
        self._next = float("inf")
        self._closed = False
        threading.Thread(target=self._watch, name="deadlines", daemon=True).start()

    @contextmanager
    def within(self, seconds: float, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Interrupts the cursor's queries in this block after so many seconds, and never a later one."""
        due = time.monotonic() + seconds
        with self._changed:
            self._due[cursor] = due
            # Who comes later is mostly due later, and need not wake anybody.
            if due < self._next:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._due.pop(cursor, None)

    def close(self) -> None:
        """Ends the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                for cursor in [cursor for cursor, due in self._due.items() if due <= now]:
                    cursor.interrupt()
                    # What was about to begin just then did not notice.
                    self._due[cursor] = now + _AGAIN_SECONDS
                self._next = min(self._due.values(), default=float("inf"))
                self._changed.wait(min(self._next - now, threading.TIMEOUT_MAX))
