"""Reads JSON files, one value a line or in any layout, as payloads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from trend_assets.sources.archive.advice import LOOKED_AT
from trend_assets.sources.archive.columns import ColumnMap, ColumnMapError
from trend_assets.sources.archive.json_rows import JsonRouter, is_json_row, is_platform
from trend_assets.sources.archive.json_values import SCRIPT, JsonValues, Value, decoded
from trend_assets.sources.archive.row_reader import fits, needs_columns
from trend_assets.sources.archive.suggestions import best_columns
from trend_assets.sources.archive.unpacking import ArchiveError, ArchiveFile, NoPosts, TruncatedArchive
from trend_assets.sources.event import Payload, Rejected
from trend_assets.sources.registry import Rejection
from trend_assets.sources.wire.values import loads

#: Values at the head of a file that tell what it is.
_LOOKED_AT = 1_000
_LOOKED_AT_BYTES = 8 << 20
_LINES_TO_TELL = 20
_PYTHON = re.compile(rb"[\[\s]*\{\s*'")
#: Before each value of a JSON text sequence.
_SEQUENCE = b"\x1e"
#: Keys, one within another.
Path = tuple[str, ...]
_Checked = tuple[Iterator[Value], Path | None]
#: How deep rows may lie below keys, `{"response": {"data": [row]}}`.
_DEEPEST = 3


def json_rows(file: ArchiveFile, columns: ColumnMap | None) -> Iterator[Payload | Rejection] | None:
    """The rows of a JSON file; None where it is none.

    Raises:
        NeedsColumns: rows of no known kind, and no columns were given.
        ArchiveError: columns that the rows lack, or Python's notation.
        TruncatedArchive: while the rows are taken: the stream breaks off.
    """
    head = file.text_head.lstrip()
    if _PYTHON.match(head):
        raise ArchiveError(
            f"{file.name} is written in Python's notation ({{'key': None}}), which is not JSON: "
            "write its rows with json.dumps"
        )
    if SCRIPT.match(_start(file)) or head.startswith(_SEQUENCE):
        values = _document_values(file)
    elif _is_lines(head):
        values = _line_values(file)
    elif head.startswith((b"[", b"{")):
        values = _document_values(file)
    else:
        return None
    return _routed(file, _checked(file, values, columns), columns)


def _is_lines(head: bytes) -> bool:
    """Whether each line is a value of its own."""
    lines = [line for line in head.split(b"\n", 10 * _LINES_TO_TELL) if line.strip()]
    if not head.startswith((b"[", b"{")):
        rows = sum(_is_row(line) for line in lines[:_LINES_TO_TELL])
        return 2 * rows >= min(len(lines), _LINES_TO_TELL) and rows > 0
    if head.startswith(b"[") and len(lines) == 1:
        # An array in one line may be of any length.
        return False
    # Where the first line is damaged it may be a document spread over its lines.
    return _is_row(lines[0]) or (
        len(lines) > 1 and lines[0][:1] == lines[1][:1] == b"{" and any(map(_is_row, lines[1:_LINES_TO_TELL]))
    )


def _is_row(line: bytes) -> bool:
    try:
        return is_json_row(loads(line))
    except Rejected:
        return False


def _line_values(file: ArchiveFile) -> Iterator[Value]:
    for line in file.lines():
        if line.problem is not None:
            yield Value(line.number, None, line.data.decode("utf-8", "backslashreplace"), line.problem)
        else:
            yield decoded(line.number, line.data)


def _document_values(file: ArchiveFile) -> Iterator[Value]:
    size = file.path.stat().st_size if file.path and file.compression is None else None
    values = JsonValues(file.text(), size)
    yield from values
    if values.broken is not None:
        raise TruncatedArchive(f"{file.name} {values.broken}, at row {values.cut_in or 1}")
    if values.cut_in is not None:
        raise TruncatedArchive(f"{file.name} is damaged or breaks off: its JSON does not end, at row {values.cut_in}")


def _checked(file: ArchiveFile, values: Iterator[Value], columns: ColumnMap | None) -> _Checked:
    """The values, once the first of them have told that they can be read.

    Raises:
        NeedsColumns: they are of no known kind, and no columns were given.
        NoPosts: the same of a member of an archive, where no columns would read them.
        ArchiveError: columns that they lack.
    """
    first: list[Value] = []
    broken: TruncatedArchive | None = None
    try:
        size = 0
        for value in islice(values, _LOOKED_AT):
            first.append(value)
            size += value.size
            if size > _LOOKED_AT_BYTES or (columns is None and is_platform(value.value)):
                break
    except TruncatedArchive as error:
        broken = error
    path: Path | None = None
    if rows := [row for value in first for row in _objects(value.value)]:
        if columns is not None:
            path = _path_to_rows(file, columns, rows)
        elif not any(is_platform(value.value) for value in first):
            _refuse(file, rows)
    return chain(first, _raising(broken) if broken else values), path


def _raising(error: TruncatedArchive) -> Iterator[Value]:
    raise error
    yield


def _refuse(file: ArchiveFile, rows: list[dict[str, Any]]) -> None:
    """Refuses rows of no known kind where columns would read them, and in an archive always."""
    if not (file.is_member and SCRIPT.match(_start(file))):
        below = (_objects(_at(rows[0], path)) for path in _paths_to_arrays(rows[0], _DEEPEST))
        for found in islice(chain([rows], below), _LINES_TO_TELL):
            names = list(dict.fromkeys(chain.from_iterable(found[:LOOKED_AT])))
            if best_columns(names, found[:LOOKED_AT]) is not None:
                raise needs_columns(file, "JSON of no known kind", names, found)
    if file.is_member:
        raise NoPosts(f"{file.name} is JSON of no known kind")


def _start(file: ArchiveFile) -> str:
    return file.text_head.lstrip()[:_LOOKED_AT].decode(errors="replace")


def _path_to_rows(file: ArchiveFile, columns: ColumnMap, values: list[dict[str, Any]]) -> Path | None:
    """The keys below which the rows with the mapped columns lie; None where the values are the rows.

    Raises:
        ArchiveError: there are no such rows.
    """
    if fits(columns, _keys(values)):
        return None
    for path in _paths_to_arrays(values[0], _DEEPEST):
        if fits(columns, _keys([row for value in values for row in _objects(_at(value, path))])):
            return path
    try:
        columns.require(_keys(values))
    except ColumnMapError as error:
        hint = "; without columns it is read as what it looks like" if any(map(is_platform, values)) else ""
        raise ArchiveError(f"{file.name}: {error}{hint}") from None
    return None


def _routed(file: ArchiveFile, checked: _Checked, columns: ColumnMap | None) -> Iterator[Payload | Rejection]:
    values, path = checked
    router = JsonRouter(columns, file.typed)
    for value in values:
        if value.problem is not None:
            yield Rejection(value.line, value.problem, value.raw or "")
        elif path is not None and (rows := _objects(_at(value.value, path))):
            yield from router.rows(value.line, rows, notes=value.notes)
        else:
            yield from router.rows(value.line, value.value, value.raw, value.notes)


def _at(value: Any, path: Path) -> Any:
    """What lies at a path of keys; of an object of objects, these."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return list(value.values()) if isinstance(value, dict) else value


def _paths_to_arrays(value: Any, depth: int, path: Path = ()) -> Iterator[Path]:
    """The paths to arrays of objects, and to objects of nothing but objects; those that lie higher first."""
    if not isinstance(value, dict) or not depth:
        return
    if not path and _is_of_rows(list(value.values())):
        yield path
    for key, inner in value.items():
        items = inner if isinstance(inner, list) else list(inner.values()) if isinstance(inner, dict) else []
        if any(isinstance(item, dict) for item in items) and (isinstance(inner, list) or _is_of_rows(items)):
            yield (*path, key)
    for key, inner in value.items():
        yield from _paths_to_arrays(inner, depth - 1, (*path, key))


def _objects(value: Any) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]


def _is_of_rows(items: list[Any]) -> bool:
    """Whether an object's values are rows under keys of their own."""
    return len(items) > 1 and all(isinstance(item, dict) for item in items)


def _keys(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(path for row in rows for path in _paths(row)))


def _paths(item: dict[str, Any], prefix: str = "", depth: int = 4) -> Iterator[str]:
    for key, value in item.items():
        yield f"{prefix}{key}"
        if isinstance(value, dict) and depth > 1:
            yield from _paths(value, f"{prefix}{key}.", depth - 1)
