"""A heuristic of Gen Z engagement: how much an event reads like what people born 1997 to 2012 post.

It is a rule of thumb over visible parts, not a measurement of anybody's age. The parts follow what
linguists and market researchers describe: slang and in-group words (McCulloch, "Because Internet",
2019), emoji in place of punctuation, lower-case typing without full stops, the hashtags of short-video
platforms, high engagement for the reach, and activity late in the local evening (Pew Research Center,
"Teens, Social Media and Technology", 2023). Each part is in [0, 1]; they are joined by a noisy-or,
``1 - prod(1 - weight * part)``, so that a part that is unknown or zero changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

import regex

from trend_assets.sources.event import Event

#: How much each part can add at most; chosen by hand, each below one so that none decides alone.
WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "slang": 0.6,
        "emoji": 0.3,
        "lower_case": 0.15,
        "short_video": 0.5,
        "engagement": 0.25,
        "late_evening": 0.1,
    }
)

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
# Words that older people use in another sense (mid, based, tea, aura, cooked) are left out.
_SLANG_WORDS = frozenset(
    (
        *("lowkey", "highkey", "slay", "slayed", "slaying", "slays", "rizz", "rizzler", "skibidi", "gyat"),
        *("gyatt", "sus", "bussin", "yeet", "yeeted", "delulu", "simp", "simping", "simps", "bestie"),
        *("stan", "stanning", "period't", "periodt", "deadass", "bruh", "ong", "iykyk", "istg", "ngl", "tbh"),
        *("smh", "fomo", "yolo", "finna", "fam", "bae", "goated", "vibing", "cringe", "cheugy", "af"),
        *("gaslight", "gatekeep", "girlboss", "pov", "sheesh", "lmao", "lmaooo", "lmfao", "omg", "wtf"),
        *("idk", "ily", "brainrot", "yapping", "yapper", "situationship", "ghosted", "dank", "meme", "memes"),
    )
)
_SLANG_PHRASES = (
    *(" no cap ", " low key ", " high key ", " fr fr ", " vibe check ", " main character ", " glow up "),
    *(" on fleek ", " lit af ", " ate that ", " understood the assignment ", " rent free "),
    *(" touch grass ", " living for ", " it's giving ", " its giving ", " crash out ", " the ick "),
)
_EMOJI = regex.compile(r"\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f")
_SHORT_VIDEO = frozenset(
    (
        "fyp",
        "foryou",
        "foryoupage",
        "fypage",
        "fypシ",
        "viral",
        "viralvideo",
        "tiktok",
        "tiktokviral",
        "tiktoktrend",
        "shorts",
        "ytshorts",
        "youtubeshorts",
        "shortsfeed",
        "reels",
        "reelsinstagram",
        "instareels",
        "grwm",
        "ootd",
        "booktok",
        "storytime",
        "duet",
        "stitch",
        "xyzbca",
        "tiktokdance",
        "tiktokchallenge",
        "dancechallenge",
        "pov",
        "aesthetic",
    )
)
_LATE_FROM, _LATE_UNTIL = 21, 2
_LIKES_OF_A_BELOVED_VIDEO = 0.08


@dataclass(frozen=True, slots=True)
class GenZScore:
    """A score in [0, 1] and the parts, each in (0, 1], that made it; unknown parts are absent."""

    score: float
    parts: Mapping[str, float] = field(default_factory=dict)


def gen_z_score(event: Event, hashtags: list[str]) -> GenZScore:
    """How much the event reads like Gen Z.

    Args:
        event: read are its text, its time and its features ``likes``, ``views`` or ``impressions``, and
            ``utc_offset_seconds`` (the author's time zone, where the source says it).
        hashtags: the event's hashtags in canonical spelling, without sign.
    """
    parts = _text_parts(event.text)
    if hashtags and (short_video := len(_SHORT_VIDEO.intersection(hashtags))):
        parts["short_video"] = min(1.0, short_video / 2)
    if event.features:
        parts.update(_engagement_parts(event))
    rest = 1.0
    for name, value in parts.items():
        rest *= 1.0 - WEIGHTS[name] * value
    return GenZScore(1.0 - rest, parts)


def _text_parts(text: str) -> dict[str, float]:
    parts: dict[str, float] = {}
    if slang := _slang(text.lower()):
        parts["slang"] = min(1.0, (slang + 1) / 4)
    if not text.isascii() and (emoji := len(_EMOJI.findall(text))):
        parts["emoji"] = min(1.0, emoji / 3)
    if len(text) >= 20 and text.islower() and text[-1] not in ".…":
        parts["lower_case"] = 1.0
    return parts


def _slang(lowered: str) -> int:
    words = _WORD.findall(lowered)
    count = sum(map(_SLANG_WORDS.__contains__, words))
    spaced = f" {' '.join(words)} "
    for phrase in _SLANG_PHRASES:
        if phrase in spaced:
            count += 1
    return count


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
