"""Tokenizes a text into candidate phrases: words, pairs of neighbours, names, quoted titles.

A phrase is told apart by the letters of its words' dictionary forms, without spaces: `Luty transfers`,
`luty-transfer` and `lutytransfer` are one. Addresses, mentions of users and HTML are no words; a hashtag's word is one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import partial
from typing import NamedTuple

import regex

from trend_assets.enrichment.phrases.background import (
    COMMON,
    Word,
    guess_language,
    key_of,
    language_code,
    word,
)
from trend_assets.sources.wire.markup import words_of
from trend_assets.topic_names import canonical_topic

#: Longer texts are read up to here: what they are about stands at their beginning.
READ_AT_MOST = 2_000
_MOST_PHRASES = 300
#: Of the rarer word's frequency, what a pair has of it in ordinary texts.
_PAIR_SHARE = 0.1
_NAME_WORDS = 5

_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.-]+|(?<!\w)[@\uff20]\w[\w.@-]*|^\s*RT\b:?|&\w{2,8};", re.IGNORECASE
)
_BARE_ADDRESS = re.compile(r"(?<![\w@.$#-])[\w-]++(?:\.[\w-]++)*\.[a-z]{2,24}/\S*", re.IGNORECASE)
# Scripts that put no space between words.
_RUNS = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\u30fc"
_WORD = regex.compile(
    rf"[\p{{Han}}]++|[\p{{Katakana}}\u30fc]++|[\p{{Hiragana}}]++|[\p{{Thai}}\p{{M}}]++"
    rf"|[Cc]\+\+|[CcFf]#(?!\w)"
    rf"|(?:(?![{_RUNS}])[\p{{L}}\p{{N}}_])(?:(?![{_RUNS}])[\p{{L}}\p{{M}}\p{{N}}_\u200c])*+"
    rf"(?:['\u2019.&$\u00b7-](?:(?![{_RUNS}])[\p{{L}}\p{{N}}])(?:(?![{_RUNS}])[\p{{L}}\p{{M}}\p{{N}}_])*+)*+"
)
# The same where no script needs more, which is faster.
_PLAIN_WORD = re.compile(r"[Cc]\+\+|[CcFf]#(?!\w)|\w+(?:['\u2019.&$\u00b7-](?!_)\w+)*")
_SPECIAL = regex.compile(rf"[{_RUNS}\p{{M}}\u200c]")
_RUN = regex.compile(rf"[{_RUNS}]")
_ONLY_HIRAGANA = regex.compile(r"\p{Hiragana}+")
_QUOTED = regex.compile(
    r"[\"\u201c\u00ab\u300c\u300e]([^\"\u201c\u201d\u00ab\u00bb\u300c-\u300f\n]{3,60})[\"\u201d\u00bb\u300d\u300f]"
)
_QUOTES = frozenset('"\u201c\u00ab\u300c\u300e')
_PARTICLES = frozenset(
    [
        "of",
        "the",
        "and",
        "de",
        "da",
        "di",
        "del",
        "della",
        "la",
        "le",
        "van",
        "von",
        "der",
        "den",
        "du",
        "des",
        "y",
        "&",
        "for",
        "in",
        "on",
    ]
)
#: Words that say nothing and begin names, as in `New York`.
_NAME_STARTS = frozenset(("new", "los", "las", "san", "st", "big", "great", "south", "north", "west", "east", "real"))
_GAPS = frozenset((" ", "-", "  ", "\u00a0", " #", " $", "\u2010", "\u2013"))


class Phrase(NamedTuple):
    """What may become a topic.

    Attributes:
        frequency: its expected share of the words of ordinary texts.
        surface: as it is written here.
        words: how many it has.
    """

    frequency: float
    surface: str
    words: int


class _Token(NamedTuple):
    start: int
    end: int
    word: Word
    capital: bool


#: A token at the speed of a tuple.
_token = partial(tuple.__new__, _Token)
#: What was found: a key to the phrase's frequency, where it begins and ends, and how many words it has.
Found = dict[int, tuple[float, int, int, int]]


class Extractor:
    """Finds phrases in texts; the same text always gives the same phrases.

    Args:
        watched: phrases that are found however long or common they are.
    """

    def __init__(self, watched: Collection[str] = ()) -> None:
        self.watched: dict[int, str] = {}
        self._lengths: set[int] = set()
        for phrase in watched:
            tokens = _tokens(phrase, "en")
            if tokens and (name := canonical_topic(phrase)):
                self._lengths.add(len(tokens))
                self.watched[key_of("".join(token.word.stem for token in tokens))] = name

    def phrases(self, text: str, language: str | None = None) -> dict[int, Phrase]:
        """The text's phrases by key, each once.

        Args:
            text: as the event has it.
            language: as the source says, BCP 47; guessed where it is None.
        """
        plain = plain_words(text)
        found, _ = self.find(plain, language)
        return {key: Phrase(usual, plain[start:end], words) for key, (usual, start, end, words) in found.items()}

    def find(self, plain: str, language: str | None = None) -> tuple[Found, int]:
        """What `phrases` finds, in a text that `plain_words` has read; and how many words that text has."""
        code = language_code(language) or guess_language(plain, _split(plain))
        tokens = _tokens(plain, code)
        found: Found = {}
        _gather(found, plain, tokens)
        for length in self._lengths:
            self._watch(found, tokens, length)
        return found, len(tokens)

    def _watch(self, found: Found, tokens: list[_Token], length: int) -> None:
        for at in range(len(tokens) - length + 1):
            part = tokens[at : at + length]
            key = key_of("".join(token.word.stem for token in part))
            if key in self.watched:
                found[key] = (0.0, part[0].start, part[-1].end, length)


def plain_words(text: str) -> str:
    """A text's beginning without HTML, addresses and mentions of users."""
    text = text[:READ_AT_MOST]
    if "<" in text or "&" in text:
        text = words_of(text)
    text = _ADDRESS.sub(" \u2028 ", text)
    return _BARE_ADDRESS.sub(" \u2028 ", text) if "/" in text else text


