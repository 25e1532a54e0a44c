"""Splits a CSV file into records; a quote that is never closed costs its own line alone."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

#: A cell that goes on for longer than this is one that was never closed.
_MOST_LINES = 10_000
_MOST_CHARACTERS = 1 << 20
_ESCAPED_QUOTE = re.compile(r'(?<!\\)((?:\\\\)*)\\"')

csv.field_size_limit(max(csv.field_size_limit(), 2 * _MOST_CHARACTERS))


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text: its number from 1, the text without the line's end, what is wrong with it, and the line's end."""

    number: int
    text: str
    problem: str | None = None
    end: str = "\n"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the number of its first line, its cells, its text, and why it cannot be used."""

    line: int
    cells: list[str]
    text: str
    problem: str | None = None


class Records:
    """Records of a CSV file that has a given number of columns.

    Quotes within a quoted cell are doubled, or escaped by a backslash; a quote in a cell without them stands for
    itself. A record that goes on over lines ends where a quote is closed for sure: before a delimiter or a line's
    end, with as many cells as there are columns. Where the lines that it goes on over are rows by themselves, it is
    in doubt: then its first line is rejected (in a table delimited by tabs, which are often written without quoting:
    taken literally) and reading goes on with the second.

    Args:
        lines: the file's lines, blank ones too.
        delimiter: one character.
        width: how many columns there are; None where that is not known: any number of cells will do.
        is_row: whether the cells of a line look like a row of this table.
    """

    def __init__(
        self, lines: Iterable[TextLine], delimiter: str, width: int | None, is_row: Callable[[list[str]], bool]
    ) -> None:
        self._lines = iter(lines)
        self._again: deque[TextLine] = deque()
        self._delimiter, self._width, self._is_row = delimiter, width, is_row
        self._nothing = f"{delimiter} \t\r\f\v"
        # A quote that no delimiter and no line's end follows belongs to the cell. Nothing is tried twice.
        end = rf"[ ]*+(?:{re.escape(delimiter)}|$)"
        quoted = rf'[ ]*+"((?:[^"]++|""(?!{end})|"(?!{end}))*+)"[ ]*+(?={re.escape(delimiter)}|$)'
        self._cell = re.compile(rf"{quoted}|([^{re.escape(delimiter)}]*+)", re.DOTALL)

    def __iter__(self) -> Iterator[Record]:
        while (line := self._next()) is not None:
            if line.problem is not None:
                yield Record(line.number, [], line.text, line.problem)
            elif '"' in line.text:
                yield self._quoted(line)
            elif line.text.strip(self._nothing):
                yield self._checked(line, line.text.split(self._delimiter))

    def _next(self) -> TextLine | None:
        return self._again.popleft() if self._again else next(self._lines, None)

    def _checked(self, line: TextLine, cells: list[str]) -> Record:
        fitted = self._fitted(cells)
        if fitted is None:
            return Record(line.number, [], line.text, f"{len(cells)} cells in a table of {self._width} columns")
        return Record(line.number, fitted, line.text)

    def _fitted(self, cells: list[str]) -> list[str] | None:
        """The cells, empty ones at the end left out where they are too many; None where there are too many or few."""
        if self._width is None:
            return cells or None
        if len(cells) > self._width and not any(cells[self._width :]):
            return cells[: self._width]
        return cells if len(cells) == self._width else None

    def _quoted(self, line: TextLine) -> Record:
        is_open = False
        for unescape in (_as_it_is, _unescaped) if '\\"' in line.text else (_as_it_is,):
            record, is_open = self._strict(line, unescape)
            if record is not None:
                return record
        if not is_open:
            for cells in (self._lenient(line.text), line.text.split(self._delimiter)):
                if (fitted := self._fitted(cells)) is not None:
                    return Record(line.number, fitted, line.text)
            return self._checked(line, self._lenient(line.text))
        literal = self._fitted(line.text.split(self._delimiter))
        if self._delimiter == "\t" and literal is not None:
            return Record(line.number, literal, line.text)
        return Record(line.number, [], line.text, "a quote that is never closed, or closed in another row")

    def _strict(self, line: TextLine, unescape: Callable[[str], str]) -> tuple[Record | None, bool]:
        """The record that begins with this line, and whether a quote is left open at the line's end."""
        taken = [line]
        try:
            cells = next(csv.reader(self._taking(taken, unescape), delimiter=self._delimiter, strict=True))
        except (csv.Error, StopIteration):
            cells = []
        fitted = self._fitted(cells)
        if fitted is not None and not (len(taken) > 1 and self._are_rows(taken[1:])):
            return Record(line.number, fitted, _joined(taken)), False
        self._again.extendleft(reversed(taken[1:]))
        return None, len(taken) > 1 or _is_open(unescape(line.text), self._delimiter)

    def _taking(self, taken: list[TextLine], unescape: Callable[[str], str]) -> Iterator[str]:
        yield unescape(taken[0].text)
        size = 0
        while len(taken) < _MOST_LINES and size < _MOST_CHARACTERS and (line := self._next()) is not None:
            if line.problem is not None:
                self._again.appendleft(line)
                return
            end = taken[-1].end
            taken.append(line)
            size += len(line.text)
            yield end + unescape(line.text)

    def _are_rows(self, lines: list[TextLine]) -> bool:
        """Whether lines that a cell would hold are rows by themselves, half of them or more."""
        written = [line.text for line in lines if line.text.strip()]
        return 2 * sum(self._is_row(self._lenient(text)) for text in written) >= max(len(written), 1)

    def _lenient(self, text: str) -> list[str]:
        if '"' not in text:
            return text.split(self._delimiter)
        cells, position = [], 0
        while True:
            found = self._cell.match(text, position)
            assert found is not None  # the pattern fits the empty string
            inner = found[1]
            cells.append(found[2] if inner is None else inner.replace('""', '"'))
            position = found.end() + 1
            if position > len(text):
                return cells


def _joined(lines: Sequence[TextLine]) -> str:
    return "".join(line.text + line.end for line in lines[:-1]) + lines[-1].text


def _as_it_is(text: str) -> str:
    return text


def _unescaped(text: str) -> str:
    """Quotes escaped by a backslash, doubled."""
    return _ESCAPED_QUOTE.sub(r'\1""', text)


def _is_open(text: str, delimiter: str) -> bool:
    """Whether a quote is left open at the line's end."""
    try:
        next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False
