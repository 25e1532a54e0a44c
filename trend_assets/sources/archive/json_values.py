"""A streaming JSON reader: splits files of any layout into values of bounded size.

Where a value ends is told by Python's own decoder. It is as fast as a streaming parser (39 MB of tweets a second,
`ijson` on yajl 35), and keeps the text, so that a damaged row costs itself alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from trend_assets.sources.archive.compression import Broken
from trend_assets.sources.archive.json_window import Damaged, JsonWindow, TooLong
from trend_assets.sources.event import Rejected
from trend_assets.sources.wire.notes import HALF_PAIR
from trend_assets.sources.wire.values import loads, without_half_pairs

#: A single value is read whole up to this size; of a larger one the rows below its keys are read one by one.
MAX_DOCUMENT_CHARACTERS = 64 << 20
#: The same for a text that is larger than that, where a page can still stand among others.
_MOST_IN_LARGE = 16 << 20
#: What stands beside the rows of a large document, and is given with each, is smaller.
_MOST_BESIDE = 1 << 20
_MOST_KEYS_BESIDE = 100
_KEPT_OF_DAMAGED = 64 << 10

#: `window.YTD.tweets.part0 = [`, `const posts = [`, `callback(`; and what guards JSON against being run.
SCRIPT = re.compile(
    r"(?:(?:var|let|const|export)\s+)*[A-Za-z_$][\w$.]*\s*(?:\[[\"'\w]+\]\s*)*[=(]\s*(?=[\[{])|\)\]\}',?\s*\n"
)
_LINE_END = re.compile(r"\n")
#: Keys under which documents hold their rows: by these alone a damaged document is searched.
_ROWS_BELOW = re.compile(
    r'"(?:data|posts|messages|statuses|items|hits|children|orderedItems|tweets|results|comments|feed|rows|records|'
    r'videos|toots|list)"\s*:\s*\[\s*\{'
)
_Wrap = Callable[[Any], Any]


@dataclass(slots=True)
class Value:
    """One JSON value of a text.

    Args:
        line: the line that it begins in, from 1.
        value: decoded.
        raw: its text, where that is one line of strict JSON.
        problem: why there is no value; `raw` then holds its text, or the first part of it.
        size: of its text, in bytes.
        notes: what was assumed, in the words of `wire.notes`.
    """

    line: int
    value: Any
    raw: str | None = None
    problem: str | None = None
    size: int = 0
    notes: tuple[str, ...] = ()


def decoded(line: int, data: bytes) -> Value:
    """The value of a text, or why there is none."""
    try:
        value = orjson.loads(data)
        # Valid JSON is valid UTF-8.
        return Value(line, value, data.decode() if b"\n" not in data else None, None, len(data))
    except orjson.JSONDecodeError:
        return _decoded_leniently(line, data)


def _decoded_leniently(line: int, data: bytes) -> Value:
    try:
        value = loads(data)
    except Rejected as rejected:
        return Value(line, None, data[:_KEPT_OF_DAMAGED].decode("utf-8", "backslashreplace"), str(rejected), len(data))
    is_strict = not (b"\n" in data or b"NaN" in data or b"Infinity" in data)
    text = data.decode("utf-8", "replace")
    whole = without_half_pairs(text)
    return Value(line, value, whole if is_strict else None, None, len(data), () if whole == text else (HALF_PAIR,))


class JsonValues:
    """The values of a JSON text: of a top-level array its rows, of a document too large to be held the rows within it.

    Args:
        chunks: the text in UTF-8.
        size: how many bytes there are, where that is known.

    Attributes:
        cut_in: the line in which the text ends inside a value; None where it ends after one.
    """

    def __init__(self, chunks: Iterator[bytes], size: int | None = None) -> None:
        self.cut_in: int | None = None
        self._text = JsonWindow(chunks)
        is_large = size is not None and size > MAX_DOCUMENT_CHARACTERS
        self._most_of_document = _MOST_IN_LARGE if is_large else MAX_DOCUMENT_CHARACTERS

    @property
    def broken(self) -> Broken | None:
        """Why the stream broke off, if it did."""
        return self._text.broken

    def __iter__(self) -> Iterator[Value]:
        while character := self._text.peek():
            if character == "[":
                yield from self._array(None)
            elif character == "{":
                yield from self._document()
            elif self._text.skips(SCRIPT):
                continue
            elif character in ",;)\x1e":
                self._text.skip()
            else:
                yield self._damaged("", _LINE_END)

    def _document(self) -> Iterator[Value]:
        """A top-level object, whole where it can be."""
        length = None
        try:
            length = self._text.extent(self._most_of_document)
            document = decoded(self._text.line, self._text.look(length))
            if document.problem is None:
                self._text.take(length)
                yield document
                return
        except TooLong:
            yield from self._object(None)
            return
        except Damaged:
            pass
        if self._text.holds(_ROWS_BELOW, _MOST_BESIDE):
            yield from self._object(None)
        else:
            yield self._damaged("") if length is None else self._taken(length)

    def _taken(self, length: int) -> Value:
        return decoded(self._text.line, self._text.take(length))

    def _array(self, wrap: _Wrap | None) -> Iterator[Value]:
        """The rows of the array in hand."""
        self._text.skip()
        while (character := self._text.peek()) != "]":
            if not character:
                self._cut()
                return
            if character == ",":
                self._text.skip()
            else:
                yield from self._row(wrap)
        self._text.skip()

    def _row(self, wrap: _Wrap | None) -> Iterator[Value]:
        try:
            row = self._taken(self._text.extent(MAX_DOCUMENT_CHARACTERS))
        except TooLong:
            yield from self._inside(wrap, f"a JSON value of more than {MAX_DOCUMENT_CHARACTERS >> 20} MiB")
            return
        except Damaged:
            row = self._damaged("")
        if wrap is not None and row.problem is None:
            row = Value(row.line, wrap(row.value), size=row.size, notes=row.notes)
        yield row

    def _inside(self, wrap: _Wrap | None, problem: str) -> Iterator[Value]:
        """The rows within a value that cannot be taken whole."""
        character = self._text.peek()
        if character == "{":
            yield from self._object(wrap)
        elif character == "[":
            yield from self._array(wrap)
        else:
            yield self._damaged(problem)

    def _object(self, wrap: _Wrap | None) -> Iterator[Value]:
        """The rows within the object in hand, each in an object like it that has but this one row."""
        beside: dict[str, Any] = {}
        line, rows = self._text.line, 0
        self._text.skip()
        while (character := self._text.peek()) != "}":
            if not character:
                self._cut()
                return
            if character == ",":
                self._text.skip()
                continue
            key = self._key()
            values = [self._damaged("")] if key is None else self._member(_within(wrap, beside, key), key, beside)
            for value in values:
                rows += 1
                yield value
        self._text.skip()
        if not rows:
            yield Value(line, None, "", "a JSON object that is too large or damaged, without an array of rows")

    def _key(self) -> str | None:
        """The key in hand and the colon behind it; None where there is none."""
        try:
            key = self._taken(self._text.extent(_MOST_BESIDE)).value
        except (TooLong, Damaged):
            return None
        if not isinstance(key, str) or self._text.peek() != ":":
            return None
        self._text.skip()
        return key if self._text.peek() else None

    def _member(self, wrap: _Wrap, key: str, beside: dict[str, Any]) -> Iterator[Value]:
        self._text.peek()
        try:
            found = self._taken(self._text.extent(_MOST_BESIDE))
        except (TooLong, Damaged):
            in_array = self._text.peek() == "["
            yield from self._inside((lambda row: wrap([row])) if in_array else wrap, "")
            return
        if found.problem is not None:
            yield found
        elif isinstance(found.value, list) and any(isinstance(item, dict) for item in found.value):
            yield Value(found.line, wrap(found.value), notes=found.notes)
        elif len(beside) < _MOST_KEYS_BESIDE:
            beside[key] = found.value

    def _cut(self) -> None:
        if self.cut_in is None:
            self.cut_in = self._text.line

    def _damaged(self, problem: str, *scalar_end: re.Pattern[str]) -> Value:
        """What stands here up to where the next row begins; a value after all where that makes it one."""
        value = self._taken(self._text.damaged_extent(*scalar_end))
        if value.problem is not None:
            value.problem = problem or value.problem
            if self._text.is_at_end:
                self._cut()
        return value


def _within(wrap: _Wrap | None, beside: dict[str, Any], key: str) -> _Wrap:
    """Puts a value under a key, beside what is known there, and into what that is in itself."""

    def wrapped(value: Any) -> Any:
        inner = {**beside, key: value}
        return inner if wrap is None else wrap(inner)

    return wrapped
