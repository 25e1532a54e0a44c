"""Finds the ids of users and contents in a payload, by the fields in which each format keeps them.

A retweet carries the tweet that it repeats, a comment the channel that it stands under: whoever is to be
forgotten must be found there, too. A number elsewhere (a place, a picture, a count, part of a link) is no id
of anybody, however much it looks like one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from trend_assets.sources.archive.columns import ColumnMap, ColumnMapError, named_in
from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.formats import COLUMNS_PREFIX
from trend_assets.sources.id_fields import ID_FIELDS, IdFields
from trend_assets.sources.registry import FORMATS, parse, parser
from trend_assets.sources.wire.values import identifier, loads, mapping

Kind = Literal["user", "content"]


class Identifier(NamedTuple):
    """An id and what it is an id of."""

    kind: Kind
    value: str


class SourcedIdentifier(NamedTuple):
    """An id, what it is an id of, and whose; `source` is None where nothing tells."""

    source: str | None
    kind: Kind
    value: str


#: What parsers write into an event's context.
_CONTEXT_USERS = frozenset({"original_user_id", "in_reply_to_user_id", "mentioned_user_ids"})
_CONTEXT_POSTS = frozenset({"original_content_id", "quoted_content_id", "conversation_id", "parent_id", "edit_history"})
_SOURCE_USERS: Mapping[str, frozenset[str]] = {
    "youtube": frozenset({"channel_id"}),
    # Of lakes that have no `mentioned_user_ids` yet.
    "bluesky": frozenset({"mentions"}),
}
#: Of YouTube's kinds of resources those whose id is a content's or a user's; a category's is neither.
_WITH_AN_ID = {f"youtube#{kind}" for kind in ("video", "comment", "commentThread", "searchResult", "channel")}
#: Bluesky writes the author into a post's address, Mastodon names an account in two ways.
_AUTHOR = re.compile(r"at://(did:[a-z]+:[A-Za-z0-9._:%-]+)/")
_ACTOR = re.compile(r"(https?://[^/]+)/users/([^/]+)")
_TOKENS = (re.compile(r"[\w:.-]+"), re.compile(r"[\w:./@+%\\-]+"))
_TELLING_LENGTH = 7


def identifiers(format: str, raw_data: str) -> frozenset[Identifier]:
    """The ids of users and contents that a payload holds.

    Args:
        format: as in `raw_events.format`.
        raw_data: the payload, JSON text; of what its format cannot read there are none.
    """
    fields = ID_FIELDS.get(format)
    try:
        found = frozenset(_walk(loads(raw_data), fields, "content")) if fields else frozenset()
        return found if fields and fields.is_whole else found | _of_event(parse(format, raw_data))
    except Rejected:
        return frozenset()


def _of_event(event: Event) -> frozenset[Identifier]:
    return own_identifiers(event) | context_identifiers(event.source, event.context)


def own_identifiers(event: Event) -> frozenset[Identifier]:
    """The event's own id and its user's."""
    found = {Identifier("content", event.content_id)}
    if event.user_id is not None:
        found.add(Identifier("user", event.user_id))
    return frozenset(found)


def context_identifiers(source: str, context: Mapping[str, Any] | str) -> frozenset[Identifier]:
    """The ids in an event's context, as a parser gave it or as `events.context` has it."""
    if isinstance(context, str):
        try:
            context = loads(context)
        except Rejected:
            return frozenset()
    users = _CONTEXT_USERS | _SOURCE_USERS.get(source, frozenset())
    found: set[Identifier] = set()
    for key, inner in context.items() if isinstance(context, Mapping) else ():
        if key in users:
            found.update(_ids("user", inner))
        elif key in _CONTEXT_POSTS:
            found.update(_ids("content", inner))
    return frozenset(found)


def rejected_identifiers(
    raw_data: str, others: Collection[str] = (), format: str | None = None
) -> frozenset[SourcedIdentifier]:
    """The ids in what could not become an event.

    Of a payload whose platform its keys tell these are the ids in its fields; where it names no user it may be one
    itself. Of another object they are what the formats find in it, and every value that is unmistakable; of text
    that is no JSON, every word that is. A row that was read through a column map is of no platform, whatever its keys.

    Args:
        raw_data: as in `rejected_events.raw_data`.
        others: by which other rows of the same origin were read.
        format: by which it was read; None where nothing tells it.
    """
    try:
        payload = loads(raw_data)
    except Rejected:
        payload = None
    if not isinstance(payload, Mapping):
        return frozenset(_unmistakable(tokens(raw_data)))
    formats = {*others, format} if format else set(others)
    maps = {name for name in formats if name.startswith(COLUMNS_PREFIX)}
    if format in maps:
        formats = maps
    found = frozenset(_in_platform(payload, formats if format or maps else ID_FIELDS))
    return found | frozenset(_in_table(payload, maps)) if found else frozenset(_in_row(payload, formats))


