"""The sliding window of 24 hours: phrases with their users and posts. No more is held in memory."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
import xxhash
from numpy.typing import NDArray

from trend_assets.enrichment.phrases.significance import Keys
from trend_assets.enrichment.phrases.words import Extractor, plain_words

HOURS = 24
#: Cells of the table that bounds how many say a phrase, a power of two.
_CELLS = 1 << 22
_SHIFT = np.uint64(64 - _CELLS.bit_length() + 1)
#: Texts are one wording where so many letters at their beginning agree, without tags and numbers.
_WORDING_LETTERS = 50
_TAG = re.compile(r"[#$\uff03]\w+")
_NO_LETTERS = re.compile(r"[\W\d_]+")

Counts = NDArray[np.int64]


@dataclass(slots=True)
class Hour:
    """One hour's posts, in the order of their users' hashes, and its phrases, by key.

    Attributes:
        number: hours since 1970.
        keys: of its phrases, each once, ascending.
        usual: of each, its share of the words of ordinary texts.
        lengths: of each, in words.
        said_by: of each, its users.
        bounds: of each and behind the last, where its posts begin in `posts`.
        posts: numbers of posts in this hour.
        rows: of each post, its row in the hour's events.
        users: of each post.
        wordings: of each post; 0 where it was not asked for.
        texts, languages: of each post.
        tags: of the posts that have some.
        words: in all posts.
        tagged: posts of each tag.
        taggers: tags and who used them.
    """

    number: int
    keys: Keys
    usual: NDArray[np.float32]
    lengths: NDArray[np.int8]
    said_by: NDArray[np.int32]
    bounds: NDArray[np.int32]
    posts: NDArray[np.int32]
    rows: NDArray[np.int32]
    users: Keys
    wordings: Keys
    texts: list[str]
    languages: list[str | None]
    tags: Mapping[int, tuple[str, ...]]
    words: int
    tagged: Counter[str]
    taggers: set[tuple[str, int]]

    @classmethod
    def of(cls, number: int, events: pl.DataFrame, extractor: Extractor) -> Hour:
        """An hour's rows of `EVENTS`."""
        # A source without users is one voice.
        names = zip(events["source"].to_list(), events["user_id"].to_list(), strict=True)
        users = np.array([_hash(f"{source}:{user or ''}") for source, user in names], np.uint64)
        rows = np.argsort(users, kind="stable").astype(np.int32)
        users = users[rows]
        texts = [plain_words(text) for text in events["text"].gather(rows).to_list()]
        languages = events["language"].gather(rows).to_list()
        tags = {
            post: tuple(dict.fromkeys(told))
            for post, told in enumerate(events["topics"].gather(rows).to_list())
            if told
        }
        found, words = extractor.find(texts, languages)
        fresh = np.ones(len(found.keys), bool)
        fresh[1:] = found.keys[1:] != found.keys[:-1]
        starts = np.flatnonzero(fresh)
        # Posts of one user stand together, so that another user begins where the user changes.
        by = users[found.posts]
        others = fresh.copy()
        others[1:] |= by[1:] != by[:-1]
        return cls(
            number,
            found.keys[starts],
            np.maximum.reduceat(found.usual, starts) if len(starts) else found.usual,
            found.length[starts],
            (np.add.reduceat(others, starts, dtype=np.int32) if len(starts) else np.empty(0, np.int32)),
            np.append(starts, len(found.keys)).astype(np.int32),
            found.posts,
            rows,
            users,
            np.zeros(len(users), np.uint64),
            texts,
            languages,
            tags,
            words,
            Counter(tag for told in tags.values() for tag in told),
            {(tag, int(users[post])) for post, told in tags.items() for tag in told},
        )

    def places(self, keys: Keys) -> tuple[Counts, NDArray[np.bool_]]:
        """Where keys stand in `keys`, and whether they do."""
        if not len(self.keys):
            return np.zeros(len(keys), np.int64), np.zeros(len(keys), bool)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return at, self.keys[at] == keys

    def spread(self, at: Counts) -> tuple[Counts, NDArray[np.int32]]:
        """The posts of the phrases at these places: which of the places, and the post."""
        begin, lengths = self.bounds[at].astype(np.int64), np.diff(self.bounds)[at]
        which = np.repeat(np.arange(len(at)), lengths)
        steps = np.arange(len(which)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return which, self.posts[begin[which] + steps]

    def wording(self, post: int) -> int:
        """What the texts have in common that are copies of each other."""
        if not self.wordings[post]:
            letters = _NO_LETTERS.sub("", _TAG.sub("", self.texts[post][:400]))[:_WORDING_LETTERS]
            self.wordings[post] = _hash(letters.casefold())
        return int(self.wordings[post])


@dataclass(frozen=True, slots=True)
class Rows:
    """Phrases of posts of the window, sorted by key; `posts` numbers them through the window."""

    keys: Keys
    users: Keys
    posts: NDArray[np.int64]

    def of(self, key: int) -> Counts:
        """The posts of one phrase."""
        start, end = np.searchsorted(self.keys, np.uint64(key)), np.searchsorted(self.keys, np.uint64(key), "right")
        return self.posts[start:end]


class Window:
    """The hours of a day, ended by the newest one."""

    def __init__(self) -> None:
        self.hours: deque[Hour] = deque()
        # Phrases that meet in a cell are counted together: it is a bound.
        self._bounds = np.zeros(_CELLS, np.int32)

    def add(self, hour: Hour) -> None:
        """Takes in the next hour, and lets go of those that are a day older."""
        self.hours.append(hour)
        np.add.at(self._bounds, _cells(hour.keys), hour.said_by)
        while self.hours[0].number <= hour.number - HOURS:
            gone = self.hours.popleft()
            np.subtract.at(self._bounds, _cells(gone.keys), gone.said_by)

    @property
    def words(self) -> int:
        """How many words were said."""
        return sum(hour.words for hour in self.hours)

    @property
    def posts(self) -> int:
        """How many posts there are."""
        return sum(len(hour.texts) for hour in self.hours)

    def tagged(self) -> Counter[str]:
        """Posts of each tag."""
        total: Counter[str] = Counter()
        for hour in self.hours:
            total.update(hour.tagged)
        return total

    def at_most(self, keys: Keys) -> Counts:
        """A bound of `said`, in a time that does not depend on the window."""
        return self._bounds[_cells(keys)].astype(np.int64)

    def said(self, keys: Keys) -> Counts:
        """Users who say each phrase: who says it in two hours counts twice."""
        total = np.zeros(len(keys), np.int64)
        for hour in self.hours:
            at, here = hour.places(keys)
            total[here] += hour.said_by[at[here]]
        return total

    def rows(self, keys: Keys) -> Rows:
        """The rows of these keys, which ascend."""
        parts, before = [(np.empty(0, np.int64), np.empty(0, np.uint64), np.empty(0, np.int64))], 0
        for hour in self.hours:
            at, here = hour.places(keys)
            chosen = np.flatnonzero(here)
            where, said_in = hour.spread(at[chosen])
            parts.append((chosen[where], hour.users[said_in], said_in.astype(np.int64) + before))
            before += len(hour.texts)
        which, users, posts = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.argsort(which, kind="stable")
        return Rows(keys[which[order]], users[order], posts[order])

    def post(self, number: int) -> tuple[Hour, int]:
        """The hour of a post and its number in it, by its number in `rows`."""
        for hour in self.hours:
            if number < len(hour.texts):
                return hour, number
            number -= len(hour.texts)
        raise IndexError(number)

    def tags(self, number: int) -> tuple[str, ...]:
        """The tags of a post, by its number in `rows`."""
        hour, post = self.post(number)
        return hour.tags.get(post, ())

    def wording(self, number: int) -> int:
        """What a post has in common with its copies, by its number in `rows`."""
        hour, post = self.post(number)
        return hour.wording(post)


def distinct_counts(keys: Keys, values: Keys) -> tuple[Keys, Counts]:
    """Each key once, sorted, and how many different values it has."""
    if not len(keys):
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    order = np.lexsort((values, keys))
    keys, values = keys[order], values[order]
    fresh = np.ones(len(keys), bool)
    fresh[1:] = (keys[1:] != keys[:-1]) | (values[1:] != values[:-1])
    found, counts = np.unique(keys[fresh], return_counts=True)
    return found, counts


def known(keys: Iterable[int]) -> Keys:
    """Keys as a sorted array."""
    return np.array(sorted(keys), np.uint64)


def _cells(keys: Keys) -> NDArray[np.int64]:
    return (keys >> _SHIFT).astype(np.int64)


def _hash(text: str) -> int:
    return xxhash.xxh3_64_intdigest(text.encode("utf-8", "replace"))
