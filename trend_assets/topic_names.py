"""Normalization of topic names in any script, shared by the lake and by searches."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import regex

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


def canonical_beginning(text: str) -> str:
    """The beginning of topics as they are spelled, from what people type; a sign alone stays one."""
    return canonical_topic(text) or text.strip()
