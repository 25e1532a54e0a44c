"""Topics of an event in one canonical spelling, whatever script they are written in.

What counts as a hashtag or cashtag in a text follows Twitter's published rules
(github.com/twitter/twitter-text, ``validHashtag`` and ``validCashtag``), with one extension: emoji are
letters of a hashtag, as on YouTube, Instagram and TikTok.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import regex

from trend_assets.sources.event import Event

#: Longer topics are cut: what is longer is a sentence, not a name.
MAX_TOPIC_CHARACTERS = 200

# Spaces and line breaks are turned into one space before this removes what is left of the controls.
_INVISIBLE = regex.compile(r"[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]+")
_SIGNS_ONLY = regex.compile(r"[#$\s]*")

_URL = regex.compile(r"(?:https?://|www\.)\S+|(?<![\w@.$#-])[\w-]++(?:\.[\w-]++)*\.[a-z]{2,24}/\S*", regex.IGNORECASE)
# twitter-text's special characters of a hashtag: joiners, middle dots, Hebrew and Japanese marks.
_SPECIAL = r"_\u200c\u200d\ua67e\u05be\u05f3\u05f4\uff5e\u301c\u309b\u309c\u30a0\u30fb\u3003\u0f0b\u0f0c\u00b7"
_EMOJI = r"\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\U000e0020-\U000e007f"
_TAG_CHARACTER = rf"[\p{{L}}\p{{M}}\p{{Nd}}{_SPECIAL}{_EMOJI}]"
# A tag that runs into the ellipsis at the end was cut with the text: it is not what was written.
_HASHTAG = regex.compile(
    rf"(?<![&\p{{L}}\p{{M}}\p{{Nd}}{_SPECIAL}])[#\uff03](?![\ufe0f\u20e3])"
    rf"((?=[\p{{Nd}}{_SPECIAL}\p{{M}}]*+[\p{{L}}{_EMOJI}]){_TAG_CHARACTER}++)(?![#\uff03]|://|\u2026$)"
)
_CASHTAG = regex.compile(
    r"(?<![^\s\u200e\u200f\u202a-\u202e\u2066-\u2069])[$\uff04]([A-Za-z]{1,6}+(?:[._][A-Za-z]{1,2})?+)"
    r"(?=$|\s|[!-/:-@\[-`{-~\u3001-\u303f\uff01-\uff65])"
)


@lru_cache(maxsize=1 << 16)
def canonical_topic(text: str) -> str | None:
    """The one spelling of a topic: NFKC, case folded, white space collapsed, nothing invisible.

    Signs stay: ``#Tag`` is ``#tag``, ``$AAPL`` is ``$aapl``. Named topics keep their whole text, so that
    two of them are the same only where they differ in case, width or white space alone. The result is
    its own canonical spelling. Case folding and NFKC are repeated until neither changes anything, as
    Unicode's NFKC_Casefold asks (Unicode Standard, section 3.13).

    Returns:
        At most `MAX_TOPIC_CHARACTERS` characters, or None where nothing but signs would be left.
    """
    if text.isascii() and text.isprintable():
        folded = " ".join(text.lower().split())
    else:
        folded = text
        while (again := _fold(folded)) != folded:
            folded = again
    folded = folded[:MAX_TOPIC_CHARACTERS].rstrip()
    return None if _SIGNS_ONLY.fullmatch(folded) else folded


def _fold(text: str) -> str:
    spaced = " ".join(text.split())
    visible = _INVISIBLE.sub("", spaced)
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).casefold())


def canonical_hashtag(text: str) -> str | None:
    """The canonical spelling of a hashtag, without its sign; None where nothing is left.

    A hashtag is one word: white space inside it is dropped.
    """
    tag = text
    while (topic := canonical_topic(tag)) is not None:
        word = topic.lstrip("#$").replace(" ", "")
        if word == tag:
            return tag
        # What the space held apart may now compose into one character.
        tag = word
    return None


def hashtags_in(text: str) -> list[str]:
    """Hashtags of a text as written, without the sign: no parts of URLs, entities or bare numbers."""
    if "#" not in text and "\uff03" not in text:
        return []
    return _HASHTAG.findall(_URL.sub(" ", text))


def cashtags_in(text: str) -> list[str]:
    """Cashtags of a text as written, without the sign: `$` and 1 to 6 letters, so never an amount."""
    if "$" not in text and "\uff04" not in text:
        return []
    return _CASHTAG.findall(_URL.sub(" ", text))


def hashtags_of(event: Event) -> list[str]:
    """The event's hashtags in canonical spelling, without sign, each once, in order."""
    listed: Iterable[str] = event.hashtags
    if _may_be_searched(event) and not event.hashtags:
        listed = hashtags_in(event.text)
    return list(dict.fromkeys(tag for tag in map(canonical_hashtag, listed) if tag))


def topics_of(event: Event) -> list[str]:
    """The event's topics in canonical spelling, each once: hashtags, then what the source names.

    The text is searched for hashtags only where the event lists none, and for cashtags only where it
    names no topic, because a source that lists them knows better. The text of an archive's event that
    names its topic is not searched at all: there, `#eval` may be a command.
    """
    return topics_with(event, hashtags_of(event))


def topics_with(event: Event, hashtags: Iterable[str]) -> list[str]:
    """`topics_of` where the canonical hashtags are known already."""
    named: Iterable[str] = event.topics
    if not event.topics:
        named = ("$" + tag for tag in cashtags_in(event.text))
    canonical = [f"#{tag}"[:MAX_TOPIC_CHARACTERS] for tag in hashtags]
    canonical += [topic for topic in map(canonical_topic, named) if topic]
    return list(dict.fromkeys(canonical))


def _may_be_searched(event: Event) -> bool:
    return event.source != "archive" or not event.topics
