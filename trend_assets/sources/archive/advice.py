"""Says at once all that keeps rows from being read through a column map, and with which map they could be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from trend_assets.sources.archive.columns import ColumnMap, identity_of, parse_row, time_cell, timestamp_of
from trend_assets.sources.archive.suggestions import import_command
from trend_assets.sources.event import Rejected
from trend_assets.sources.wire.date_formats import COUNTS, DateFormat, forms
from trend_assets.sources.wire.values import loads

Row = Mapping[str, Any]
#: So many of the first rows tell what is wrong with all.
LOOKED_AT = 200
_REASONS_SHOWN = 3
#: A count of another unit would be years away from when people post.
_COUNT_DIGITS = 9
_FIRST = datetime(2002, 1, 1, tzinfo=UTC)
_PLAIN = "as in"
_ORDERS = (("%d", "if the day comes first"), ("%m", "if the month comes first"))
_NO_USER = "without a user_id= nobody is known to have posted"
_NO_ID = "without an id= its event's id is a hash of the row, so that equal rows are one event"


def advice(columns: ColumnMap, rows: Sequence[Row], file: str) -> str:
    """What stands in the way of the rows, and the whole command that reads them, or both where only people can tell.

    Args:
        columns: a map whose columns the rows have.
        rows: the first ones of a file.
        file: what to type for it.
    """
    rows = rows[:LOOKED_AT]
    maps, obstacles = _mended(columns, rows)
    if not _any_read(maps, rows):
        obstacles += _reasons(rows, maps[next(iter(maps))])
    return _told(maps, obstacles, file)


def remedy(columns: ColumnMap, rows: Sequence[str], file: str) -> str | None:
    """The same for rows that a given map rejected, as they are kept; None where no other map would read one."""
    values = [value for row in rows if isinstance(value := _decoded(row), dict)]
    maps, obstacles = _mended(columns, values)
    return _told(maps, obstacles, file) if _any_read(maps, values) else None


def _mended(columns: ColumnMap, rows: Sequence[Row]) -> tuple[dict[str, ColumnMap], list[str]]:
    """The maps that read the most rows, by when each is right, and what kept the rows from being read without."""
    obstacles: list[str] = []
    columns = _with_readable_ids(columns, rows, obstacles)
    maps = _with_times(columns, rows, obstacles)
    return {when: _with_own_ids(one, rows, obstacles) for when, one in maps.items()}, obstacles


def _any_read(maps: Mapping[str, ColumnMap], rows: Sequence[Row]) -> bool:
    return any(_refusal(partial(parse_row, row, one)) is None for one in maps.values() for row in rows)


def _told(maps: Mapping[str, ColumnMap], obstacles: Sequence[str], file: str) -> str:
    commands = (f"{when}: {import_command(_typed(one), file)}" for when, one in maps.items())
    return "; ".join([*dict.fromkeys(obstacles), " or, ".join(commands)])


def _decoded(row: str) -> Any:
    try:
        return loads(row)
    except Rejected:
        return None


def _typed(columns: ColumnMap) -> str:
    """The map as people write it, with `id` for `content_id`."""
    return re.sub(r'(^"?|,"?)content_id=', r"\1id=", str(columns), count=1)


def _with_readable_ids(columns: ColumnMap, rows: Sequence[Row], obstacles: list[str]) -> ColumnMap:
    """Without the columns that hold no ids in most rows: each of these rows would be rejected."""
    for field, consequence in (("content_id", _NO_ID), ("user_id", _NO_USER)):
        lost = [said for row in rows if (said := _refusal(partial(identity_of, row, columns, field, [])))]
        if 2 * len(lost) > len(rows):
            obstacles.append(f"{lost[0]}; {consequence}")
            columns = _without(columns, field)
    return columns


def _with_times(columns: ColumnMap, rows: Sequence[Row], obstacles: list[str]) -> dict[str, ColumnMap]:
    """The maps that read the most times, by when each is right."""
    cells = list(_written_times(columns, rows))
    formed = _date_formats(cells)
    tried = {when: _in_zone(columns, form, rows) for when, form in {_PLAIN: columns.date_format, **formed}.items()}
    counts = {when: _times_read(one, rows) for when, one in tried.items()}
    best = [when for when in tried if counts[when] == max(counts.values())]
    if _PLAIN in best:
        # These rows may be of days that tell the day from the month, and later ones not.
        best = [when for when in best if "%m" in formed.get(when, "")] or [_PLAIN]
    chosen = tried[best[0]]
    if chosen.date_format != columns.date_format:
        obstacles.append(f"times like '{cells[0][:40]}' need a date_format=")
    if chosen.zone != columns.zone:
        obstacles.append("its times name no zone: put theirs in the place of UTC")
    return {when: tried[when] for when in best} if len(best) > 1 else {_PLAIN: chosen}


def _in_zone(columns: ColumnMap, date_format: str | None, rows: Sequence[Row]) -> ColumnMap:
    """With that format, and with a zone where more times are read by that."""
    zones = dict.fromkeys([columns.zone, "UTC"])
    return max(
        (replace(columns, date_format=date_format, zone=zone) for zone in zones),
        key=lambda one: _times_read(one, rows),
    )


def _times_read(columns: ColumnMap, rows: Sequence[Row]) -> int:
    return sum(_refusal(partial(timestamp_of, row, columns, [])) is None for row in rows)


def _written_times(columns: ColumnMap, rows: Sequence[Row]) -> Iterator[str]:
    """The times that are not read without a form, then all others."""
    bare = replace(columns, date_format=None, zone="UTC")
    read: list[str] = []
    for row in rows:
        try:
            cell = str(time_cell(row, columns)).strip()
        except Rejected:
            continue
        if _refusal(partial(timestamp_of, row, bare, [])):
            yield cell
        else:
            read.append(cell)
    yield from read


def _date_formats(cells: Sequence[str]) -> dict[str, str]:
    """The formats that read the most of the cells, by when each is right; several where the cells do not tell."""
    found = {}
    for first, when in _ORDERS:
        fitting = dict.fromkeys(form for cell in cells for form in forms(cell) if _begins_with(first, form))
        if fitting:
            found[when] = "|".join(fitting)
    found |= {f"if they count as {name}": name for name in COUNTS if all(_is_count(name, cell) for cell in cells)}
    counts = {when: _cells_read(form, cells) for when, form in found.items()}
    most = max(counts.values(), default=0)
    best = {form: when for when, form in found.items() if counts[when] == most}
    return {when: form for form, when in best.items()}


def _begins_with(part: str, form: str) -> bool:
    """Whether a form has the day, or the month in digits, before the other; one with the month's name has both."""
    return "%m" not in form or min((form.find(other), other) for other in ("%d", "%m"))[1] == part


