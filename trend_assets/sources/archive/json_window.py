"""A buffer over JSON text: finds where the current value ends, also in damaged text."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator

from trend_assets.sources.archive.compression import Broken

_CHUNK = 1 << 20
#: Kept behind the place in hand, so that a row's indentation can be seen.
_MARGIN = 256
#: An error so near to the end of what was read may be but the cut.
_NEAR_END = 32
_LONGEST_SKIPPED = 1_000
#: How far is looked for the end of a damaged row.
_MOST_DAMAGED = 16 << 20

_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)
_SCALAR_END = re.compile(r"[,\]}\n]")
_BETWEEN_ROWS = re.compile(r"(?<=\})\s*,\s*(?=\{)")


class TooLong(Exception):
    """A value that goes on beyond what may be held."""


class Damaged(Exception):
    """What is no JSON."""


class JsonWindow:
    """Text that was read and is not done with, and a place in it.

    Args:
        chunks: the text in UTF-8; bytes that are not stay what they are.

    Attributes:
        line: the line of the place in hand, from 1.
        broken: why the stream broke off, if it did.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.line = 1
        self.broken: Broken | None = None
        self._chunks = chunks
        self._utf8 = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._decode = json.JSONDecoder(strict=False).raw_decode
        self._text, self._at = "", 0
        self._is_done = False

    def _more(self) -> None:
        """Reads on, by as much as there is, so that trying again costs no more than reading."""
        start = max(self._at - _MARGIN, 0)
        parts = [self._text[start:]]
        missing = max(_CHUNK, len(self._text) - self._at)
        self._at -= start
        while missing > 0 and not self._is_done:
            try:
                chunk = next(self._chunks, None)
            except Broken as broken:
                self.broken, chunk = broken, None
            self._is_done = chunk is None
            parts.append(self._utf8.decode(chunk or b"", self._is_done))
            missing -= len(parts[-1])
        self._text = "".join(parts)

    def _advance(self, to: int) -> None:
        self.line += self._text.count("\n", self._at, to)
        self._at = to

    @property
    def is_at_end(self) -> bool:
        """Whether all of the text was read and taken."""
        return self._is_done and self._at >= len(self._text)

    def peek(self) -> str:
        """The next character that is not white space; nothing at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            assert found is not None  # the pattern fits the empty string
            self._advance(found.end())
            if self._at < len(self._text):
                return self._text[self._at]
            if self._is_done:
                return ""
            self._more()

    def skip(self) -> None:
        """Goes behind the character in hand."""
        self._advance(self._at + 1)

    def skips(self, pattern: re.Pattern[str]) -> bool:
        """Goes behind what the pattern fits, if it does."""
        while not self._is_done and len(self._text) - self._at < _LONGEST_SKIPPED:
            self._more()
        found = pattern.match(self._text, self._at)
        if found:
            self._advance(found.end())
        return found is not None

    def holds(self, pattern: re.Pattern[str], most: int) -> bool:
        """Whether a pattern is found within so many characters, as far as they have been read."""
        return pattern.search(self._text, self._at, self._at + most) is not None

    def extent(self, most: int) -> int:
        """How many characters the value in hand has.

        Raises:
            TooLong: more than about `most`.
            Damaged: it is no JSON.
        """
        while True:
            try:
                _, end = self._decode(self._text, self._at)
                is_cut = end == len(self._text) and self._text[end - 1] not in '}]"'
            except json.JSONDecodeError as error:
                if self._is_done or not (error.pos + _NEAR_END > len(self._text) or "Unterminated" in error.msg):
                    raise Damaged from None
                is_cut, end = True, self._at
            except (RecursionError, ValueError):  # too deep; an integer of thousands of digits
                raise Damaged from None
            if self._is_done or not is_cut:
                return end - self._at
            if len(self._text) - self._at > most:
                raise TooLong
            self._more()

    def look(self, length: int) -> bytes:
        """So many characters from the place in hand, as they were received."""
        return self._text[self._at : self._at + length].encode("utf-8", "surrogateescape")

    def take(self, length: int) -> bytes:
        """The same, and goes behind them."""
        taken = self.look(length)
        self._advance(min(self._at + length, len(self._text)))
        return taken

    def damaged_extent(self, scalar_end: re.Pattern[str] = _SCALAR_END) -> int:
        """How many characters stand here up to where the next row begins: one at least, but for the end.

        Args:
            scalar_end: what ends a value that is no object and no array.
        """
        while not self._is_done and len(self._text) - self._at < _MOST_DAMAGED:
            self._more()
        if self._at >= len(self._text):
            return 0
        return max(self._end_of_damaged(scalar_end) - self._at, 1)

    def _end_of_damaged(self, scalar_end: re.Pattern[str]) -> int:
        if self._text[self._at] not in "{[":
            return self._searched(scalar_end)
        if (indent := self._indent()) is not None:
            # Rows that begin lines: the next one begins as this one does.
            start = rf"[ \t,\[]{{{max(indent - 1, 0)},{indent}}}[{{\[]"
            closer = rf"[ \t]{{0,{indent}}}\]" + (rf"|[ \t]{{0,{indent - 1}}}\}}" if indent else "")
            return self._searched(re.compile(rf"\n(?={start}|{closer})"))
        depth = 0
        for token in _TOKEN.finditer(self._text, self._at):
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
            if depth == 0:
                return token.end()
        return self._searched(_BETWEEN_ROWS)

    def _searched(self, pattern: re.Pattern[str]) -> int:
        found = pattern.search(self._text, self._at + 1)
        return found.start() if found else len(self._text)

    def _indent(self) -> int | None:
        """How far from its line's beginning the value in hand stands, where nothing but signs stands before it."""
        before = self._text[max(self._at - _MARGIN, 0) : self._at].rpartition("\n")[2]
        return len(before) if len(before) < _MARGIN and not before.strip(" \t,[") else None
