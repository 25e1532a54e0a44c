"""Extracts hashtags and cashtags from plain text, for platforms that do not list them.

After Twitter's published rules (github.com/twitter/twitter-text, ``validHashtag`` and ``validCashtag``): a
hashtag follows no letter, digit or `&`, is no part of an address, is followed by no other one without a space, and
holds a letter; a cashtag follows white space and is one to six letters, perhaps with a class of shares (`$BRK.A`).
With one extension: a hashtag may begin with an emoji, as on YouTube, Instagram and TikTok. What an ellipsis cuts
off is no tag: it is not what was written.
"""

from __future__ import annotations

import regex

_URL = regex.compile(r"(?:https?://|www\.)\S+|(?<![\w@.$#-])[\w-]++(?:\.[\w-]++)*\.[a-z]{2,24}/\S*", regex.IGNORECASE)
# twitter-text's special characters of a hashtag: joiners, middle dots, Hebrew and Japanese marks.
_SPECIAL = r"_\u200c\u200d\ua67e\u05be\u05f3\u05f4\uff5e\u301c\u309b\u309c\u30a0\u30fb\u3003\u0f0b\u0f0c\u00b7"
_EMOJI = r"\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\U000e0020-\U000e007f"
_LETTERS = rf"\p{{L}}\p{{M}}\p{{Nd}}{_SPECIAL}"
# A word ends at the emoji behind it, and what makes that emoji one is no part of the word.
_WORD = rf"(?=[\p{{Nd}}\p{{M}}{_SPECIAL}]*+\p{{L}})(?:(?![\ufe00-\ufe0f])[{_LETTERS}])++"
_PICTURE = rf"(?=[{_EMOJI}])[{_LETTERS}{_EMOJI}]++"
_HASHTAG = regex.compile(rf"(?<![&{_LETTERS}])[#\uff03](?![\ufe0f\u20e3])({_WORD}|{_PICTURE})(?![#\uff03]|://|\u2026$)")
_CASHTAG = regex.compile(
    r"(?<![^\s\u200e\u200f\u202a-\u202e\u2066-\u2069])[$\uff04]([A-Za-z]{1,6}+(?:[._][A-Za-z]{1,2})?+)"
    r"(?=$|\s|[!-/:-@\[-`{-~\u3001-\u303f\uff01-\uff65])"
)
_JOINERS = "\u200c\u200d\u00b7\u30fb"


def hashtags(text: str) -> tuple[str, ...]:
    """Hashtags as written, without the sign, each once, in any script."""
    if "#" not in text and "\uff03" not in text:
        return ()
    return tuple(dict.fromkeys(tag.rstrip(_JOINERS) for tag in _HASHTAG.findall(_URL.sub(" ", text.rstrip()))))


def cashtags(text: str) -> tuple[str, ...]:
    """Cashtags as written, without the sign, each once: `$` and 1 to 6 letters, so never an amount."""
    if "$" not in text and "\uff04" not in text:
        return ()
    return tuple(dict.fromkeys(_CASHTAG.findall(_URL.sub(" ", text))))