def _in_platform(payload: Mapping[str, Any], formats: Collection[str]) -> Iterator[SourcedIdentifier]:
    kind = payload.get("kind")
    role = "content" if kind is None or kind in _WITH_AN_ID else ""
    for format, fields in ID_FIELDS.items():
        has_marks = not fields.marks.isdisjoint({*payload, *mapping(payload.get("data"))})
        if format not in formats or not has_marks:
            continue
        found = set(_walk(payload, fields, role))
        if not any(item.kind == "user" for item in found):
            found |= {Identifier("user", item.value) for item in found}
        yield from (SourcedIdentifier(source, *item) for item in found for source in FORMATS[format].sources)


def _in_table(row: Mapping[str, Any], maps: Collection[str]) -> Iterator[SourcedIdentifier]:
    for written in maps:
        try:
            named = named_in(row, ColumnMap.parse(written.removeprefix(COLUMNS_PREFIX)))
        except ColumnMapError:
            continue
        if named.content_id is not None:
            yield SourcedIdentifier(named.source, "content", named.content_id)
        if named.user_id is not None:
            yield SourcedIdentifier(named.source, "user", named.user_id)
        for item in context_identifiers(named.source or "", named.context):
            yield SourcedIdentifier(named.source, *item)


def _in_row(row: Mapping[str, Any], formats: Collection[str]) -> Iterator[SourcedIdentifier]:
    for format in formats:
        if format.startswith(COLUMNS_PREFIX):
            yield from _in_table(row, (format,))
            continue
        if (fields := ID_FIELDS.get(format)) is not None:
            for item in _walk(row, fields, "content"):
                yield from (SourcedIdentifier(source, *item) for source in FORMATS[format].sources)
        try:
            event = parser(format)(row)
        except Rejected:
            continue
        yield from (SourcedIdentifier(event.source, *item) for item in _of_event(event))
    yield from _unmistakable(frozenset(_values(row)))


def _values(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _values(inner)
    elif (found := identifier(value)) is not None:
        yield found


def _unmistakable(values: Collection[str]) -> Iterator[SourcedIdentifier]:
    for value in values:
        if is_unmistakable(value):
            yield SourcedIdentifier(None, "user", value)
            yield SourcedIdentifier(None, "content", value)


def is_unmistakable(value: str) -> bool:
    """Whether a word can hardly be anything but this id: neither a short number nor a plain word."""
    return len(value) >= _TELLING_LENGTH and any(not letter.isalpha() for letter in value)


def tokens(text: str) -> frozenset[str]:
    """Every run of characters that an id may consist of."""
    return frozenset(part for run in _TOKENS for found in run.findall(text) for part in (found, found.strip(".:-/\\")))


def _walk(value: Any, fields: IdFields, role: str) -> Iterator[Identifier]:
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, fields, role)
    elif isinstance(value, Mapping):
        yield from _own(value, fields, role)
        for key, inner in value.items():
            # A number that was once a float has lost digits, which the text beside it has kept.
            if value.get(f"{key}_str"):
                continue
            is_person = key in fields.people
            if is_person or key in fields.users:
                yield from _ids("user", inner, fields.number)
            elif key in fields.posts or key in fields.contents:
                yield from _ids("content", inner)
            yield from _walk(inner, fields, "user" if is_person else "content" if key in fields.contents else "")


def _own(value: Mapping[str, Any], fields: IdFields, role: str) -> Iterator[Identifier]:
    keys = fields.person_ids if role == "user" else fields.content_ids if role == "content" else ()
    found = next((own for key in keys if (own := identifier(value.get(key)))), None)
    if found is not None:
        yield from _ids("user" if role == "user" else "content", found, fields.number)


def _ids(kind: Kind, value: Any, number: str = "") -> Iterator[Identifier]:
    """An id, or those of a list, as events name them."""
    for item in value if isinstance(value, list) else [value]:
        found = identifier(item)
        if found is None:
            continue
        if kind == "user" and number and found.isdigit():
            found = f"{number}{found}"
        yield Identifier(kind, found)
        if kind == "user" and (actor := _ACTOR.fullmatch(found)):
            yield Identifier("user", f"{actor[1]}/@{actor[2]}")
        if kind == "content" and (author := _AUTHOR.match(found)):
            yield Identifier("user", author[1])
