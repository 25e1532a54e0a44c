"""Suggests a column map for tables or JSON rows of unknown layout, from their fields' names or what these hold."""

from __future__ import annotations

import csv
import io
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

from trend_assets.sources.archive.column_map import ColumnMap
from trend_assets.sources.archive.table_layout import looks_like_instant
from trend_assets.sources.event import Rejected
from trend_assets.sources.wire import instants

#: Common spellings by field, the likeliest first; compared in lower case, without what separates words.
_SPELLINGS = {
    "id": "id idstr postid messageid tweetid statusid commentid videoid itemid contentid eventid msgid uuid guid"
    " objectid urn uri permalink url link",
    "timestamp": "timestamp createdat createdutc created timestamputc datetime datetimeutc createdtime createtime"
    " creationdate publishedat published datepublished publishdate pubdate publishtime postedat postdate posttime"
    " postedon sentat senttime senddate takenat tweetcreatedat dateutc utc utctime createddate dateadded dateunixtime"
    " time ts date day when unixtime epoch unixtimestamp eventtime messagedate submitted postcreated",
    "user_id": "userid authorid fromid senderid accountid ownerid creatorid posterid memberid useridstr uid"
    " authorusername username screenname userscreenname userhandle handle authorname author user account from sender"
    " poster owner creator nick nickname login member by who actor channelid",
    "text": "fulltext text body content message tweet tweettext posttext rawcontent rawtext selftext comment"
    " commenttext messagetext contenttext description caption videodescription post posts headline title subject",
    "hashtags": "hashtags hashtag hashtaglist hashtagnames entitieshashtags tags tag taglist",
    "topics": "topics topic topicname thread threadtitle",
    "language": "language lang languagecode detectedlanguage",
    "event_type": "eventtype",
}
_RANKS = {field: {name: rank for rank, name in enumerate(names.split())} for field, names in _SPELLINGS.items()}
#: Columns of a date and of a time of day, which make one instant together, and of the zone that both are in.
_DATES = ("date", "day", "datelocal", "postdate")
_CLOCKS = ("time", "clock", "timeofday", "hour")
_ZONES = ("timezone", "tz", "zone", "timezonename")
#: Within these an `id` counts from one.
_ROOMS = ("chatid", "chat", "channelid", "channel", "peerid", "dialogid", "groupid", "roomid", "room")
_NUMBERED = ("id", "messageid", "msgid")
#: What an object that stands for a person, a text or an instant names it by.
_WITHIN = {
    "user_id": ("id", "idstr", "userid", "username", "screenname", "handle", "acct", "login", "name"),
    "text": ("text", "body", "content", "fulltext"),
    "timestamp": ("date", "value", "iso", "utc"),
}
#: Objects in which an export wraps the whole post.
_HOLDERS = ("data", "post", "tweet", "status", "message", "item", "node", "attributes", "record", "object", "snippet")
#: Endings that tell a field where no whole name does, as in `comment_date`.
_ENDINGS = {"timestamp": ("timestamp", "datetime", "date", "time"), "text": ("text", "body", "message", "content")}
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_DEEPEST = 3
_EMPTY: tuple[object, ...] = (None, "", [])
#: What a row must have by a map that names it, and what makes it a post.
_NEEDED = frozenset({"content_id", "timestamp"})
_SAID = frozenset({"text", "hashtags", "topics"})


def suggested_columns(names: Sequence[str], sample: Mapping[str, Any] | None = None) -> str | None:
    """The column map that the names of fields suggest, as ``--columns`` takes it.

    Args:
        names: columns of a table, or keys of a JSON object.
        sample: one row by name, where there is one: fields within its objects are found as ``user.id``, and what
            does not look like an instant is not taken for one.

    Returns:
        ``id=id,timestamp=created_at,user_id=user.id,text=text``, with ``timezone=UTC`` where the sample's time names
        no zone; None where no column looks like a time, or nothing but one.
    """
    sample = sample or {}
    paths = list(_paths(names, sample))
    found = {"timestamp": _instant(paths, sample)}
    if found["timestamp"] is None:
        return None
    taken = set(found["timestamp"].split("+"))
    for field in ("id", "user_id", "text", "hashtags", "topics", "language", "event_type"):
        found[field] = _first(field, [path for path in paths if path not in taken], sample)
        taken.add(found[field] or "")
    if not any(found[field] for field in ("id", "text", "topics", "hashtags")):
        return None
    found["id"] = _within_room(found["id"], paths)
    zone = _zone(found["timestamp"], paths, sample)
    order = ("id", "timestamp", "user_id", "text", "hashtags", "topics", "event_type", "language")
    parts = [f"{field}={found[field]}" for field in order if found[field]]
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([*parts, *([f"timezone={zone}"] if zone else [])])
    return line.getvalue()


