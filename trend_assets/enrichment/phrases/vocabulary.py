"""What is known of words, by number, in columns that NumPy reads: a word is looked up once, not in each post."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trend_assets.enrichment.phrases.background import hash_of, power_of, word

#: Words that are remembered; beyond them all are forgotten, and looked up again.
_KEPT = 1 << 17

STOP, NUMBER, CAPITAL, PARTICLE, NAME_START, ALONE, DIGITS = (1 << bit for bit in range(7))
# fmt: off
_PARTICLES = frozenset([
    "of", "the", "and", "de", "da", "di", "del", "della", "la", "le", "van", "von", "der", "den", "du", "des", "y", "&",
    "for", "in", "on",
])
# fmt: on
#: Words that say nothing and begin names, as in `New York`.
_NAME_STARTS = frozenset(["new", "los", "las", "san", "st", "big", "great", "south", "north", "west", "east", "real"])
#: A number is part of a name as short as this, as in `Windows 10`.
_SHORT_NUMBER = 4


class Columns(NamedTuple):
    """Of each word of a text: hash and power (`background.hash_of`), frequency, and flags."""

    hashes: NDArray[np.uint64]
    powers: NDArray[np.uint64]
    frequencies: NDArray[np.float64]
    flags: NDArray[np.uint8]


class Vocabulary:
    """Numbers for words. They hold until `columns` is called."""

    def __init__(self) -> None:
        self._languages: dict[str, _Numbers] = {}
        self._hashes, self._powers, self._frequencies, self._flags = array("Q"), array("Q"), array("d"), array("B")

    def numbers(self, tokens: Iterable[str], language: str) -> list[int]:
        """Each token's number, of the language with this code."""
        known = self._languages.get(language)
        if known is None:
            known = self._languages[language] = _Numbers(self, language)
        return [known[token] for token in tokens]

    def columns(self, numbers: list[int]) -> Columns:
        """What is known of the tokens with these numbers."""
        at = np.array(numbers, np.int64)
        found = Columns(
            np.array(self._hashes, np.uint64)[at],
            np.array(self._powers, np.uint64)[at],
            np.array(self._frequencies, np.float64)[at],
            np.array(self._flags, np.uint8)[at],
        )
        if len(self._hashes) > _KEPT:
            self.__init__()  # type: ignore[misc]
        return found

    def add(self, token: str, language: str) -> int:
        """A number for a new token."""
        stem, frequency, stop, number = word(token, language)
        self._hashes.append(hash_of(stem))
        self._powers.append(power_of(stem))
        self._frequencies.append(frequency)
        self._flags.append(_flags(token, stop, number))
        return len(self._hashes) - 1


class _Numbers(dict[str, int]):
    """Of one language: token to its number."""

    def __init__(self, vocabulary: Vocabulary, language: str) -> None:
        super().__init__()
        self._vocabulary, self._language = vocabulary, language

    def __missing__(self, token: str) -> int:
        number = self[token] = self._vocabulary.add(token, self._language)
        return number


def _flags(token: str, stop: bool, number: bool) -> int:
    lowered = token.lower()
    digits = number and len(token) <= _SHORT_NUMBER and token.isdecimal()
    # Two letters are a word where they are capital, as in `EU`, or of a script that says more with each.
    short = (not token.isascii() and not "\u3040" <= token <= "\u9fff") or (len(token) == 2 and not token.islower())
    alone = len(token) >= 3 or short
    told = {
        STOP: stop,
        NUMBER: number,
        CAPITAL: token[0].isupper(),
        PARTICLE: lowered in _PARTICLES,
        NAME_START: lowered in _NAME_STARTS,
        ALONE: alone,
        DIGITS: digits,
    }
    return sum(flag for flag, holds in told.items() if holds)
