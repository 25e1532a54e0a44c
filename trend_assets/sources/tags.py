"""Hashtags and cashtags in plain text, for posts whose entities are missing.

After twitter-text's rules: a hashtag does not follow a letter, a digit or `&`, is not part of an address,
is not followed by another without a space, and holds a letter;
a cashtag follows white space and is one to six letters, perhaps with a class of shares (`$BRK.A`).
What an ellipsis cuts off is no tag.
"""

from __future__ import annotations

import re
import unicodedata

_CASHTAG = re.compile(r"(?:^|(?<=\s))\$([A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?)(?=$|[\s!-/:-@\[-`{-~])")
_HASH_SIGNS = "#\N{FULLWIDTH NUMBER SIGN}"
_JOINERS = "_\u00b7\u30fb\u200c\u200d"
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)


def hashtags(text: str) -> tuple[str, ...]:
    """Hashtags as written, without the sign, each once, in any script."""
    if not any(sign in text for sign in _HASH_SIGNS):
        return ()
    found: dict[str, None] = {}
    position = 0
    while position < len(text):
        if text[position] in _HASH_SIGNS and _may_start(text, position):
            end = _tag_end(text, position + 1)
            tag = text[position + 1 : end].rstrip("\u200c\u200d\u00b7\u30fb")
            if _may_end(text, end) and any(character.isalpha() for character in tag):
                found[tag] = None
            position = max(end, position + 1)
        else:
            position += 1
    return tuple(found)


def _may_start(text: str, position: int) -> bool:
    before = text[position - 1] if position else " "
    if before == "/":
        return "://" not in text[:position].split()[-1]
    return not (before.isalnum() or before in "_&")


def _may_end(text: str, end: int) -> bool:
    return text[end : end + 1] not in tuple(_HASH_SIGNS) and text[end:].rstrip() != "…"


def _tag_end(text: str, start: int) -> int:
    end = start
    while end < len(text) and _in_tag(text[end]):
        end += 1
    return end


def _in_tag(character: str) -> bool:
    if character.isalnum() or character in _JOINERS:
        return True
    # Vowel signs and accents are part of a word in most scripts; emoji selectors are not.
    return unicodedata.category(character) in ("Mn", "Mc") and ord(character) not in _VARIATION_SELECTORS


def cashtags(text: str) -> tuple[str, ...]:
    """Cashtags as written, without the sign, each once."""
    return tuple(dict.fromkeys(_CASHTAG.findall(text))) if "$" in text else ()
