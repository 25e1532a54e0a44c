"""Near copies: posts whose texts are nearly the same as others of the last 24 hours, so that a campaign counts once.

Texts are compared by the Jaccard similarity of their runs of five characters, estimated by MinHash (Broder, "On the
resemblance and containment of documents", 1997; rensa's R-MinHash) and found by locality-sensitive hashing (Leskovec,
Rajaraman and Ullman, "Mining of massive datasets", ch. 3): 16 bands of 4 find 99 % of the pairs at the threshold.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl
from rensa import RMinHash

from trend_assets.lake.tables import NEAR_COPIES

#: Columns of events that are read.
EVENT_COLUMNS = ("id", "hour", "timestamp", "source", "event_type", "user_id", "text", "topics")
#: Similarity from which texts are near copies.
SIMILAR = 0.7
#: Seconds for which a text is remembered.
REMEMBERED = 24 * 3600
#: A shorter text is a greeting, not a copy.
SHORTEST = 20

# Passing a text on is what these are for: equal texts are no sign of copy and paste.
_COPIES_BY_NATURE = frozenset({"retweet", "trending", "trend", "interest"})
_PASSED_ON = re.compile(r"\W*rt @", re.IGNORECASE)
_LINK_OR_MENTION = re.compile(r"https?://\S+|@\w+")
_RUN = 5
_BANDS, _ROWS = 16, 4
_SEED = 7
_READ_AT_MOST = 1_000
_FACTOR = np.uint64(0x9E3779B97F4A7C15)

Signatures = npt.NDArray[np.uint32]


def copy_key(text: str, event_type: str, topics: Sequence[str]) -> str | None:
    """What of a text is compared: without links, mentions, case and white space; None where nothing is.

    Short texts are greetings, reposts and charts repeat by nature, and a text that only names its topic was not
    written.
    """
    if len(text) < SHORTEST or event_type in _COPIES_BY_NATURE or text in topics or _PASSED_ON.match(text):
        return None
    key = " ".join(_LINK_OR_MENTION.sub(" ", text[:_READ_AT_MOST]).casefold().split())
    return key if len(key) >= SHORTEST else None


def signatures(keys: Sequence[str]) -> Signatures:
    """MinHash signatures, shape (n, 64)."""
    if not keys:
        return np.empty((0, _BANDS * _ROWS), np.uint32)
    runs = [[key[at : at + _RUN] for at in range(len(key) - _RUN + 1)] for key in keys]
    return np.array(RMinHash.digests_from_token_sets(runs, _BANDS * _ROWS, _SEED), np.uint32)


@dataclass(slots=True)
class _Post:
    at: float
    user: str
    topics: tuple[str, ...]


@dataclass(slots=True)
class _Group:
    """Near copies of one text, the latest ones, who wrote how many, and when each of their topics last counted."""

    name: str
    posts: deque[_Post] = field(default_factory=deque)
    users: Counter[str] = field(default_factory=Counter)
    counted: dict[str, float] = field(default_factory=dict)

    def add(self, post: _Post) -> None:
        """Takes in a post; none is earlier than those before."""
        self.posts.append(post)
        self.users[post.user] += 1

    def drop(self, until: float) -> None:
        """Drops posts until a moment."""
        while self.posts[0].at <= until:
            gone = self.posts.popleft().user
            self.users[gone] -= 1
            if not self.users[gone]:
                del self.users[gone]


@dataclass(frozen=True, slots=True)
class Copy:
    """A near copy of an earlier post.

    Attributes:
        group: names the campaign: that of the post most like it.
        copies: how many posts of the group there were in the last 24 hours, this one among them.
        users: how many users wrote them.
        repeated: those of its topics that another post of the group has counted for in the last 24 hours.
    """

    group: str
    copies: int
    users: int
    repeated: tuple[str, ...]


class CopyFinder:
    """Places posts, in order of time, beside those of the 24 hours before that are nearly the same."""

    def __init__(self) -> None:
        self._signatures: list[npt.NDArray[np.uint32]] = []
        self._at: list[float] = []
        self._group: list[_Group] = []
        self._bands: list[dict[int, int]] = [{} for _ in range(_BANDS)]
        self._groups: dict[str, _Group] = {}

    def add(self, signature: npt.NDArray[np.uint32], bands: Sequence[int], post: _Post, name: str) -> Copy | None:
        """What the next post is a near copy of, if of any; `name` names the group that it begins otherwise."""
        found = self._most_similar(signature, bands, post.at)
        group = self._group_named(name) if found is None else found
        copy = self._join(group, post)
        self._remember(signature, bands, post.at, group)
        return copy if copy.copies > 1 else None

    def remind(
        self, signature: npt.NDArray[np.uint32], bands: Sequence[int], post: _Post, name: str, repeated: Iterable[str]
    ) -> None:
        """Takes in a post that was placed before: in the group of this name, without counting what it repeated."""
        group = self._group_named(name)
        group.add(post)
        known = set(repeated)
        group.counted.update({topic: post.at for topic in post.topics if topic not in known})
        self._remember(signature, bands, post.at, group)

    def forget(self, now: float) -> None:
        """Drops what is older than a day: memory stays that of a day's texts."""
        old = int(np.searchsorted(self._at, now - REMEMBERED))
        if old < len(self._at) // 2:
            return
        del self._signatures[:old], self._at[:old], self._group[:old]
        self._bands = [{key: at - old for key, at in band.items() if at >= old} for band in self._bands]
        self._groups = {group.name: group for group in self._group}

    def _most_similar(self, signature: npt.NDArray[np.uint32], bands: Sequence[int], now: float) -> _Group | None:
        candidates = {at for band, key in zip(self._bands, bands, strict=True) if (at := band.get(key)) is not None}
        recent = sorted((at for at in candidates if self._at[at] > now - REMEMBERED), reverse=True)
        if not recent:
            return None
        alike = (np.array([self._signatures[at] for at in recent]) == signature).mean(axis=1)
        best = int(alike.argmax())
        return self._group[recent[best]] if alike[best] >= SIMILAR else None

    def _group_named(self, name: str) -> _Group:
        return self._groups.setdefault(name, _Group(name))

    def _join(self, group: _Group, post: _Post) -> Copy:
        group.add(post)
        group.drop(post.at - REMEMBERED)
        repeated = tuple(topic for topic in post.topics if group.counted.get(topic, -np.inf) > post.at - REMEMBERED)
        group.counted.update({topic: post.at for topic in post.topics if topic not in repeated})
        return Copy(group.name, len(group.posts), len(group.users), repeated)

    def _remember(self, signature: npt.NDArray[np.uint32], bands: Sequence[int], at: float, group: _Group) -> None:
        for band, key in zip(self._bands, bands, strict=True):
            band[key] = len(self._at)
        self._signatures.append(signature)
        self._at.append(at)
        self._group.append(group)


