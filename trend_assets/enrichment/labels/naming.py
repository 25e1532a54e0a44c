"""The phrase that tells most of a topic: said in many of its posts, and in few of other topics.

Class-based TF-IDF over whole topics (Grootendorst, "BERTopic", 2022), for phrases of one to three words.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from types import MappingProxyType

import regex
from stopwordsiso import stopwords

_LONGEST = 3
#: Of a topic's texts, the share that must say a single word, and a phrase of several.
_LEAST_WORD, _LEAST_PHRASE = 0.5, 0.4
#: A phrase of more words says more; the topic's own spelling says less than another phrase, and a part of it little.
_PER_WORD, _OWN, _PART = 0.35, 0.6, 0.3
#: A name that a topic had stays while its score is so much of the best.
_STAYS = 0.4
_LONGEST_NAME = 60

# Lists of cashtags stand beside each other and say nothing together.
_ADDRESS = regex.compile(r"https?://\S+|(?<!\w)[@$]\p{L}\w*")
_PIECE = regex.compile(r"[.,;:!?()\[\]\"“”|\n…•]+")
_WORD = regex.compile(r"[\p{L}\p{N}]+(?:['\u2019\-][\p{L}\p{N}]+)*")
_HUMP = regex.compile(r"(?<=\p{Ll})(?=\p{Lu})|(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{Lu})")
_PLAIN = regex.compile(r"[^\p{L}\p{N}]+")


_NOBODYS: Mapping[str, str] = MappingProxyType({})


class Phrases:
    """The phrases of all topics' texts, by which those of one topic are told apart.

    Args:
        texts: different texts by topic.
    """

    def __init__(self, texts: Mapping[str, Sequence[str]]) -> None:
        every = {text: _phrases(text) for own in texts.values() for text in own}
        self._said = {topic: [every[text] for text in own] for topic, own in texts.items()}
        self._texts = len(every)
        self._frequency = Counter(key for phrases in every.values() for key in phrases)

    def names(self, leaders: Mapping[str, str], before: Mapping[str, str | None]) -> dict[str, str]:
        """The name of each topic, of which topics with different leaders share none.

        Nobody takes another's spelling, nor the name that another had; what is free goes to the topic with most texts.

        Args:
            leaders: of each topic's group.
            before: the name that each topic had, if it had one.
        """
        order = sorted(leaders, key=lambda topic: (-len(self._said[topic]), topic))
        owners = {_plain(topic): leader for topic, leader in leaders.items()}
        for topic in order:
            if had := before.get(topic):
                owners.setdefault(_plain(had), leaders[topic])
        names = {}
        for topic in order:
            names[topic] = self.name(topic, before.get(topic), owners, leaders[topic])
            owners.setdefault(_plain(names[topic]), leaders[topic])
        return names

    def name(
        self, topic: str, before: str | None = None, owners: Mapping[str, str] = _NOBODYS, leader: str = ""
    ) -> str:
        """The most telling phrase as it is mostly written; `before`, the name it had, where that still tells enough.

        Args:
            topic: one of them.
            before: the name that it had.
            owners: whose a name is, by its letters and digits: the leader of a group of topics.
            leader: of the topic's own group, which may have no other's name.
        """

        def is_free(name: str) -> bool:
            return owners.get(_plain(name), leader) == leader

        said = self._said.get(topic, [])
        written: dict[str, Counter[str]] = {}
        for phrases in said:
            for key, form in phrases.items():
                written.setdefault(key, Counter())[form] += 1
        own = squeezed(topic)
        scores = {
            key: self._score(key, forms.total() / len(said), own)
            for key, forms in written.items()
            if forms.total() >= 2 and forms.total() / len(said) >= _least_share(key, forms, own) and is_free(key)
        }
        if not scores:
            return before if before and is_free(before) else _readable(topic)
        best = max(scores, key=lambda key: (scores[key], len(key), key))
        kept = (before or "").casefold()
        if before and scores.get(kept, 0.0) >= _STAYS * scores[best] and f" {kept} " not in f" {best} ":
            return before
        return _readable(_mostly(written[best]))

    def _score(self, key: str, share: float, own: str) -> float:
        rare = math.log((self._texts + 1) / (self._frequency[key] + 0.5))
        score = share * max(rare, 0.01) * (1 + _PER_WORD * key.count(" "))
        plain = squeezed(key)
        return score * (_OWN if plain == own else _PART if plain in own else 1.0)


def _least_share(key: str, forms: Counter[str], own: str) -> float:
    """Of a topic's texts, the share that must say a phrase: a single word that is no name never names a topic."""
    if " " in key:
        return _LEAST_PHRASE
    return math.inf if _mostly(forms).islower() and squeezed(key) != own else _LEAST_WORD


def _mostly(forms: Counter[str]) -> str:
    """How a phrase is written most."""
    return min(forms, key=lambda form: (-forms[form], form))


# A post is read for up to four labels of each of its topics.
@lru_cache(maxsize=4096)
def _phrases(text: str) -> Mapping[str, str]:
    """Phrases of a text, folded, to how they are written."""
    return dict(_runs(text))


def _runs(text: str) -> Iterator[tuple[str, str]]:
    for piece in _PIECE.split(_ADDRESS.sub(" . ", text)):
        words = _WORD.findall(piece)
        for first in range(len(words)):
            for last in range(first, min(first + _LONGEST, len(words))):
                phrase = words[first : last + 1]
                if _says(phrase[0]) and _says(phrase[-1]) and len(set(phrase)) == len(phrase):
                    yield " ".join(phrase).casefold(), " ".join(phrase)


def _says(word: str) -> bool:
    return len(word) > 1 and not word.isdigit() and word.casefold() not in _stopwords()


@cache
def _stopwords() -> frozenset[str]:
    return frozenset(stopwords(["en", "de", "es", "fr", "pt", "it"])) | {"rt", "amp", "via"}


def squeezed(text: str) -> str:
    """Letters and digits alone: `#lutytransfer` and `luty transfer` are the same."""
    return _PLAIN.sub("", text.casefold())


def _plain(text: str) -> str:
    return squeezed(text) or text


def _readable(text: str) -> str:
    """Without signs, and with spaces where a tag was written in humps: `#CastamLeak` is `Castam Leak`."""
    if text.startswith("$"):
        return text[1:].upper()
    plain = text.lstrip("#")
    return (_HUMP.sub(" ", plain) if " " not in plain else plain)[:_LONGEST_NAME].strip() or text
