"""Candidate phrases of many texts at once: words, pairs of neighbours, names, quoted titles, watched phrases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trend_assets.enrichment.phrases.background import COMMON, PAIR_SHARE
from trend_assets.enrichment.phrases.vocabulary import (
    ALONE,
    CAPITAL,
    DIGITS,
    NAME_START,
    NUMBER,
    PARTICLE,
    STOP,
    Columns,
)

#: A name has at most so many words.
NAME_WORDS = 5
#: What stands between two words: they are neighbours; it ends in `#`; it ends in `$`.
NEAR, HASH, DOLLAR = 1, 2, 4

Bools = NDArray[np.bool_]
Indices = NDArray[np.int64]


class Tokens(NamedTuple):
    """The words of texts, one after the other.

    Attributes:
        words: what is known of each.
        gaps: `NEAR`, `HASH` and `DOLLAR` of what stands before each.
        posts: the text of each, ascending.
        lengths: of each text, in words.
        quoted: first word and number of words of what stands in quotation marks.
    """

    words: Columns
    gaps: NDArray[np.uint8]
    posts: NDArray[np.int32]
    lengths: Indices
    quoted: Sequence[tuple[int, int]]


class Candidates(NamedTuple):
    """Phrases of texts, sorted by key and text; a text has a phrase once, as it has it first.

    Attributes:
        keys: of the phrases.
        posts: the text.
        usual: the phrase's share of the words of ordinary texts.
        first, length: of its words; the first one counted from the text's beginning.
    """

    keys: NDArray[np.uint64]
    posts: NDArray[np.int32]
    usual: NDArray[np.float32]
    first: NDArray[np.int32]
    length: NDArray[np.int8]


def candidates(tokens: Tokens, watched: NDArray[np.uint64], lengths: Sequence[int]) -> Candidates:
    """The phrases in texts.

    Args:
        tokens: of the texts.
        watched: keys of phrases that are found however long or common they are, sorted.
        lengths: of the watched, in words.
    """
    words, flags = tokens.words, tokens.words.flags
    stop, number = (flags & STOP) > 0, (flags & NUMBER) > 0
    # A cashtag is what its source makes of it.
    single = ~stop & ~number & ((flags & ALONE) > 0) & (words.frequencies < COMMON) & ((tokens.gaps & DOLLAR) == 0)
    near = _near(tokens)
    rare = words.frequencies < COMMON
    capital = (flags & CAPITAL) > 0
    following = np.where(
        number[1:],
        capital[:-1] & ((flags[1:] & DIGITS) > 0),
        rare[:-1] | rare[1:] | (capital[:-1] & capital[1:]),
    )
    apart = words.hashes[:-1] != words.hashes[1:]
    pairs = near & following & apart & ~(stop | number)[:-1] & ~stop[1:]
    longer = [*_names(tokens, capital, near), *tokens.quoted]
    parts = [(np.flatnonzero(single), 1), (np.flatnonzero(pairs), 2)]
    parts += [
        (np.array([first for first, count in longer if count == length], np.int64), length)
        for length in sorted({count for _, count in longer})
    ]
    found = [_Part.of(tokens, _within(tokens, length), length).only(watched) for length in lengths]
    return _joined(tokens, [*found, *(_Part.of(tokens, first, count) for first, count in parts)])


def _near(tokens: Tokens) -> Bools:
    """Whether a word and the next one may be a phrase: not two hashtags, nor a cashtag and what is beside it."""
    gaps = tokens.gaps
    signs = gaps[:-1] | gaps[1:]
    tagged = (gaps[:-1] & gaps[1:] & HASH) > 0
    together = tokens.posts[:-1] == tokens.posts[1:]
    near: Bools = together & ((gaps[1:] & NEAR) > 0) & ((signs & DOLLAR) == 0) & ~tagged
    return near


class _Part(NamedTuple):
    keys: NDArray[np.uint64]
    first: Indices
    usual: NDArray[np.float64]
    length: int

    @classmethod
    def of(cls, tokens: Tokens, first: Indices, count: int) -> _Part:
        words = tokens.words
        hashes, usual = words.hashes[first], words.frequencies[first]
        for step in range(1, count):
            hashes = hashes * words.powers[first + step] + words.hashes[first + step]
            usual = np.minimum(usual, words.frequencies[first + step])
        return cls(_mixed(hashes), first, usual * (PAIR_SHARE if count > 1 else 1.0), count)

    def only(self, watched: NDArray[np.uint64]) -> _Part:
        kept = np.isin(self.keys, watched)
        return _Part(self.keys[kept], self.first[kept], np.zeros(int(kept.sum())), self.length)


def _joined(tokens: Tokens, parts: list[_Part]) -> Candidates:
    keys = np.concatenate([part.keys for part in parts])
    first = np.concatenate([part.first for part in parts])
    usual = np.concatenate([part.usual for part in parts])
    count = np.repeat(np.array([part.length for part in parts], np.int8), [len(part.keys) for part in parts])
    posts = tokens.posts[first]
    order = np.lexsort((posts, keys))
    keys, posts = keys[order], posts[order]
    fresh = np.ones(len(keys), bool)
    fresh[1:] = (keys[1:] != keys[:-1]) | (posts[1:] != posts[:-1])
    kept = order[fresh]
    before = np.cumsum(tokens.lengths) - tokens.lengths
    first -= before[tokens.posts[first]]
    return Candidates(
        keys[fresh], posts[fresh], usual[kept].astype(np.float32), first[kept].astype(np.int32), count[kept]
    )


def _within(tokens: Tokens, length: int) -> Indices:
    """Where so many words begin that stand in one text."""
    starts = np.arange(max(len(tokens.posts) - length + 1, 0))
    begun: Indices = starts[tokens.posts[starts] == tokens.posts[starts + length - 1]]
    return begun


def _names(tokens: Tokens, capital: Bools, near: Bools) -> Iterator[tuple[int, int]]:
    """First word and number of words of runs of capitalised words; particles may stand between them."""
    flags, posts = tokens.words.flags, tokens.posts
    capitals = np.bincount(posts, capital, len(tokens.lengths))
    # Where most words are capitalised, as in headlines, capitals tell no name.
    told = (2 * capitals <= tokens.lengths) | (tokens.lengths <= NAME_WORDS)
    stop = (flags & STOP) > 0
    plain = ~stop[:-1] & told[posts[:-1]] & near
    linked = (tokens.gaps[1:] & NEAR > 0) & (posts[:-1] == posts[1:])
    begins = capital[:-1] & (plain | (stop[:-1] & ((flags[:-1] & NAME_START) > 0)))
    starts = np.flatnonzero(begins & linked & (((flags[1:] & PARTICLE) > 0) | capital[1:]))
    if not len(starts):
        return
    run = _Run(capital.tolist(), stop.tolist(), (flags & PARTICLE > 0).tolist(), [*linked.tolist(), False])
    named = 0
    for start in starts.tolist():
        if start < named:
            continue
        named = run.end(start)
        if named > start + (1 if run.stop[start] else 2):
            yield start, named - start


class _Run(NamedTuple):
    capital: list[bool]
    stop: list[bool]
    particle: list[bool]
    #: Whether the word and the next one are neighbours.
    linked: list[bool]

    def end(self, start: int) -> int:
        """Where the run of capitalised words ends that begins at `start`."""
        end = at = start + 1
        while at - start < NAME_WORDS and self.linked[at - 1]:
            if self.capital[at]:
                end = at + 1
            elif not self.particle[at]:
                break
            at += 1
        while self.stop[end - 1] and end > start + 1:
            end -= 1
        return end


def _mixed(total: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """As `background.mixed`."""
    total = (total ^ (total >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    total = (total ^ (total >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return total ^ (total >> np.uint64(31))
