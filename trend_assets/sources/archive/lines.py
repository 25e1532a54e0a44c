"""Splits bytes into numbered lines of bounded length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

#: A longer line is no row of anything that we read; its first part is kept.
MAX_LINE_BYTES = 64 << 20
_KEPT_OF_OVERLONG = 64 << 10


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number from 1, its bytes without the line's end, what is wrong with it, and the line's end."""

    number: int
    data: bytes
    problem: str | None = None
    end: str = "\n"


class Splitter:
    """Chunks to lines.

    Args:
        blank: whether lines of white space are given too; they are counted always.
        added_feeds: whether the carriage returns ended the lines, and the feeds behind them were put there to be read.
    """

    def __init__(self, blank: bool = False, added_feeds: bool = False) -> None:
        self._gives_blank = blank
        self._feed = "" if added_feeds else "\n"
        self._number = 0
        self._pending = bytearray()
        self._is_overlong = False
        self.broke_at = 1

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """The lines that end in this chunk."""
        first, *others = chunk.split(b"\n")
        self._extend(first)
        if not others:
            return
        yield from self._take(None)
        *whole, last = others
        for data in whole:
            if len(data) > MAX_LINE_BYTES:
                self._extend(data)
                yield from self._take(None)
                continue
            self._number += 1
            if self._gives_blank or data.strip():
                yield self._line(data, None)
        self._extend(last)

    def finish(self, problem: str | None) -> Iterator[Line]:
        """The last line, where no line end follows it."""
        self.broke_at = self._number + 1
        if self._pending:
            yield from self._take(problem)

    def _extend(self, part: bytes) -> None:
        if self._is_overlong:
            return
        self._pending += part
        if len(self._pending) > MAX_LINE_BYTES:
            self._is_overlong = True
            del self._pending[_KEPT_OF_OVERLONG:]

    def _take(self, problem: str | None) -> Iterator[Line]:
        self._number += 1
        data, self._pending = bytes(self._pending), bytearray()
        if self._is_overlong:
            self._is_overlong = False
            problem = f"a line longer than {MAX_LINE_BYTES >> 20} MiB, of which the first part is kept"
        if self._gives_blank or data.strip():
            yield self._line(data, problem)

    def _line(self, data: bytes, problem: str | None) -> Line:
        if not data.endswith(b"\r"):
            return Line(self._number, data, problem)
        text = data.rstrip(b"\r")
        return Line(self._number, text, problem, "\r" * (len(data) - len(text)) + self._feed)
