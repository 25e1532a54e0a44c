"""Whose ids a payload holds: users' and contents', by the fields in which each format keeps them.

A retweet carries the tweet that it repeats, a comment the channel that it stands under: whoever is to be
forgotten must be found there, too. A number elsewhere (a place, a picture, a count, part of a link) is no id
of anybody, however much it looks like one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.registry import (
    BLUESKY,
    COLUMNS_PREFIX,
    GOOGLE_TRENDS,
    MASTODON,
    TWITTER_V1,
    X_V2,
    YOUTUBE_V3,
    parse,
    parser,
)
from trend_assets.sources.wire.values import identifier, loads

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


@dataclass(frozen=True, slots=True)
class _Fields:
    """Where a format keeps ids.

    Args:
        source: whose ids they are.
        marks: every payload of the format has one of these keys.
        people: keys under which a person, or a list of persons, stands as an object or as its bare id.
        contents: the same for contents; the payload itself is one.
        person_ids: keys of a person's own id; the first that is there counts, as for the format's parser.
        content_ids: the same for contents.
        users: keys of users' ids, wherever they stand.
        posts: keys of contents' ids, wherever they stand.
    """

    source: str
    marks: frozenset[str]
    people: frozenset[str] = frozenset()
    contents: frozenset[str] = frozenset()
    person_ids: tuple[str, ...] = ("id",)
    content_ids: tuple[str, ...] = ("id",)
    users: frozenset[str] = frozenset()
    posts: frozenset[str] = frozenset()


#: A tweet that a user has pinned is not told by others' tweets that carry the user: `pinned_tweet_id` is no field here.
_FIELDS: Mapping[str, _Fields] = {
    TWITTER_V1: _Fields(
        source="twitter",
        marks=frozenset({"user", "id_str"}),
        people=frozenset({"user", "user_mentions", "contributors"}),
        contents=frozenset({"retweeted_status", "quoted_status", "current_user_retweet"}),
        person_ids=("id_str", "id"),
        content_ids=("id_str", "id"),
        users=frozenset({"in_reply_to_user_id", "in_reply_to_user_id_str", "source_user_id", "source_user_id_str"}),
        posts=frozenset(
            f"{name}{suffix}"
            for name in ("in_reply_to_status_id", "quoted_status_id", "source_status_id", "conversation_id")
            for suffix in ("", "_str")
        ),
    ),
    X_V2: _Fields(
        source="twitter",
        marks=frozenset({"data", "author_id", "conversation_id", "edit_history_tweet_ids", "referenced_tweets"}),
        people=frozenset({"author", "users", "mentions", "in_reply_to_user"}),
        contents=frozenset({"data", "tweets", "referenced_tweets"}),
        users=frozenset({"author_id", "in_reply_to_user_id"}),
        posts=frozenset({"conversation_id", "edit_history_tweet_ids"}),
    ),
    YOUTUBE_V3: _Fields(
        source="youtube",
        marks=frozenset({"snippet"}),
        people=frozenset({"authorChannelId"}),
        contents=frozenset({"topLevelComment", "comments"}),
        person_ids=("value",),
        users=frozenset({"channelId"}),
        posts=frozenset({"videoId", "parentId"}),
    ),
    BLUESKY: _Fields(
        source="bluesky",
        marks=frozenset({"record"}),
        content_ids=(),
        users=frozenset({"did", "src"}),
        posts=frozenset({"uri"}),
    ),
    MASTODON: _Fields(
        source="mastodon",
        marks=frozenset({"account"}),
        people=frozenset({"account", "mentions"}),
        contents=frozenset({"reblog", "quoted_status"}),
        person_ids=("url", "acct", "id"),
        content_ids=("uri", "url"),
    ),
    # It names no users, and its contents name no others.
    GOOGLE_TRENDS: _Fields(source="google_trends", marks=frozenset(), content_ids=()),
}
#: What parsers write into an event's context: `original_content_id` and its like.
_CONTEXT_USERS = frozenset({"original_user_id", "in_reply_to_user_id"})
_CONTEXT_POSTS = frozenset({"original_content_id", "quoted_content_id", "conversation_id", "parent_id", "edit_history"})
_SOURCE_USERS: Mapping[str, frozenset[str]] = {
    "youtube": frozenset({"channel_id"}),
    "bluesky": frozenset({"mentions"}),
}
#: Of YouTube's kinds of resources those whose id is a content's or a user's; a category's is neither.
_WITH_AN_ID = {f"youtube#{kind}" for kind in ("video", "comment", "commentThread", "searchResult", "channel")}
#: Bluesky writes the author into a post's address.
_AUTHOR = re.compile(r"at://(did:[a-z]+:[A-Za-z0-9._:%-]+)/")
_TOKENS = (re.compile(r"[\w:.-]+"), re.compile(r"[\w:./@+%\\-]+"))
_TELLING_LENGTH = 7
_ANY_TIME = "2020-01-01T00:00:00Z"


def identifiers(format: str, raw_data: str) -> frozenset[Identifier]:
    """The ids of users and contents that a payload holds.

    Args:
        format: as in `raw_events.format`. Of formats whose payloads hold no other event, such as tables, these
            are the event's own ids and those that its parser puts into the context.
        raw_data: the payload, JSON text; of what its format cannot read there are none.
    """
    fields = _FIELDS.get(format)
    try:
        if fields is not None:
            return frozenset(_walk(loads(raw_data), fields, "content"))
        event = parse(format, raw_data)
    except Rejected:
        return frozenset()
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


def rejected_identifiers(raw_data: str, formats: Collection[str] = ()) -> frozenset[SourcedIdentifier]:
    """The ids in what could not become an event.

    Of a platform's payload these are the ids in its fields; where it names no user it may be one itself. Of
    another object they are what the formats find in it, and every value that is unmistakable; of text that is
    no JSON, every word that is.

    Args:
        raw_data: as in `rejected_events.raw_data`.
        formats: by which other rows of the same origin were read.
    """
    try:
        payload = loads(raw_data)
    except Rejected:
        return frozenset(_unmistakable(tokens(raw_data)))
    if not isinstance(payload, Mapping):
        return frozenset(_unmistakable(tokens(raw_data)))
    return frozenset(_in_platform(payload)) or frozenset(_in_row(payload, formats))


def _in_platform(payload: Mapping[str, Any]) -> Iterator[SourcedIdentifier]:
    for fields in _FIELDS.values():
        if fields.marks.isdisjoint(payload):
            continue
        kind = payload.get("kind")
        found = set(_walk(payload, fields, "content" if kind is None or kind in _WITH_AN_ID else ""))
        names_user = any(kind == "user" for kind, _ in found)
        for kind, value in found:
            yield SourcedIdentifier(fields.source, kind, value)
            if not names_user:
                yield SourcedIdentifier(fields.source, "user", value)


def _in_row(row: Mapping[str, Any], formats: Collection[str]) -> Iterator[SourcedIdentifier]:
    for format in formats:
        try:
            event = _parsed(format, row)
        except Rejected:
            continue
        for item in own_identifiers(event) | context_identifiers(event.source, event.context):
            yield SourcedIdentifier(event.source, *item)
    yield from _unmistakable({value for cell in row.values() if (value := identifier(cell)) is not None})


def _parsed(format: str, row: Mapping[str, Any]) -> Event:
    if format.startswith(COLUMNS_PREFIX):
        # Most rows are rejected for their time, which is not asked for here.
        column = ColumnMap.parse(format.removeprefix(COLUMNS_PREFIX)).columns["timestamp"]
        row = {**row, column: _ANY_TIME}
    return parser(format)(row)


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


def _walk(value: Any, fields: _Fields, role: str) -> Iterator[Identifier]:
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, fields, role)
    elif isinstance(value, Mapping):
        yield from _own(value, fields, role)
        for key, inner in value.items():
            # A number that was once a float has lost digits, which the text beside it has kept.
            if value.get(f"{key}_str"):
                continue
            if key in fields.users:
                yield from _ids("user", inner)
            elif key in fields.posts:
                yield from _ids("content", inner)
            if key in fields.people:
                yield from _bare("user", inner)
                yield from _walk(inner, fields, "user")
            elif key in fields.contents:
                yield from _bare("content", inner)
                yield from _walk(inner, fields, "content")
            else:
                yield from _walk(inner, fields, "")


def _own(value: Mapping[str, Any], fields: _Fields, role: str) -> Iterator[Identifier]:
    keys = fields.person_ids if role == "user" else fields.content_ids if role == "content" else ()
    found = next((own for key in keys if (own := identifier(value.get(key)))), None)
    if found is not None:
        yield Identifier("user" if role == "user" else "content", found)


def _bare(kind: Kind, value: Any) -> Iterator[Identifier]:
    items = value if isinstance(value, list) else [value]
    yield from (Identifier(kind, found) for item in items if (found := identifier(item)))


def _ids(kind: Kind, value: Any) -> Iterator[Identifier]:
    for found in _bare(kind, value):
        yield found
        if kind == "content" and (author := _AUTHOR.match(found.value)):
            yield Identifier("user", author[1])
