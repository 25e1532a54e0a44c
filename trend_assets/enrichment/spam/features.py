"""Texts to hashed n-grams and hand-made features, for the spam model.

Three families of n-grams: words and their pairs; pairs and triples in which words stand for their class of the lexicon
(`check out my channel` and `visit our page` share them); characters, two to five, across words. They are hashed and
counted for a whole batch at once by numpy; what a text gets does not depend on its batch.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import regex
import xxhash

from trend_assets.enrichment.spam import cleaning

Keys = npt.NDArray[np.uint32]
Numbers = npt.NDArray[np.int64]

FAMILIES = ("words", "classes", "characters")
SHAPES = (
    *("length", "words", "addresses", "capitals", "digits", "exclamations", "questions"),
    *("distinct_words", "full_stops", "not_ascii", "mentions", "time"),
)
LEXICON_FILE = Path(__file__).with_name("lexicon.json")

_WORD = regex.compile(r"\w+(?:['\u2019]\w+)?|[^\w\s]")
_SHORTEST, _LONGEST = 2, 5
_SHAPE_SCALE, _CLASS_SCALE = 0.5, 0.15
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_KNOWN_WORDS = 1 << 17
_BEGIN, _END = "^", "$$"


class Grams(NamedTuple):
    """N-grams of one family: the number of the text, and the hash, of each occurrence."""

    text: Numbers
    key: Keys


@dataclass(frozen=True, slots=True)
class Features:
    """What is read from `n` texts.

    Attributes:
        grams: by family.
        words: single words with letters, as in the family of words: by them a text is known or not.
        dense: hand-made features, shape (n, columns), float32.
    """

    grams: dict[str, Grams]
    words: Grams
    dense: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Lexicon:
    """Classes of words, and which class after which word is a feature of its own (`my … channel`)."""

    classes: dict[str, tuple[str, ...]]
    first: frozenset[str]
    then: frozenset[str]
    within: int
    _hashes: dict[str, tuple[int, int, int, bool]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, text: str) -> Lexicon:
        """From the JSON of a lexicon file."""
        told = json.loads(text)
        near = told["near"]
        classes = {name: tuple(words) for name, words in told["classes"].items()}
        return cls(classes, frozenset(near["first"]), frozenset(near["classes"]), near["within"])

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the dense features."""
        return (*SHAPES, *self.classes, "near")

    @cached_property
    def first_hashes(self) -> npt.NDArray[np.uint64]:
        """Of the words that say whose the next one is."""
        return np.array([hash_of(word) for word in sorted(self.first)], np.uint64)

    @cached_property
    def _class_of(self) -> dict[str, tuple[int, str]]:
        return {word: (at, name) for at, (name, words) in enumerate(self.classes.items()) for word in words}

    def look_up(self, word: str) -> tuple[int, int, int, bool]:
        """The hash of a word, that of its class or itself, the class's number or -1, and whether it has letters."""
        found = self._hashes.get(word)
        if found is None:
            if len(self._hashes) >= _KNOWN_WORDS:
                self._hashes.clear()
            number, name = self._class_of.get(word, (-1, ""))
            own = hash_of(word)
            shared = hash_of(f"\0{name}") if name else own
            # Marks of addresses and the like begin with x.
            found = self._hashes[word] = (own, shared, number, word.isalpha() and not word.startswith("x"))
        return found


def features(texts: Sequence[str], lexicon: Lexicon) -> Features:
    """The features of texts as they were posted."""
    seen = [cleaning.visible(text) for text in texts]
    folded = [cleaning.normalised(text) for text in seen]
    words = [[_BEGIN, *_WORD.findall(text), _END] for text in folded]
    looked_up = [lexicon.look_up(word) for text in words for word in text]
    own, shared, number, lettered = (
        np.array(column, dtype=kind)
        for column, kind in zip(
            zip(*looked_up, strict=True) if looked_up else ((), (), (), ()),
            (np.uint64, np.uint64, np.int64, bool),
            strict=True,
        )
    )
    text = np.repeat(np.arange(len(words)), [len(each) for each in words])
    inner = np.ones(len(own), bool)
    ends = np.cumsum([len(each) for each in words], dtype=np.int64)
    inner[ends - 1] = inner[ends - [len(each) for each in words]] = False
    singles = Grams(text[inner], _keys(own[inner], 1))
    grams = {
        "words": _joined([singles, _sequence(own, text, 2, 2)]),
        "classes": _joined([_sequence(shared, text, 2, 12), _sequence(shared, text, 3, 13)]),
        "characters": _characters(folded),
    }
    known = lettered[inner]
    near = _near(np.isin(own, lexicon.first_hashes), number, text, lexicon)
    dense = np.hstack(
        [
            _SHAPE_SCALE * np.array([_shape(each) for each in seen], np.float32).reshape(len(texts), len(SHAPES)),
            _CLASS_SCALE * _class_counts(number, text, len(texts), len(lexicon.classes)),
            _CLASS_SCALE * _shares(np.bincount(text[near], minlength=len(texts)), 2)[:, None],
        ]
    ).astype(np.float32)
    return Features(grams, Grams(singles.text[known], singles.key[known]), dense)


