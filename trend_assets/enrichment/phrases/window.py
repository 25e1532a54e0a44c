"""The sliding window of 24 hours: phrases with their users and posts. No more is held in memory."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import polars as pl
import xxhash
from numpy.typing import NDArray

from trend_assets.enrichment.phrases.significance import Floats, Keys
from trend_assets.enrichment.phrases.words import Extractor, plain_words

HOURS = 24
#: Texts are one wording where so many letters at their beginning agree, without tags and numbers.
_WORDING_LETTERS = 50
_TAG = re.compile(r"[#$\uff03]\w+")
_NO_KEYS = np.empty(0, np.uint64)


@dataclass(slots=True)
class Hour:
    """One hour's posts. `keys`, `posts` and `usual` hold one phrase of one post, sorted by key.

    Attributes:
        number: hours since 1970.
        keys, posts, usual: the phrase, the post's number in the hour, the phrase's share of ordinary words.
        users, wordings, texts, languages, tags: of each post.
        words: in all posts.
        tagged: posts of each tag.
        taggers: tags and who used them.
    """

    number: int
    keys: Keys
    posts: NDArray[np.int32]
    usual: NDArray[np.float32]
    users: Keys
    wordings: Keys
    texts: list[str]
    languages: list[str | None]
    tags: list[list[str]]
    words: int
    tagged: Counter[str] = field(default_factory=Counter)
    taggers: set[tuple[str, int]] = field(default_factory=set)
    distinct: Keys = field(default_factory=lambda: _NO_KEYS)
    said_by: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    @classmethod
    def of(cls, number: int, events: pl.DataFrame, extractor: Extractor) -> Hour:
        """An hour's rows of `EVENTS`."""
        keys: list[int] = []
        usual: list[float] = []
        taggers: set[tuple[str, int]] = set()
        lengths, users, wordings, texts, words = [], [], [], [], 0
        columns = ("source", "user_id", "text", "language", "topics")
        for source, user, text, language, tags in events.select(columns).iter_rows():
            plain = plain_words(text)
            found, count = extractor.find(plain, language)
            words += count
            texts.append(plain)
            lengths.append(len(found))
            keys += found
            usual += [phrase[0] for phrase in found.values()]
            # A source without users is one voice.
            users.append(_hash(f"{source}:{user or ''}"))
            taggers.update((tag, users[-1]) for tag in tags)
            wordings.append(_wording(plain))
        order = np.argsort(np.array(keys, np.uint64), kind="stable")
        posts = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)[order]
        hour = cls(
            number,
            np.array(keys, np.uint64)[order],
            posts,
            np.array(usual, np.float32)[order],
            np.array(users, np.uint64),
            np.array(wordings, np.uint64),
            texts,
            events["language"].to_list(),
            events["topics"].to_list(),
            words,
        )
        hour.tagged = Counter(tag for tags in hour.tags for tag in set(tags))
        hour.taggers = taggers
        hour.distinct, hour.said_by = distinct_counts(hour.keys, hour.users[posts])
        return hour


@dataclass(frozen=True, slots=True)
class Rows:
    """Phrases of posts of the window, sorted by key; `posts` numbers them through the window."""

    keys: Keys
    users: Keys
    wordings: Keys
    posts: NDArray[np.int64]
    usual: Floats


class Window:
    """The hours of a day, ended by the newest one."""

    def __init__(self) -> None:
        self.hours: deque[Hour] = deque()

    def add(self, hour: Hour) -> None:
        """Takes in the next hour, and lets go of those that are a day older."""
        self.hours.append(hour)
        while self.hours[0].number <= hour.number - HOURS:
            self.hours.popleft()

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

    def at_most(self, keys: Keys) -> NDArray[np.int64]:
        """A bound of each key's users: who says it in two hours counts twice."""
        total = np.zeros(len(keys), np.int64)
        for hour in self.hours:
            if len(hour.distinct):
                at = np.minimum(np.searchsorted(hour.distinct, keys), len(hour.distinct) - 1)
                total += np.where(hour.distinct[at] == keys, hour.said_by[at], 0)
        return total

    def rows(self, keys: Keys | None = None) -> Rows:
        """The rows of these keys (sorted), or all."""
        parts, before = [], 0
        for hour in self.hours:
            if keys is None:
                chosen: slice | NDArray[np.bool_] = slice(None)
            else:
                at = np.minimum(np.searchsorted(keys, hour.keys), max(len(keys) - 1, 0))
                chosen = keys[at] == hour.keys if len(keys) else np.zeros(len(hour.keys), bool)
            posts = hour.posts[chosen]
            parts.append(
                (hour.keys[chosen], hour.users[posts], hour.wordings[posts], posts.astype(np.int64) + before,
                 hour.usual[chosen])
            )  # fmt: skip
            before += len(hour.texts)
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        order = np.argsort(columns[0], kind="stable")
        return Rows(*(column[order] for column in columns))

    def post(self, number: int) -> tuple[str, str | None, list[str]]:
        """Text, language and tags of a post, by its number in `rows`."""
        for hour in self.hours:
            if number < len(hour.texts):
                return hour.texts[number], hour.languages[number], hour.tags[number]
            number -= len(hour.texts)
        raise IndexError(number)


def distinct_counts(keys: Keys, values: Keys) -> tuple[Keys, NDArray[np.int64]]:
    """Each key once, sorted, and how many different values it has."""
    if not len(keys):
        return _NO_KEYS, np.empty(0, np.int64)
    order = np.lexsort((values, keys))
    keys, values = keys[order], values[order]
    fresh = np.ones(len(keys), bool)
    fresh[1:] = (keys[1:] != keys[:-1]) | (values[1:] != values[:-1])
    return tuple(np.unique(keys[fresh], return_counts=True))  # type: ignore[return-value]


def known(keys: Iterable[int]) -> Keys:
    """Keys as a sorted array."""
    return np.array(sorted(keys), np.uint64)


def _wording(plain: str) -> int:
    letters = "".join(filter(str.isalpha, _TAG.sub("", plain[:400])))[:_WORDING_LETTERS]
    return _hash(letters.casefold())


def _hash(text: str) -> int:
    return xxhash.xxh3_64_intdigest(text.encode("utf-8", "replace"))
