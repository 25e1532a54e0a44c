"""Topics of an event in one canonical spelling, whatever script they are written in.

What counts as a hashtag or cashtag in a text is told by `sources.wire.tags`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import regex

from trend_assets.sources.event import Event
from trend_assets.sources.wire import tags

#: Longer topics are cut: what is longer is a sentence, not a name.
MAX_TOPIC_CHARACTERS = 200

# Spaces and line breaks are turned into one space before this removes what is left of the controls.
_INVISIBLE = regex.compile(r"[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]+")
_SIGNS_ONLY = regex.compile(r"[#$\s]*")


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


def hashtags_of(event: Event) -> list[str]:
    """The event's hashtags in canonical spelling, without sign, each once, in order."""
    listed: Iterable[str] = event.hashtags
    if _may_be_searched(event) and not event.hashtags:
        listed = tags.hashtags(event.text)
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
        named = ("$" + tag for tag in tags.cashtags(event.text))
    canonical = [f"#{tag}"[:MAX_TOPIC_CHARACTERS] for tag in hashtags]
    canonical += [topic for topic in map(canonical_topic, named) if topic]
    return list(dict.fromkeys(canonical))


def _may_be_searched(event: Event) -> bool:
    return event.source != "archive" or not event.topics
