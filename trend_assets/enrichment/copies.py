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
from datetime import timedelta
from itertools import accumulate, chain

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
_DAY = timedelta(seconds=REMEMBERED)
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
# Their runs stay in the processor's caches: of ten thousand texts at once each would take twice as long.
_HASHED_AT_ONCE = 200
_READ_AT_ONCE = 10_000

Signatures = npt.NDArray[np.uint32]
Bands = npt.NDArray[np.uint64]


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
    """MinHash signatures of what `copy_key` returns, shape (n, 64)."""
    found = np.empty((len(keys), _BANDS * _ROWS), np.uint32)
    for at in range(0, len(keys), _HASHED_AT_ONCE):
        some = _runs(keys[at : at + _HASHED_AT_ONCE])
        found[at : at + len(some)] = RMinHash.digests_from_token_sets(some, _BANDS * _ROWS, _SEED)
    return found


def _runs(keys: Sequence[str]) -> list[list[str]]:
    """The runs of five characters of each key, none of which is shorter."""
    text = "".join(keys)
    if "\0" in text:
        # NumPy takes NUL for the end of a string.
        return [[key[at : at + _RUN] for at in range(len(key) - _RUN + 1)] for key in keys]
    # Overlapping views of one buffer become strings twice as fast as slices.
    every = np.ndarray((len(text) - _RUN + 1,), f"<U{_RUN}", text.encode("utf-32-le"), strides=(4,)).tolist()
    ends = accumulate(map(len, keys))
    return [every[end - len(key) : end - _RUN + 1] for key, end in zip(keys, ends, strict=True)]


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
        self._latest: dict[int, int] = {}
        self._groups: dict[str, _Group] = {}

    def add(self, signature: npt.NDArray[np.uint32], bands: Sequence[int], post: _Post, name: str) -> Copy | None:
        """What the next post is a near copy of, if of any; `name` names the group that it begins otherwise."""
        found = self._most_similar(signature, bands, post.at)
        group = self._group_named(name) if found is None else found
        copy = self._join(group, post)
        self._know(signature, bands, post.at, group)
        return copy if copy.copies > 1 else None

    def count(self, post: _Post, name: str, repeated: Iterable[str]) -> None:
        """Takes a post that was placed before into the group of this name, without counting what it repeated."""
        group = self._group_named(name)
        group.add(post)
        known = set(repeated)
        group.counted.update({topic: post.at for topic in post.topics if topic not in known})

    def know(self, signature: npt.NDArray[np.uint32], bands: Sequence[int], at: float, name: str) -> None:
        """Takes in the text of a post that was placed before: posts of these bands can be copies of it."""
        self._know(signature, bands, at, self._group_named(name))

    def forget(self, now: float) -> None:
        """Drops what is older than a day: memory stays that of a day's texts."""
        old = int(np.searchsorted(self._at, now - REMEMBERED))
        if old < len(self._at) // 2:
            return
        del self._signatures[:old], self._at[:old], self._group[:old]
        self._latest = {key: at - old for key, at in self._latest.items() if at >= old}
        self._groups = {group.name: group for group in self._group}

    def _most_similar(self, signature: npt.NDArray[np.uint32], bands: Sequence[int], now: float) -> _Group | None:
        candidates = {at for key in bands if (at := self._latest.get(key)) is not None}
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

    def _know(self, signature: npt.NDArray[np.uint32], bands: Sequence[int], at: float, group: _Group) -> None:
        self._latest.update(dict.fromkeys(bands, len(self._at)))
        self._signatures.append(signature)
        self._at.append(at)
        self._group.append(group)


def band_keys(found: Signatures) -> Bands:
    """For each signature one key a band, shape (n, 16); no two bands share one."""
    parts = found.reshape(len(found), _BANDS, _ROWS).astype(np.uint64)
    keys: Bands = np.broadcast_to(np.arange(_BANDS, dtype=np.uint64), (len(found), _BANDS))
    for row in range(_ROWS):
        keys = keys * _FACTOR + parts[:, :, row]
    return keys


