"""Tokenizes a text into candidate phrases: words, pairs of neighbours, names, quoted titles.

A phrase is told apart by the letters of its words' dictionary forms, without spaces: `Luty transfers`,
`luty-transfer` and `lutytransfer` are one. Addresses, mentions of users and HTML are no words; a hashtag's word is one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

import numpy as np
import regex

from trend_assets.enrichment.phrases.background import guess_language, key_of, language_code, word
from trend_assets.enrichment.phrases.candidates import DOLLAR, HASH, NEAR, Candidates, Tokens, candidates
from trend_assets.enrichment.phrases.segments import segments
from trend_assets.enrichment.phrases.vocabulary import Vocabulary
from trend_assets.sources.wire.markup import words_of
from trend_assets.topic_names import canonical_topic

#: Longer texts are read up to here: what they are about stands at their beginning.
READ_AT_MOST = 2_000

_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.-]+|(?<!\w)[@\uff20]\w[\w.@-]*|(?<!\w)RT\s+\w+:|^\s*RT\b:?|&\w{2,8};",
    re.IGNORECASE,
)
# Looked for first: most texts have none, and this is faster.
_MAY_ADDRESS = re.compile(r"://|[@\uff20&]|[Ww][Ww][Ww]\.|(?<!\w)[Rr][Tt]\b")
_BARE_ADDRESS = re.compile(r"(?<![\w@.$#-])[\w-]++(?:\.[\w-]++)*\.[a-z]{2,24}/\S*", re.IGNORECASE)
#: Platforms cut texts that are longer than this, and say so by an ellipsis.
_CUT_FROM = 100
_CUT_WORD = re.compile(r"\S+$")
# Scripts that put no space between words.
_RUNS = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\u30fc"
_WORD = regex.compile(
    rf"[\p{{Han}}]++|[\p{{Katakana}}\u30fc]++|[\p{{Hiragana}}]++|[\p{{Thai}}\p{{M}}]++"
    rf"|[Cc]\+\+|[CcFf]#(?!\w)"
    rf"|(?:(?![{_RUNS}])[\p{{L}}\p{{N}}_])(?:(?![{_RUNS}])[\p{{L}}\p{{M}}\p{{N}}_\u200c])*+"
    rf"(?:['\u2019.&$\u00b7-](?:(?![{_RUNS}])[\p{{L}}\p{{N}}])(?:(?![{_RUNS}])[\p{{L}}\p{{M}}\p{{N}}_])*+)*+"
)
# The same where no script needs more, which is faster; as a group, so that a split keeps the words.
_PLAIN_WORD = re.compile(r"([Cc]\+\+|[CcFf]#(?!\w)|\w+(?:['\u2019.&$\u00b7-](?!_)\w+)*)")
_SPECIAL = regex.compile(rf"[{_RUNS}\p{{M}}\u200c]")
_RUN = regex.compile(rf"[{_RUNS}]")
_HAN = regex.compile(r"\p{Han}")
_ONLY_HIRAGANA = regex.compile(r"\p{Hiragana}+")
_QUOTED = regex.compile(
    r"[\"\u201c\u00ab\u300c\u300e]([^\"\u201c\u201d\u00ab\u00bb\u300c-\u300f\n]{3,60})[\"\u201d\u00bb\u300d\u300f]"
)
_QUOTES = frozenset('"\u201c\u00ab\u300c\u300e')
# Nothing stands between words of scripts without spaces.
_GAPS = frozenset(("", " ", "-", "  ", "\u00a0", " #", " $", "\u2010", "\u2013"))


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


class _Pieces(NamedTuple):
    """A text's words, and what stands before each."""

    words: list[str]
    gaps: list[str]

    def spans(self) -> list[tuple[int, int]]:
        """Where each word begins and ends."""
        found, end = [], 0
        for token, gap in zip(self.words, self.gaps, strict=True):
            start = end + len(gap)
            end = start + len(token)
            found.append((start, end))
        return found


