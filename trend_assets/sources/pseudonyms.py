"""Pseudonymization: user ids, names and profiles in payloads become keyed hashes; counts, times and texts stay.

What is replaced: ids and handles of authors, of those who are named, answered or repeated, and `@name` in
texts. What is dropped: display names, self-descriptions, pictures, homes and addresses of profiles. What
somebody writes about a person without naming a handle cannot be seen and stays.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from trend_assets.sources.archive.column_map import ColumnMap, ColumnMapError
from trend_assets.sources.event import Rejected
from trend_assets.sources.wire.values import dumps, loads

_SIZE = 16
#: Keys of a person's id, of a handle, and of what describes a person, by any platform.
_USER_ID = re.compile(
    r"^(author_id|user_id|user_id_str|in_reply_to_user_id|in_reply_to_user_id_str|original_user_id|channelId"
    r"|in_reply_to_account_id|did|contributors|author_fullname|forwarded_from_id)$"
)
_HANDLE = re.compile(
    r"^(screen_name|in_reply_to_screen_name|username|acct|handle|from|forwarded_from|post_author|author_username"
    r"|author_forwarded_from_\w+|retweeted_user|quoted_user|replied_user)$"
)
#: Keys of whom an event is of, where its platform names people by names.
_OWN = re.compile(r"^(author|by|from|from_id|username|uniqueId|unique_id|author_id|author_trip|Channel ID)$")
_PROFILE = re.compile(
    r"^(name|description|displayName|display_name|note|location|avatar\w*|header\w*|profile_\w+|authorDisplayName"
    r"|authorProfileImageUrl|authorChannelUrl|channelTitle|pinned_tweet_id|fields|status|labels|associated|url"
    r"|nickname|full_name|fullname|signature|discriminator|color|roles|pk|pk_id|first_name|last_name|phone"
    r"|author_flair_\w+|author_(?:full|fullname|name|avatar_url|banner_url)|_highlightResult|_tags|subtitles)$"
)
#: Keys under which a person is an object of its own.
_PERSON = re.compile(
    r"^(user|users|author|account|mentions|user_mentions|authorChannelId|contributors|owner|user_results|_sender|by)$"
)
_PERSON_ID = re.compile(r"^(id|id_str|value|rest_id|uid)$")
#: Networks whose users and posts are addresses.
_BY_ADDRESS = frozenset({"mastodon", "gab", "truth_social"})
#: A channel of Telegram is no person.
_CHANNEL = re.compile(r"channel\d+")
#: Outside of a person these are a place's, a tag's or a link's.
_ALSO_OTHER_THINGS = frozenset({"name", "description", "location", "url", "status", "fields", "labels", "note"})
_TEXT = re.compile(
    r"^(text|full_text|content|textDisplay|textOriginal|spoiler_text|title|description|video_description|body|selftext"
    r"|desc|message|caption|comment_text|story_text|Comment Text)$"
)
_MENTION = re.compile(r"(?<![\w@/.])@(<span>)?(\w[\w.-]*(?:@[\w.-]+\w)?)")
_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]+")
_ACCOUNT = re.compile(r"(https?://[^/\s]+/(?:users/|@))([^/\s\"<>]+)")


class Pseudonyms:
    """Gives every user of a source a name that only the key's holder can link to the id.

    Args:
        key: the secret; the same key gives the same names.
    """

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.blake2b(key, digest_size=32, person=b"pseudonym").digest()

    def user(self, source: str, user_id: str) -> str:
        """The hash of a user's id, 32 hex digits; of a network address or DID, in its form."""
        if match := _DID.fullmatch(user_id):
            return f"did:hash:{self._hash(source, match[0])}"
        if match := _ACCOUNT.fullmatch(user_id):
            return match[1] + self._hash(source, match[2].casefold())
        if source == "telegram" and _CHANNEL.fullmatch(user_id):
            return user_id
        return self._hash(source, user_id)

    def handle(self, source: str, name: str) -> str:
        """The hash of a screen name; its case does not count."""
        return self._hash(source, name.removeprefix("@").casefold())

    def content(self, source: str, content_id: str) -> str:
        """A content's id, in which the user is hashed where the platform writes the user into it."""
        return self.addresses(source, content_id)

    def payload(self, source: str, raw_data: str, user_id: str | None = None) -> str:
        """A payload of a platform with every user in it replaced.

        Args:
            source: the platform.
            raw_data: the payload, JSON text.
            user_id: whom its event is of: where a platform names people by names, the name is the id.

        Raises:
            Rejected: it is not JSON.
        """
        return dumps(_Replacing(self, source, user_id).object(loads(raw_data), person=False))

    def row(self, source: str, raw_data: str, user_id: str | None, format: str = "") -> str:
        """A row of a community's own table: every value that is the user's id is replaced, its text is kept.

        Args:
            source: the row's source.
            raw_data: the row, JSON text.
            user_id: the user's id as the row's event has it.
            format: the row's format: by its column map the id may be made of a column's value, within a namespace.
        """
        if user_id is None:
            return raw_data
        try:
            values = loads(raw_data)
        except Rejected:
            return raw_data
        columns, hashed = _user_columns(format), self.user(source, user_id)
        ids = {user_id, *(str(values[name]) for name in columns if len(columns) == 1 and name in values)}
        return dumps(_renamed(values, "", columns, ids, hashed))

    def _hash(self, source: str, value: str) -> str:
        return hashlib.blake2b(f"{source}:{value}".encode(), digest_size=_SIZE, key=self._key).hexdigest()

    def addresses(self, source: str, text: str) -> str:
        """A text with the users replaced whom addresses in it name."""
        if "did:" in text:
            text = _DID.sub(lambda found: self.user(source, found[0]), text)
        if source in _BY_ADDRESS and "://" in text:
            text = _ACCOUNT.sub(lambda found: found[1] + self._hash(source, found[2].casefold()), text)
        return text

    def mentions(self, source: str, text: str) -> str:
        """A text with the users replaced whom it names as ``@name``."""
        return _MENTION.sub(
            lambda found: f"@{found[1] or ''}{self.handle(source, found[2].rstrip('.-'))}{_tail(found[2])}", text
        )


