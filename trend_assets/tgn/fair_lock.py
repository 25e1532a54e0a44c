"""A fair (first in, first out) lock: waiting threads get it in the order of their arrival."""

from __future__ import annotations

import threading
from collections import deque
from typing import Self


class FairLock:
    """A mutex without starvation: a thread that releases it and asks again at once comes after all waiting threads.

    `threading.Lock` promises no order. Used as a context manager; not reentrant.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._held = False

    def __enter__(self) -> Self:
        with self._mutex:
            if not self._held:
                self._held = True
                return self
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()
        return self

    def __exit__(self, *_: object) -> None:
        with self._mutex:
            if self._waiting:
                # It stays held, and goes to the one who has waited longest.
                self._waiting.popleft().set()
            else:
                self._held = False
