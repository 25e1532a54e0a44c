"""A heuristic of Gen Z engagement: how much an event reads like what people born 1997 to 2012 post.

It is a rule of thumb over visible parts, not a measurement of anybody's age. The parts follow what
linguists and market researchers describe: slang and in-group words (McCulloch, "Because Internet",
2019), emoji in place of punctuation, lower-case typing without full stops, the hashtags of short-video
platforms, high engagement for the reach, and activity late in the local evening (Pew Research Center,
"Teens, Social Media and Technology", 2023). Each part is in [0, 1]; they are joined by a noisy-or,
``1 - prod(1 - weight * part)``, so that a part that is unknown or zero changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import regex

from trend_assets.errors import TrendError
from trend_assets.sources.event import Event

LEXICON_FILE = Path(__file__).with_suffix(".json")
#: The parts that a lexicon weighs.
PARTS = ("slang", "emoji", "lower_case", "short_video", "engagement", "late_evening")

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_EMOJI = regex.compile(r"\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f")
_LATE_FROM, _LATE_UNTIL = 21, 2
_LIKES_OF_A_BELOVED_VIDEO = 0.08


class LexiconError(TrendError):
    """A lexicon cannot be used; the message says why."""


@dataclass(frozen=True)
class Lexicon:
    """What the heuristic looks for: a file that anybody can edit.

    Attributes:
        version, language: as its owner names them; they are told wherever scores are made.
        weights: how much each of `PARTS` can add at most, 0 to below 1.
        words, phrases: slang in lower case.
        hashtags: of short-video platforms, without sign.
    """

    version: str
    language: str
    weights: Mapping[str, float]
    words: frozenset[str]
    phrases: tuple[str, ...]
    hashtags: frozenset[str]

    @classmethod
    def read(cls, file: Path = LEXICON_FILE) -> Lexicon:
        """From JSON like `gen_z.json`.

        Raises:
            LexiconError: it is none, or a weight is missing or out of range.
        """
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            weights = {part: float(told["weights"][part]) for part in PARTS}
            lists = {name: tuple(_folded(told[name])) for name in ("words", "phrases", "hashtags")}
            named = (str(told["version"]), str(told["language"]))
        except KeyError as error:
            raise LexiconError(f"{file} is no Gen Z lexicon: it lacks {error}") from None
        except (OSError, ValueError, TypeError) as error:
            raise LexiconError(f"{file} is no Gen Z lexicon: {error}") from None
        wrong = [part for part, weight in weights.items() if not 0.0 <= weight < 1.0]
        if wrong:
            raise LexiconError(f"{file}: weights are 0 to below 1, which is not so of {', '.join(wrong)}")
        return cls(*named, weights, frozenset(lists["words"]), lists["phrases"], frozenset(lists["hashtags"]))


def _folded(listed: Sequence[str]) -> Iterator[str]:
    if isinstance(listed, str):
        raise TypeError("a list is one text")
    return (" ".join(str(entry).lower().split()) for entry in listed)


@dataclass(frozen=True, slots=True)
class GenZScore:
    """A score in [0, 1] and the parts, each in (0, 1], that made it; unknown parts are absent."""

    score: float
    parts: Mapping[str, float] = field(default_factory=dict)


class GenZScorer:
    """Scores events by a lexicon, by default the one that is shipped."""

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self.lexicon = lexicon or Lexicon.read()
        self._phrases = tuple(f" {phrase} " for phrase in self.lexicon.phrases)

    def score(self, event: Event, hashtags: list[str]) -> GenZScore:
        """How much the event reads like Gen Z.

        Args:
            event: read are its text, its time and its features ``likes``, ``views`` or ``impressions``, and
                ``utc_offset_seconds`` (the author's time zone, where the source says it).
            hashtags: the event's hashtags in canonical spelling, without sign.
        """
        parts = self._text_parts(event.text)
        if hashtags and (short_video := len(self.lexicon.hashtags.intersection(hashtags))):
            parts["short_video"] = min(1.0, short_video / 2)
        if event.features:
            parts.update(_engagement_parts(event))
        weights = self.lexicon.weights
        parts = {name: value for name, value in parts.items() if weights[name]}
        rest = 1.0
        for name, value in parts.items():
            rest *= 1.0 - weights[name] * value
        return GenZScore(1.0 - rest, parts)

    def _text_parts(self, text: str) -> dict[str, float]:
        parts: dict[str, float] = {}
        if slang := self._slang(text.lower()):
            parts["slang"] = min(1.0, (slang + 1) / 4)
        if not text.isascii() and (emoji := len(_EMOJI.findall(text))):
            parts["emoji"] = min(1.0, emoji / 3)
        if len(text) >= 20 and text.islower() and text[-1] not in ".…":
            parts["lower_case"] = 1.0
        return parts

    def _slang(self, lowered: str) -> int:
        words = _WORD.findall(lowered)
        count = sum(map(self.lexicon.words.__contains__, words))
        spaced = f" {' '.join(words)} "
        return count + sum(phrase in spaced for phrase in self._phrases)


def _engagement_parts(event: Event) -> dict[str, float]:
    parts: dict[str, float] = {}
    likes = event.features.get("likes")
    views = event.features.get("views") or event.features.get("impressions")
    if likes and views and views >= 100 and (ratio := likes / views / _LIKES_OF_A_BELOVED_VIDEO) > 0:
        parts["engagement"] = min(1.0, ratio)
    offset = event.features.get("utc_offset_seconds")
    if offset is not None:
        local_hour = (event.timestamp + timedelta(seconds=offset)).hour
        if local_hour >= _LATE_FROM or local_hour < _LATE_UNTIL:
            parts["late_evening"] = 1.0
    return parts