class _Replacing:
    """Goes through one payload."""

    def __init__(self, names: Pseudonyms, source: str, user_id: str | None) -> None:
        self._names, self._source, self._user_id = names, source, user_id

    def object(self, value: Any, person: bool, key: str = "") -> Any:
        """A JSON value as it may be kept."""
        if isinstance(value, Mapping):
            return {
                name: self.object(inner, person or bool(_PERSON.match(name)), name)
                for name, inner in value.items()
                if not _describes(self._source, name, person)
            }
        if isinstance(value, list):
            return [self.object(inner, person, key) for inner in value]
        return self._scalar(value, person, key)

    def _scalar(self, value: Any, person: bool, key: str) -> Any:
        if value is None or isinstance(value, bool | float):
            return value
        if _OWN.match(key) and self._user_id in (str(value), f"user{value}"):
            return self._names.user(self._source, self._user_id or "")
        if _USER_ID.match(key) or (person and _PERSON_ID.match(key)):
            return self._names.user(self._source, self._as_named(key, value))
        if isinstance(value, int):
            return value
        if _HANDLE.match(key):
            return self._names.handle(self._source, value)
        named = self._names.addresses(self._source, value)
        return self._names.mentions(self._source, named) if _TEXT.match(key) else named

    def _as_named(self, key: str, value: Any) -> str:
        """A user's id as events name it: of Telegram's numbers, the kind stands before it."""
        is_number = self._source == "telegram" and str(value).isdigit()
        return f"user{value}" if is_number else str(value)


@lru_cache(maxsize=64)
def _user_columns(format: str) -> frozenset[str]:
    try:
        return ColumnMap.parse(format.partition(":")[2]).user_columns
    except ColumnMapError:
        return frozenset()


def _renamed(
    row: Mapping[str, Any], prefix: str, columns: Collection[str], ids: Collection[str], hashed: str
) -> dict[str, Any]:
    """The row with ``hashed`` in the user's columns, those within objects, too, and in the place of ids beside them."""
    renamed = {}
    for key, value in row.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            value = _renamed(value, f"{name}.", columns, (), hashed)
        elif value is not None and (name in columns or str(value) in ids):
            value = hashed
        renamed[key] = value
    return renamed


def _describes(source: str, key: str, person: bool) -> bool:
    """Whether a key's value tells who somebody is, beside the id."""
    if source in _BY_ADDRESS and key == "url":
        # The network's own id of an account.
        return False
    return bool(_PROFILE.match(key)) and (person or key not in _ALSO_OTHER_THINGS)


def _tail(name: str) -> str:
    """Punctuation behind a name, which is no part of it."""
    return name[len(name.rstrip(".-")) :]