def _cells_read(written: str, cells: Sequence[str]) -> int:
    date_format = DateFormat(written)
    return sum(date_format.read(cell) is not None for cell in cells)


def _is_count(name: str, cell: str) -> bool:
    if len(cell) < _COUNT_DIGITS:
        return False
    found = DateFormat(name).read(cell)
    return found is not None and _FIRST <= found[0] <= datetime.now(UTC) + timedelta(days=1)


def _with_own_ids(columns: ColumnMap, rows: Sequence[Row], obstacles: list[str]) -> ColumnMap:
    """Without an id that several posts of the rows have."""
    if "content_id" not in columns.columns:
        return columns
    posts: dict[str, tuple[Any, ...]] = {}
    for row in rows:
        try:
            event = parse_row(row, columns)
        except Rejected:
            continue
        post = (event.timestamp, event.user_id, event.text)
        if posts.setdefault(event.content_id, post) != post:
            column = columns.columns["content_id"]
            obstacles.append(
                f"several posts have the same {column!r}, e.g. '{event.content_id[:40]}', so that it is no id: "
                f"join it with the column that tells them apart, id=COLUMN+{column}; {_NO_ID}"
            )
            return _without(columns, "content_id")
    return columns


def _without(columns: ColumnMap, field: str) -> ColumnMap:
    return replace(columns, columns={name: column for name, column in columns.columns.items() if name != field})


def _reasons(rows: Sequence[Row], columns: ColumnMap) -> list[str]:
    found = (_refusal(partial(parse_row, row, columns)) for row in rows)
    return list(dict.fromkeys(filter(None, found)))[:_REASONS_SHOWN]


def _refusal(read: Callable[[], object]) -> str | None:
    """Why something is not read; None where it is."""
    try:
        read()
    except Rejected as rejected:
        return str(rejected)
    return None