def best_columns(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Of the column maps that single rows suggest, the one by which the most is found in all; without rows by names."""
    if not rows:
        return suggested_columns(names)
    # Rows of the same fields and kinds suggest the same.
    kinds: dict[tuple[tuple[str, type], ...], Mapping[str, Any]] = {}
    for row in rows:
        kinds.setdefault(tuple((name, type(value)) for name, value in row.items()), row)
    found = dict.fromkeys(filter(None, (suggested_columns(list(row), row) for row in kinds.values())))
    return max(found, key=lambda columns: _fields_found(ColumnMap.parse(columns), rows)) if found else None


def _fields_found(columns: ColumnMap, rows: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """How many fields are found in rows that say something, and in all; in a row without its id or time none."""
    telling, total = 0, 0
    for row in rows:
        has = {
            field for field, names in columns.parts.items() if all(_value(row, name) not in _EMPTY for name in names)
        }
        if has.issuperset(_NEEDED & columns.parts.keys()):
            total += len(has)
            telling += len(has) if has & _SAID else 0
    return telling, total


def by_look(rows: Sequence[Mapping[str, Any]]) -> ColumnMap | None:
    """What the first row's cells look like: the instant, the longest as the text, the first of the others as the id."""
    cells = {name: str(cell).strip() for name, cell in rows[0].items()} if rows else {}
    instant = next((name for name, cell in cells.items() if looks_like_instant(cell)), None)
    if instant is None:
        return None
    others = [name for name in cells if name != instant]
    text = max(others, key=lambda name: len(cells[name]), default=None)
    identity = next((name for name in others if name != text), None)
    fields = {"content_id": identity, "timestamp": instant, "text": text}
    return ColumnMap({field: name for field, name in fields.items() if name})


def import_command(columns: str, file: str) -> str:
    """The command that imports a file through a column map, quoted for a shell."""
    return f"trend import --columns {shlex.quote(columns)} {shlex.quote(file)}"


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name.lower())


def _paths(names: Sequence[str], sample: Mapping[str, Any]) -> Iterator[str]:
    """The names, and behind them those within the sample's objects."""
    usable = [name for name in names if name.strip() and not _is_special(name)]
    yield from usable
    for name in usable:
        yield from _inner(name, sample.get(name), _DEEPEST - 1)


def _inner(path: str, value: Any, depth: int) -> Iterator[str]:
    if not isinstance(value, Mapping) or not depth:
        return
    for key, inner in value.items():
        if isinstance(key, str) and key and "." not in key and not _is_special(key):
            yield f"{path}.{key}"
            yield from _inner(f"{path}.{key}", inner, depth - 1)


def _is_special(name: str) -> bool:
    """Whether a column map could not name it: `+` joins columns, a line break ends the map."""
    return "+" in name or "\n" in name or "\r" in name


def _value(sample: Mapping[str, Any], path: str) -> Any:
    if path in sample or "." not in path:
        return sample.get(path)
    outer, _, inner = path.partition(".")
    within = sample.get(outer)
    return _value(within, inner) if isinstance(within, Mapping) else None


def _candidates(field: str, paths: Sequence[str]) -> list[str]:
    """The paths that a field is spelled by, the likeliest first."""
    ranks: dict[str, tuple[int, int]] = {}
    spellings, within = _RANKS[field], _WITHIN.get(field, ())
    for path in paths:
        outer, _, last = path.rpartition(".")
        holder, last, depth = _plain(outer.rpartition(".")[2]), _plain(last), path.count(".")
        if (whole := spellings.get(_plain(path))) is not None:
            ranks[path] = (whole, depth)
        elif holder in spellings and last in within:
            ranks[path] = (spellings[holder], depth + within.index(last))
        elif holder in _HOLDERS and last in spellings and (field != "id" or last == "id"):
            ranks[path] = (len(spellings) + spellings[last], depth)
        elif not outer and last.endswith(_ENDINGS.get(field, ())):
            ranks[path] = (2 * len(spellings), depth)
    return sorted(ranks, key=lambda path: ranks[path])


def _first(field: str, paths: Sequence[str], sample: Mapping[str, Any]) -> str | None:
    fitting = [path for path in _candidates(field, paths) if _may_be(field, _value(sample, path))]
    return next(iter(fitting), None)


def _may_be(field: str, value: Any) -> bool:
    """Whether a sample's value, where there is one, could be the field's."""
    if value is None:
        return True
    if field in ("hashtags", "topics"):
        return not isinstance(value, Mapping | bool)
    if field == "text":
        return isinstance(value, str) or (isinstance(value, list) and bool(value))
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _instant(paths: Sequence[str], sample: Mapping[str, Any]) -> str | None:
    named = _candidates("timestamp", paths)
    by_name = {_plain(path): path for path in reversed(paths)}
    date = next((by_name[name] for name in _DATES if name in by_name), None)
    clock = next((by_name[name] for name in _CLOCKS if name in by_name), None)
    readable = [path for path in named if _reads(_value(sample, path))]
    # A time of day alone is no instant; where either one is whole already, it is taken as it is.
    is_split = _is_clock(_value(sample, clock or "")) if sample else True
    if date and clock and is_split and not any(path not in (date, clock) for path in readable or named):
        return f"{date}+{clock}"
    return next(iter(readable or named), None)


def _reads(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    try:
        instants.from_any(value, UTC)
    except Rejected:
        return False
    return True


def _is_clock(value: Any) -> bool:
    return isinstance(value, str) and bool(re.match(r"\s*\d{1,2}:\d\d", value))


def _zone(instant: str, paths: Sequence[str], sample: Mapping[str, Any]) -> str | None:
    column = next((path for path in paths if _plain(path) in _ZONES), None)
    if column is not None and "+" in instant:
        return column
    first = _value(sample, instant.split("+")[0])
    if first is None:
        return None
    if "+" not in instant:
        try:
            instants.from_any(first)
        except Rejected:
            return "UTC" if _reads(first) else None
        return None
    return "UTC"


def _within_room(identity: str | None, paths: Sequence[str]) -> str | None:
    """The id with the chat that it counts in before it, where the rows name one."""
    if identity is None or _plain(identity) not in _NUMBERED:
        return identity
    room = next((path for name in _ROOMS for path in paths if _plain(path) == name), None)
    return f"{room}+{identity}" if room and room != identity else identity