def hash_of(word: str) -> int:
    """XXH3 of a word, 64 bits."""
    return xxhash.xxh3_64_intdigest(word.encode("utf-8", "surrogatepass"))


def _keys(hashes: npt.NDArray[np.uint64], family: int) -> Keys:
    """SplitMix's finish: the upper half is well mixed."""
    mixed = (hashes ^ np.uint64(family)) * _FACTOR
    mixed ^= mixed >> np.uint64(29)
    return ((mixed * _MIX) >> np.uint64(32)).astype(np.uint32)


def _joined(parts: list[Grams]) -> Grams:
    return Grams(np.concatenate([part.text for part in parts]), np.concatenate([part.key for part in parts]))


def _sequence(hashes: npt.NDArray[np.uint64], text: Numbers, length: int, family: int) -> Grams:
    """Runs of `length` items that stay within a text."""
    count = max(len(hashes) - length + 1, 0)
    joined = hashes[:count].copy()
    for at in range(1, length):
        joined = joined * _FACTOR + hashes[at : at + count]
    whole = text[:count] == text[length - 1 : length - 1 + count]
    return Grams(text[:count][whole], _keys(joined[whole], family))


def _characters(folded: list[str]) -> Grams:
    padded = [f" {' '.join(text.split())} " for text in folded]
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    text = np.repeat(np.arange(len(padded)), [len(each) for each in padded])
    return _joined([_sequence(codes, text, length, 20 + length) for length in range(_SHORTEST, _LONGEST + 1)])


def _class_counts(number: Numbers, text: Numbers, texts: int, classes: int) -> npt.NDArray[np.float64]:
    here = number >= 0
    counts = np.bincount(text[here] * classes + number[here], minlength=texts * classes).reshape(texts, classes)
    return _shares(counts, 3) + 0.5 * (counts > 0)


def _shares(counts: npt.NDArray[np.integer], most: int) -> npt.NDArray[np.float64]:
    shares: npt.NDArray[np.float64] = np.minimum(counts, most) / most
    return shares


def _near(first: npt.NDArray[np.bool_], number: Numbers, text: Numbers, lexicon: Lexicon) -> npt.NDArray[np.bool_]:
    """Which words are soon followed by a class that makes them telling."""
    then = np.isin(number, [at for at, name in enumerate(lexicon.classes) if name in lexicon.then])
    found = np.zeros(len(first), bool)
    for distance in range(1, lexicon.within + 1):
        found[:-distance] |= first[:-distance] & then[distance:] & (text[:-distance] == text[distance:])
    return found


def _shape(text: str) -> tuple[float, ...]:
    """`SHAPES` of a visible text, each about between 0 and 1."""
    found = cleaning.addresses(text)
    rest = cleaning.without_addresses(text) if found else text
    words = rest.split()
    size = max(len(text), 1)
    letters = sum(map(str.isalpha, text))
    return (
        math.log1p(len(text)) / 5,
        math.log1p(len(words)) / 3,
        min(len(found), 3) / 2,
        sum(map(str.isupper, text)) / max(letters, 1),
        3 * sum(map(str.isdigit, rest)) / size,
        min(text.count("!"), 6) / 4,
        min(text.count("?"), 3) / 2,
        len(set(map(str.lower, words))) / max(len(words), 1),
        min(rest.count("."), 5) / 4,
        0.0 if text.isascii() else sum(map("\x7f".__lt__, text)) / size,
        min(cleaning.mentions(rest), 3) / 2,
        float(cleaning.has_time(rest)),
    )
