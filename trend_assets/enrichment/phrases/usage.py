"""How a phrase is used in the posts that say it: how it is written, what stands beside it, whether it is a name.

What stands beside it tells a phrase from a part of a longer one and from a part of a text that is passed on: these
always have the same neighbours (accessor variety: Feng, Chen, Deng and Zheng, "Accessor Variety Criteria for Chinese
Word Extraction", Computational Linguistics 2004).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import regex

from trend_assets.enrichment.phrases.background import LISTED, language_code, rare_words, word
from trend_assets.enrichment.phrases.significance import Keys
from trend_assets.enrichment.phrases.window import Counts, Window
from trend_assets.enrichment.phrases.words import Extractor, surface_of, word_spans

#: Different wordings that are looked at.
_EXAMPLES = 12
#: Posts in which they are looked for.
_LOOKED_AT = 100
#: Of the uses that show whether it is a name, the share that must say so.
_NAMED_SHARE = 0.6
#: Letters that are looked at on each side.
_BESIDE = 40
# A sentence's end is an edge as the text's is.
_BEFORE = regex.compile(r"([#$]?[\p{L}\p{N}][\w'&$-]*)[^\w.!?;\u2026\n]*$")
_AFTER = regex.compile(r"^[^\w#$.!?;\u2026\n]*([#$]?[\p{L}\p{N}][\w'&$-]*)")


class Usage(NamedTuple):
    """How a phrase is used.

    Attributes:
        phrase: the most frequent spelling, as a topic is spelled.
        words: how many it has.
        variety: different neighbours on the side that has fewer; the edge of a text is another one each time.
        alike: how likely another use has the most frequent neighbour, on the side where it is likelier.
        named: where its case tells something, it is written as a name.
        tagged: the share of uses that are hashtags.
        listed: every word of it is in the dictionary; of what is not written as a name, in the large one.
        language: of the dictionary.
    """

    phrase: str
    words: int
    variety: int
    alike: float
    named: bool
    tagged: float
    listed: bool
    language: str


class UsageReader:
    """Reads how phrases are used.

    Args:
        window: where posts are read.
        extractor: finds phrases in them.
        posts: of each phrase, by key, its posts by their numbers in the window; the newest are read, one of each
            wording.
    """

    def __init__(self, window: Window, extractor: Extractor, posts: Mapping[int, Counts]) -> None:
        self._window = window
        self.examples = {key: self._newest(numbers) for key, numbers in posts.items()}
        chosen = sorted({post for examples in self.examples.values() for post in examples})
        self._places = {post: place for place, post in enumerate(chosen)}
        read = [window.post(post) for post in chosen]
        self._texts = [hour.texts[number] for hour, number in read]
        self._languages = [hour.languages[number] for hour, number in read]
        self._found, _ = extractor.find(self._texts, self._languages)
        self._starts: dict[int, list[tuple[int, int]]] = {}

    def _newest(self, posts: Counts) -> list[int]:
        chosen: dict[int, int] = {}
        for post in reversed(posts[-_LOOKED_AT:].tolist()):
            chosen.setdefault(self._window.wording(post), post)
            if len(chosen) == _EXAMPLES:
                break
        return sorted(chosen.values())

    def usage(self, key: int) -> Usage | None:
        """How a phrase is used in its examples; None where it cannot be written as a topic."""
        forms: Counter[tuple[str, int]] = Counter()
        before: Counter[str | int] = Counter()
        after: Counter[str | int] = Counter()
        told, tagged = [], 0
        text, start, end, language = "", 0, 0, "en"
        for place, start, end, words in self._spans(key):
            text, language = self._texts[place], language_code(self._languages[place]) or "en"
            if surface := surface_of(text[start:end]):
                forms[surface, words] += 1
            before[_last_word(text[max(0, start - _BESIDE) : start]) or place] += 1
            after[_first_word(text[end : end + _BESIDE]) or place] += 1
            told.append(_named(text, start, end))
            tagged += text[start - 1 : start] == "#"
        if not forms:
            return None
        (phrase, words), _ = min(forms.items(), key=lambda item: (-item[1], item[0]))
        tells = [one for one in told if one is not None]
        named = bool(tells) and sum(tells) >= _NAMED_SHARE * len(tells)
        return Usage(
            phrase,
            words,
            min(len(before), len(after)),
            (max(*before.values(), *after.values()) - 1) / max(len(told) - 1, 1),
            named,
            tagged / len(told),
            is_listed(text[start:end], language, large=bool(tells) and not named),
            language,
        )

    def beside(self, topics: Keys) -> Mapping[int, list[int]]:
        """Which of some phrases (their keys ascend) stand in each example, by its number in the window."""
        here = np.isin(self._found.keys, topics)
        beside: dict[int, list[int]] = {post: [] for post in self._places}
        posts = list(self._places)
        for place, key in zip(self._found.posts[here].tolist(), self._found.keys[here].tolist(), strict=True):
            beside[posts[place]].append(key)
        return beside

    def _spans(self, key: int) -> Iterator[tuple[int, int, int, int]]:
        """Of each example: its place, where the phrase begins and ends in it, and how many words it has."""
        found = self._found
        begin, end = np.searchsorted(found.keys, np.uint64(key)), np.searchsorted(found.keys, np.uint64(key), "right")
        posts = found.posts[begin:end]
        for post in self.examples[key]:
            place = self._places[post]
            row = begin + int(np.searchsorted(posts, place))
            if place not in self._starts:
                self._starts[place] = word_spans(self._texts[place], self._languages[place])
            first, count = int(found.first[row]), int(found.length[row])
            spans = self._starts[place]
            yield place, spans[first][0], spans[first + count - 1][1], count


def _last_word(text: str) -> str | None:
    found = _BEFORE.search(text)
    return found[1].casefold() if found else None


def _first_word(text: str) -> str | None:
    found = _AFTER.search(text)
    return found[1].casefold() if found else None


def _named(text: str, start: int, end: int) -> bool | None:
    """Whether capitals within a sentence tell a name, or small letters a word; None where nothing tells."""
    part = text[start:end].split()
    if part[0][0].islower():
        return None if text.islower() else False
    if text[start:end].isupper():
        # An abbreviation, or a text that shouts.
        return None
    if not all(one[0].isupper() for one in part if one[0].isalpha()) or not part[0][0].isupper():
        return None
    # Behind an address, a sentence's end or a quotation mark a capital tells nothing.
    before = text[max(0, start - _BESIDE) : start].rstrip(" #$")
    if not before or not (before[-1].isalnum() or before[-1] == ","):
        return None
    return True if before.split()[-1][0].islower() else None


def is_listed(phrase: str, language: str, *, large: bool = False) -> bool:
    """Whether every word is in the dictionary."""
    return all(
        word(part, language).frequency > LISTED or (large and part.lower() in rare_words(language))
        for part in phrase.strip("#$").split()
    )