def surface_of(text: str) -> str | None:
    """The spelling of a phrase as a topic: canonical, without signs of tags and a possessive ending."""
    plain = text.replace("\u2019", "'").replace(" #", " ").replace(" $", " ").replace("\u2013", "-")
    return canonical_topic(plain.removesuffix("'s").removesuffix("'S"))


def _split(text: str) -> list[str]:
    return _WORD.findall(text) if _SPECIAL.search(text) else _PLAIN_WORD.findall(text)


def _tokens(text: str, language: str) -> list[_Token]:
    if not _SPECIAL.search(text):
        return [
            _token((found.start(), found.end(), word(token := found[0], language), token[0].isupper()))
            for found in _PLAIN_WORD.finditer(text)
        ]
    tokens: list[_Token] = []
    for found in _WORD.finditer(text):
        token = found[0]
        if _RUN.match(token):
            tokens += _run(token, found.start(), language)
        else:
            tokens.append(_Token(found.start(), found.end(), word(token, language), token[0].isupper()))
    return tokens


def _run(token: str, start: int, language: str) -> Iterator[_Token]:
    """A run of a script without spaces: one word, or its overlapping parts of four characters where it is long."""
    if _ONLY_HIRAGANA.fullmatch(token):
        return
    if len(token) <= 6 or not "\u3400" <= token[0] <= "\u9fff":
        yield _Token(start, start + len(token), word(token, language), False)
        return
    for at in range(len(token) - 3):
        yield _Token(start + at, start + at + 4, word(token[at : at + 4], language), False)


def _gather(found: Found, text: str, tokens: list[_Token]) -> None:
    capitals = sum([token.capital for token in tokens])
    # Where most words are capitalised, as in headlines, capitals tell no name.
    names = 2 * capitals <= len(tokens) or len(tokens) <= _NAME_WORDS
    named, last = 0, len(tokens) - 1
    for index, (start, end, (stem, frequency, stop, number), capital) in enumerate(tokens):
        if stop:
            if capital and index >= named and text[start:end].lower() in _NAME_STARTS:
                named = _name_end(text, tokens, index)
                if named > index + 1:
                    _add(found, tokens[index:named])
            continue
        if frequency < COMMON and not number and (end - start >= 3 or _short_word(text[start:end])):
            found.setdefault(key_of(stem), (frequency, start, end, 1))
        if index == last:
            break
        right = tokens[index + 1]
        if text[end : right.start] not in _GAPS or _are_tags(text, start, right.start):
            continue
        if _pairs(number, frequency, capital, right):
            key, usual = key_of(stem + right.word.stem), _PAIR_SHARE * min(frequency, right.word.frequency)
            found[key] = (usual, start, right.end, 2)
        if names and capital and index >= named:
            named = _name_end(text, tokens, index)
            if named > index + 2:
                _add(found, tokens[index:named])
        if len(found) >= _MOST_PHRASES:
            return
    if not _QUOTES.isdisjoint(text):
        _quoted(found, text, tokens)


def _are_tags(text: str, left: int, right: int) -> bool:
    """Neighbours that are no phrase: two hashtags, or a cashtag and whatever is beside it."""
    signs = text[left - 1 : left] + text[right - 1]
    return "$" in signs or signs == "##"


def _short_word(token: str) -> bool:
    """Two letters are a word where they are capital, as in `EU`, or of a script that says more with each."""
    return not token.isascii() or (len(token) == 2 and token.isupper())


def _pairs(number: bool, frequency: float, capital: bool, right: _Token) -> bool:
    if right.word.stop or number:
        return False
    if right.word.number:
        return capital and right.end - right.start <= 4
    return frequency < COMMON or right.word.frequency < COMMON or (capital and right.capital)


def _name_end(text: str, tokens: list[_Token], start: int) -> int:
    """Where the run of capitalised words ends that begins at `start`; particles may stand between them."""
    end = at = start + 1
    while at < len(tokens) and at - start < _NAME_WORDS and text[tokens[at - 1].end : tokens[at].start] in _GAPS:
        if tokens[at].capital:
            end = at + 1
        elif text[tokens[at].start : tokens[at].end].lower() not in _PARTICLES:
            break
        at += 1
    while tokens[end - 1].word.stop and end > start + 1:
        end -= 1
    return end


def _quoted(found: Found, text: str, tokens: list[_Token]) -> None:
    for quoted in _QUOTED.finditer(text):
        inside = [token for token in tokens if quoted.start(1) <= token.start and token.end <= quoted.end(1)]
        if 3 <= len(inside) <= 6 and not all(token.word.stop for token in inside):
            _add(found, inside)


def _add(found: Found, part: list[_Token]) -> None:
    key = key_of("".join([token.word.stem for token in part]))
    usual = _PAIR_SHARE * min([token.word.frequency for token in part])
    found[key] = (usual, part[0].start, part[-1].end, len(part))