def band_keys(found: Signatures) -> list[list[int]]:
    """For each signature one key a band, shape (n, 16)."""
    parts = found.reshape(len(found), _BANDS, _ROWS).astype(np.uint64)
    keys = parts[:, :, 0]
    for row in range(1, _ROWS):
        keys = keys * _FACTOR + parts[:, :, row]
    told: list[list[int]] = keys.tolist()
    return told


def users_of_copies(keys: Sequence[str | None], users: Sequence[str | None]) -> list[int]:
    """For each text, how many users wrote nearly the same among all of these; 0 where it is not known."""
    asked = [at for at, key in enumerate(keys) if key is not None and users[at] is not None]
    finder = CopyFinder()
    found = signatures([keys[at] or "" for at in asked])
    groups: dict[int, str] = {}
    members: dict[str, set[str]] = {}
    for at, signature, bands in zip(asked, found, band_keys(found), strict=True):
        user = users[at] or ""
        copy = finder.add(signature, bands, _Post(0.0, user, ()), str(at))
        groups[at] = str(at) if copy is None else copy.group
        members.setdefault(groups[at], set()).add(user)
    return [len(members[groups[at]]) if at in groups else 0 for at in range(len(keys))]


class CopyTable:
    """Rows of `NEAR_COPIES` from events in order of time.

    Args:
        count_once: whether repeated topics are noted; else all mentions count.
    """

    def __init__(self, count_once: bool = True) -> None:
        self._finder = CopyFinder()
        self._count_once = count_once

    def remind(self, events: pl.DataFrame, phrases: pl.DataFrame, placed: pl.DataFrame) -> None:
        """Takes in the day before, as it was placed.

        Args:
            events: columns `EVENT_COLUMNS`.
            phrases: rows of `TOPIC_PHRASES` of the same hours.
            placed: rows of `NEAR_COPIES` of the same hours.
        """
        groups = {row[0]: row[1:] for row in placed.select("event_id", "group_id", "repeated").iter_rows()}
        for identity, post, signature, bands in _read(events, phrases):
            group, repeated = groups.get(identity, (group_name(identity), ()))
            self._finder.remind(signature, bands, post, group, repeated)

    def place(self, events: pl.DataFrame, phrases: pl.DataFrame) -> pl.DataFrame:
        """Rows of `NEAR_COPIES` of later events, those that are near copies, in order of time.

        Args:
            events: columns `EVENT_COLUMNS`, of whole hours.
            phrases: rows of `TOPIC_PHRASES` of the same hours.
        """
        rows = []
        for hour in events.sort("timestamp", "id").partition_by("hour", maintain_order=True):
            for identity, post, signature, bands in _read(hour, phrases):
                copy = self._finder.add(signature, bands, post, group_name(identity))
                if copy is not None:
                    repeated = list(copy.repeated) if self._count_once else []
                    rows.append((identity, copy.group, copy.copies, copy.users, repeated))
            self._finder.forget(hour["timestamp"][-1].timestamp())
        named = ["event_id", "group_id", "copies", "users", "repeated"]
        found = pl.DataFrame(rows, schema={name: NEAR_COPIES.schema[name] for name in named}, orient="row")
        placed = found.join(events.select("hour", "timestamp", event_id="id"), on="event_id")
        return NEAR_COPIES.conform(placed.select(NEAR_COPIES.column_names).sort("timestamp", "event_id"))


def group_name(event_id: str) -> str:
    """BLAKE2b-64 of the event that a group begins with: its name says nothing of who wrote it."""
    return hashlib.blake2b(event_id.encode(), digest_size=8).hexdigest()


def _read(
    events: pl.DataFrame, phrases: pl.DataFrame
) -> Iterator[tuple[str, _Post, npt.NDArray[np.uint32], list[int]]]:
    """Posts that can be copies, in order of time."""
    said: dict[str, list[str]] = {}
    for event, topic in phrases.select("event_id", "topic").iter_rows():
        said.setdefault(event, []).append(topic)
    kept, keys = [], []
    for identity, at, source, event_type, user, text, topics in (
        events.sort("timestamp", "id").select(EVENT_COLUMNS).drop("hour").iter_rows()
    ):
        key = copy_key(text, event_type, topics)
        if key is not None:
            named = tuple(dict.fromkeys([*topics, *said.get(identity, ())]))
            kept.append((identity, _Post(at.timestamp(), "" if user is None else f"{source}:{user}", named)))
            keys.append(key)
    found = signatures(keys)
    for (identity, post), signature, bands in zip(kept, found, band_keys(found), strict=True):
        yield identity, post, signature, bands