def users_of_copies(keys: Sequence[str | None], users: Sequence[str | None]) -> list[int]:
    """For each text, how many users wrote nearly the same among all of these; 0 where it is not known."""
    asked = [at for at, key in enumerate(keys) if key is not None and users[at] is not None]
    finder = CopyFinder()
    found = signatures([keys[at] or "" for at in asked])
    groups: dict[int, str] = {}
    members: dict[str, set[str]] = {}
    for at, signature, bands in zip(asked, found, band_keys(found).tolist(), strict=True):
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
        self._before: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame] | None = None

    def remind(self, events: pl.DataFrame, phrases: pl.DataFrame, placed: pl.DataFrame) -> None:
        """Takes in the day before, as it was placed.

        Args:
            events: columns `EVENT_COLUMNS`.
            phrases: rows of `TOPIC_PHRASES` of the same hours.
            placed: rows of `NEAR_COPIES` of the same hours.
        """
        self._before = events, phrases, placed

    def place(self, events: pl.DataFrame, phrases: pl.DataFrame) -> pl.DataFrame:
        """Rows of `NEAR_COPIES` of later events, those that are near copies, in order of time.

        Args:
            events: columns `EVENT_COLUMNS`, of whole hours.
            phrases: rows of `TOPIC_PHRASES` of the same hours.
        """
        rows = []
        parts = _parts(_named(events, phrases))
        begins = [part["timestamp"][0] for part in parts]
        first = [_read(part) for part in parts[: sum(at < begins[0] + _DAY for at in begins)]]
        self._recall(first)
        for part, texts in zip(parts, chain(first, map(_read, parts[len(first) :])), strict=True):
            for (identity, post), signature, bands in zip(_posts(texts.events), *texts.compared(), strict=True):
                copy = self._finder.add(signature, bands, post, group_name(identity))
                if copy is not None:
                    repeated = list(copy.repeated) if self._count_once else []
                    rows.append((identity, copy.group, copy.copies, copy.users, repeated))
            self._finder.forget(part["timestamp"][-1].timestamp())
        named = ["event_id", "group_id", "copies", "users", "repeated"]
        found = pl.DataFrame(rows, schema={name: NEAR_COPIES.schema[name] for name in named}, orient="row")
        placed = found.join(events.select("hour", "timestamp", event_id="id"), on="event_id")
        return NEAR_COPIES.conform(placed.select(NEAR_COPIES.column_names).sort("timestamp", "event_id"))

    def _recall(self, coming: Sequence[_Texts]) -> None:
        """Of the day before, takes in the posts that the coming ones are like, and the groups of those."""
        if self._before is None or self._before[0].is_empty() or not coming:
            return
        events, phrases, placed = self._before
        every, latest = _search(_parts(events), pl.Series(np.concatenate([texts.bands.ravel() for texts in coming])))
        like = latest.alike(coming)
        groups = placed.select("group_id", "repeated", id="event_id")
        old = every.join(groups, on="id", how="left", maintain_order="left")
        names = [group or group_name(identity) for identity, group in old.select("id", "group_id").iter_rows()]
        # A post that has moved to a later hour may have begun a group of the day before.
        begun = {group_name(identity) for texts in coming for identity in texts.events["id"]}
        met = begun.union(name for identity, name in zip(old["id"], names, strict=True) if identity in like)
        members = old.with_columns(group_id=pl.Series(names, dtype=pl.String)).filter(pl.col("group_id").is_in(met))
        told = members.select("group_id", pl.col("repeated").fill_null([])).iter_rows()
        for (identity, post), (group, repeated) in zip(_posts(_named(members, phrases)), told, strict=True):
            self._finder.count(post, group, repeated)
            if identity in like:
                self._finder.know(*like[identity], post.at, group)


