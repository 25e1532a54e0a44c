"""Word frequencies of ordinary language, and stop words."""

from __future__ import annotations

import re
import unicodedata
from calendar import day_name, month_abbr, month_name
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import py3langid
import stopwordsiso
import wordfreq
from simplemma import Lemmatizer

#: A word at least as frequent as this (of English the 400 most frequent) says too little alone.
COMMON = 3e-4
#: What a word is taken to have that no list holds.
RARE = 2e-7
#: Above this a list holds it: the rarest word of a list has 1e-6.
LISTED = 5e-7
#: Twitter's and older codes to those of the word lists.
_CODES = {"in": "id", "iw": "he", "no": "nb", "nn": "nb", "tl": "fil", "ji": "yi", "hr": "sh", "sr": "sh", "bs": "sh"}
_STOP_CODES = {"nb": "no", "fil": "tl", "sh": "hr"}
_UNKNOWN = ("und", "zxx", "mul", "mis", "")
_LARGE = frozenset(wordfreq.available_languages("large"))
_FREQUENCIES = frozenset(wordfreq.available_languages("small"))
# Dictionaries of the others take 90 to 390 MB of memory each.
_LEMMAS = frozenset(("en", "fr", "it", "id", "hi"))
_KEPT = 1 << 16
_LEMMATIZER = Lemmatizer(cache_max_size=1)
#: Of the rarer word's frequency, what a pair has of it in ordinary texts.
PAIR_SHARE = 0.1
_AMOUNT = re.compile(
    r"\d[\d.,:/]*(?:[km]|bn?|mm|mi?ln?|th|st|nd|rd|do|er|am|pm|[xsh]|hrs?|mins?|yrs?|wks?|kg|[km]m|[mgt]b)?"
)


class Word(NamedTuple):
    """One word of a text as it counts.

    Attributes:
        stem: its dictionary form, case folded, letters and digits only: what words are told apart by.
        frequency: its share of the words of ordinary texts in its language.
        stop: it says nothing, and no phrase begins or ends with it.
        number: it holds no letter but a unit.
    """

    stem: str
    frequency: float
    stop: bool
    number: bool


#: Any odd number of 64 bits one above four times another odd one: its powers are far apart.
_BASE = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def hash_of(stem: str) -> int:
    """A hash of 64 bits, of which that of two stems in a row is made: hash(a) · power(b) + hash(b)."""
    total = 0
    for char in stem:
        total = (total * _BASE + ord(char) + 1) & _MASK
    return total


def power_of(stem: str) -> int:
    """By what the hash of what stands before a stem is multiplied."""
    return pow(_BASE, len(stem), 1 << 64)


def key_of(stem: str) -> int:
    """64 bits that stand for a phrase: equal in every run and on every machine."""
    return mixed(hash_of(stem))


def mixed(total: int) -> int:
    """The bits of a hash, mixed: similar phrases fall far apart (splitmix64's last step)."""
    total = (total ^ (total >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    total = (total ^ (total >> 27)) * 0x94D049BB133111EB & _MASK
    return total ^ (total >> 31)


def language_code(told: str | None) -> str | None:
    """The word lists' code of a BCP 47 tag; None where it says nothing."""
    code = (told or "").split("-")[0].lower()
    return None if code in _UNKNOWN else _CODES.get(code, code)


@lru_cache(maxsize=_KEPT)
def word(token: str, language: str) -> Word:
    """What a token means in a language, given by its code."""
    lowered = unicodedata.normalize("NFKC", token).casefold()
    lowered = lowered.replace("\u2019", "'").removesuffix("'s").strip("'")
    stem = lowered
    # Capitals all through are an abbreviation: `AI` is no form of another word.
    if language in _LEMMAS and lowered.isalpha() and not (len(token) <= 4 and token.isupper()):
        stem = _LEMMATIZER.lemmatize(lowered, language).casefold()
    letters = _letters(stem)
    usual = max(frequencies(language).get(form, 0.0) for form in (lowered, stem))
    if not usual and language != "en":
        usual = frequencies("en").get(lowered, 0.0)
    if not usual and "-" in lowered:
        # `long-term` is no name, though no list holds it.
        usual = PAIR_SHARE * min(frequencies(language).get(part, 0.0) for part in lowered.split("-"))
    stop = (
        lowered in stop_words(language)
        or stem in stop_words(language)
        or lowered in _EVERYWHERE | _CALENDAR
        or not letters
    )
    if len(token) == 2 and token.isupper() and usual < COMMON and lowered not in _EVERYWHERE:
        stop = False  # `UK` and `AI` are not `uk` and `ai`, which lists of stop words hold.
    number = not any(map(str.isalpha, lowered)) or _AMOUNT.fullmatch(lowered) is not None
    return Word(letters, max(usual, RARE), stop, number)


def _letters(text: str) -> str:
    return text if text.isalnum() else "".join(char for char in text if char.isalnum() or char in "+#")


@lru_cache(maxsize=64)
def frequencies(language: str) -> Mapping[str, float]:
    """Word to its share of ordinary texts; empty for a language without a list."""
    return wordfreq.get_frequency_dict(language, "small") if language in _FREQUENCIES else {}


@lru_cache(maxsize=8)
def rare_words(language: str) -> Mapping[str, float]:
    """As `frequencies`, with words a hundred times rarer, where there is such a list."""
    return wordfreq.get_frequency_dict(language, "large") if language in _LARGE else frequencies(language)


@lru_cache(maxsize=64)
def stop_words(language: str) -> frozenset[str]:
    """Words that say nothing in the language."""
    return frozenset(stopwordsiso.stopwords(_STOP_CODES.get(language, language)))


_CALENDAR = frozenset(name.lower() for names in (month_name, month_abbr, day_name) for name in names)
#: What is written in posts of all languages and is no topic: abbreviations of the medium.
_EVERYWHERE = frozenset(
    [
        "rt",
        "via",
        "lol",
        "lmao",
        "omg",
        "wtf",
        "idk",
        "imo",
        "imho",
        "smh",
        "btw",
        "dm",
        "fyi",
        "pls",
        "plz",
        "thx",
        "ur",
        "u",
        "im",
        "dont",
        "cant",
        "wont",
        "didnt",
        "doesnt",
        "isnt",
        "ive",
        "youre",
        "gonna",
        "wanna",
        "gotta",
        "amp",
        "http",
        "https",
        "www",
        "com",
        "haha",
        "hahaha",
        "yeah",
        "yep",
        "nope",
        "ok",
        "okay",
        "hey",
        "hi",
        "xd",
        "inc",
        "corp",
        "ltd",
        "plc",
        "llc",
    ]
)


def guess_language(text: str, tokens: list[str]) -> str:
    """The language of a text of which the source does not say it: English where its words are, else a guess."""
    looked = [token for token in tokens[:24] if token.isascii()]
    if len(looked) == len(tokens[:24]):
        known = frequencies("en")
        # A guess from a few names is none.
        if len(looked) < 4 or 3 * sum(known.get(token.lower(), 0.0) >= 1e-4 for token in looked) >= len(looked):
            return "en"
    if not any(map(str.isalpha, text)):
        return "en"
    code = py3langid.classify(text[:400])[0]
    code = _CODES.get(code, code)
    return code if code in _FREQUENCIES else "en"