class Extractor:
    """Finds phrases in texts; the same text always gives the same phrases.

    Args:
        watched: phrases that are found however long or common they are.
    """

    def __init__(self, watched: Collection[str] = ()) -> None:
        self.watched: dict[int, str] = {}
        self._vocabulary = Vocabulary()
        lengths = set()
        for phrase in watched:
            tokens = _pieces(phrase, "en").words
            if tokens and (name := canonical_topic(phrase)):
                lengths.add(len(tokens))
                self.watched[key_of("".join(word(token, "en").stem for token in tokens))] = name
        self._lengths = sorted(lengths)
        self._watched = np.array(sorted(self.watched), np.uint64)

    def phrases(self, text: str, language: str | None = None) -> dict[int, Phrase]:
        """The text's phrases by key, each once.

        Args:
            text: as the event has it.
            language: as the source says, BCP 47; guessed where it is None.
        """
        plain = plain_words(text)
        found, _ = self.find([plain], [language])
        spans = word_spans(plain, language)
        columns = (found.keys, found.usual, found.first, found.length)
        return {
            key: Phrase(usual, plain[spans[first][0] : spans[first + count - 1][1]], count)
            for key, usual, first, count in zip(*(column.tolist() for column in columns), strict=True)
        }

    def find(self, texts: Iterable[str], languages: Iterable[str | None]) -> tuple[Candidates, int]:
        """The phrases of texts that `plain_words` has read; and how many words the texts have.

        Args:
            texts: one after the other.
            languages: of each, as the source says, BCP 47; guessed where it is None.
        """
        numbers: list[int] = []
        gaps: list[str] = []
        lengths: list[int] = []
        quoted: list[tuple[int, int]] = []
        for text, language in zip(texts, languages, strict=True):
            told = _code(language)
            pieces = _pieces(text, told)
            code = told or guess_language(text, pieces.words)
            if not _QUOTES.isdisjoint(text):
                quoted += _quoted(text, pieces, code, len(numbers))
            numbers += self._vocabulary.numbers(pieces.words, code)
            gaps += pieces.gaps
            lengths.append(len(pieces.words))
        posts = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
        between = np.array([_GAP_CODES[gap] for gap in gaps], np.uint8)
        tokens = Tokens(self._vocabulary.columns(numbers), between, posts, np.array(lengths, np.int64), quoted)
        return candidates(tokens, self._watched, self._lengths), len(numbers)


def plain_words(text: str) -> str:
    """A text's beginning without HTML, addresses, mentions of users, and a last word that the platform has cut."""
    text = text[:READ_AT_MOST]
    if "<" in text or "&" in text:
        text = words_of(text)
    if text.endswith("\u2026") and len(text) >= _CUT_FROM:
        text = _CUT_WORD.sub("", text)
    if _MAY_ADDRESS.search(text):
        text = _ADDRESS.sub(" \u2028 ", text)
    return _BARE_ADDRESS.sub(" \u2028 ", text) if "/" in text else text


def word_spans(plain: str, language: str | None) -> list[tuple[int, int]]:
    """Where the words of a text begin and end that `plain_words` has read, in the language that the source says."""
    return _pieces(plain, _code(language)).spans()


def surface_of(text: str) -> str | None:
    """The spelling of a phrase as a topic: canonical, without signs of tags and a possessive ending."""
    plain = text.replace("\u2019", "'").replace(" #", " ").replace(" $", " ").replace("\u2013", "-")
    return canonical_topic(plain.removesuffix("'s").removesuffix("'S"))


class _Gaps(dict[str, int]):
    """What stands between two words, as `candidates` sees it."""

    def __missing__(self, gap: str) -> int:
        code = NEAR * (gap in _GAPS) + HASH * gap.endswith("#") + DOLLAR * gap.endswith("$")
        if len(self) < _GAPS_KEPT:
            self[gap] = code
        return code


class _Codes(dict[str | None, str | None]):
    """Languages as sources name them, to the word lists' codes."""

    def __missing__(self, told: str | None) -> str | None:
        code = self[told] = language_code(told)
        return code


_GAPS_KEPT = 10_000
_GAP_CODES = _Gaps()
_code = _Codes().__getitem__


def _pieces(text: str, language: str | None) -> _Pieces:
    if text.isascii() or not _SPECIAL.search(text):
        parts = _PLAIN_WORD.split(text)
        return _Pieces(parts[1::2], parts[0:-1:2])
    words: list[str] = []
    gaps: list[str] = []
    end = 0
    for found in _WORD.finditer(text):
        token, gap = found[0], text[end : found.start()]
        if _RUN.match(token):
            if _ONLY_HIRAGANA.fullmatch(token):
                continue
            runs = segments(token, language or "zh") if _HAN.match(token) else (token,)
            words += runs
            gaps += [gap, *("" for _ in runs[1:])]
        else:
            words.append(token)
            gaps.append(gap)
        end = found.end()
    return _Pieces(words, gaps)


def _quoted(text: str, pieces: _Pieces, language: str, before: int) -> Iterator[tuple[int, int]]:
    """First word, counted from the first text's, and number of words of what stands in quotation marks."""
    spans = pieces.spans()
    for quoted in _QUOTED.finditer(text):
        inside = [at for at, (start, end) in enumerate(spans) if quoted.start(1) <= start and end <= quoted.end(1)]
        if 3 <= len(inside) <= 6 and not all(word(pieces.words[at], language).stop for at in inside):
            yield before + inside[0], len(inside)