def group_name(event_id: str) -> str:
    """BLAKE2b-64 of the event that a group begins with: its name says nothing of who wrote it."""
    return hashlib.blake2b(event_id.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class _Texts:
    """Posts that can be copies, in order of time, and what of their texts is compared."""

    events: pl.DataFrame
    signatures: Signatures
    bands: Bands

    def compared(self) -> tuple[Signatures, list[list[int]]]:
        """What is compared, post by post."""
        return self.signatures, self.bands.tolist()


@dataclass(frozen=True, slots=True)
class _Latest:
    """Of each key of a band, in their order, the latest post that has it."""

    keys: npt.NDArray[np.uint64]
    ids: Sequence[str]
    signatures: Signatures

    def alike(self, coming: Sequence[_Texts]) -> dict[str, tuple[npt.NDArray[np.uint32], list[int]]]:
        """By its id, the signature of each that a coming post is like, and the keys by which that is found."""
        if not self.ids:
            return {}
        like = np.zeros(len(self.ids), bool)
        for texts in coming:
            places = np.searchsorted(self.keys, texts.bands) % len(self.keys)
            for at, keys in zip(places.T, texts.bands.T, strict=True):
                same = np.flatnonzero(self.keys[at] == keys)
                alike = (self.signatures[at[same]] == texts.signatures[same]).mean(axis=1) >= SIMILAR
                like[at[same[alike]]] = True
        found: dict[str, tuple[npt.NDArray[np.uint32], list[int]]] = {}
        for at in np.flatnonzero(like).tolist():
            found.setdefault(self.ids[at], (self.signatures[at], []))[1].append(int(self.keys[at]))
        return found


def _search(parts: Sequence[pl.DataFrame], keys: pl.Series) -> tuple[pl.DataFrame, _Latest]:
    """All posts of these parts that can be copies and, of the keys, the latest post that has each."""
    every, found, hashed = [], [], []
    for part in reversed(parts):
        texts = _read(part)
        every.append(texts.events.drop("text"))
        rows = pl.DataFrame({"key": texts.bands.ravel(), "row": np.repeat(np.arange(len(texts.bands)), _BANDS)})
        rows = rows.filter(pl.col("key").is_in(keys.implode())).unique("key", keep="last", maintain_order=True)
        found.append(rows.select("key", id=texts.events["id"].gather(rows["row"])))
        hashed.append(texts.signatures[rows["row"].to_numpy()])
        keys = keys.filter(~keys.is_in(rows["key"].implode()))
    latest = pl.concat(found)
    order = latest["key"].arg_sort()
    latest = latest[order]
    signed = np.concatenate(hashed)[order.to_numpy()]
    return pl.concat(reversed(every)), _Latest(latest["key"].to_numpy(), latest["id"].to_list(), signed)


def _parts(events: pl.DataFrame) -> list[pl.DataFrame]:
    """In order of time, as many at once as memory need hold."""
    return list(events.sort("timestamp", "id").iter_slices(_READ_AT_ONCE)) if events.height else []


def _read(events: pl.DataFrame) -> _Texts:
    keys = [copy_key(*row) for row in events.select("text", "event_type", "topics").iter_rows()]
    found = signatures([key for key in keys if key is not None])
    return _Texts(events.filter([key is not None for key in keys]), found, band_keys(found))


def _named(events: pl.DataFrame, phrases: pl.DataFrame) -> pl.DataFrame:
    """Events with all of their topics in `named`, those of phrases last."""
    said = phrases.group_by(id="event_id", maintain_order=True).agg(said="topic")
    every = pl.concat_list("topics", pl.col("said").fill_null([])).list.unique(maintain_order=True)
    return events.join(said, on="id", how="left", maintain_order="left").with_columns(named=every).drop("said")


def _posts(events: pl.DataFrame) -> Iterator[tuple[str, _Post]]:
    user = pl.concat_str("source", pl.lit(":"), "user_id").fill_null("")
    at = pl.col("timestamp").dt.epoch("us") / 1_000_000
    for identity, moment, name, topics in events.select("id", at, user.alias("user"), "named").iter_rows():
        yield identity, _Post(moment, name, tuple(topics))
