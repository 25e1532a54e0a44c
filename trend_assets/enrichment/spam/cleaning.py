"""Texts as the spam model reads them: without markup, and with addresses, names and numbers as marks of their kind."""

from __future__ import annotations

import html
import re
import unicodedata

import regex

#: Longer texts are read so far.
READ_AT_MOST = 2_000

_TAG = re.compile(r"<br\s*/?>|</?[a-z][^<>]{0,400}>", re.IGNORECASE)
_INVISIBLE = regex.compile(r"[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Cs}]+")
_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S+"
    r"|(?<![\w@.])[\w-]{2,64}\s?\.\s?(?:com|net|org|info|biz|tk|ly|tv|gl|gg|ru|de|uk|co)\b(?:/\S*)?"
    r"|\bwatch\?v=\S+",
    re.IGNORECASE,
)
_HOST = re.compile(r"(?:https?://)?(?:www\.)?([\w-]+(?:\.[\w-]+)*)")
_NAMELESS_LABELS = frozenset(("com", "net", "org", "co", "uk", "m"))
_MENTION = re.compile(r"(?<!\w)[@+][\w.]+")
_TIME = re.compile(r"\b\d{1,2}:\d\d\b")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_REPEATED = re.compile(r"(.)\1{2,}", re.DOTALL)


def visible(text: str) -> str:
    """What a reader sees: entities resolved (also those that were escaped twice), markup and invisible signs gone."""
    text = text[:READ_AT_MOST]
    for _ in range(2):
        if "&" in text:
            text = html.unescape(text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    return text if text.isascii() else _INVISIBLE.sub("", text)


def addresses(text: str) -> list[str]:
    """Web addresses in a visible text."""
    return _ADDRESS.findall(text) if _may_hold_addresses(text) else []


def without_addresses(text: str) -> str:
    """A visible text with a space for each address."""
    return _ADDRESS.sub(" ", text) if _may_hold_addresses(text) else text


def _may_hold_addresses(text: str) -> bool:
    return "." in text or "://" in text or "watch?v=" in text


def mentions(text: str) -> int:
    """How many accounts a visible text names."""
    return len(_MENTION.findall(text)) if "@" in text or "+" in text else 0


def has_time(text: str) -> bool:
    """Whether a visible text names a moment of a video or a day, e.g. `2:19`."""
    return ":" in text and _TIME.search(text) is not None


def normalised(text: str) -> str:
    """A visible text, folded: `See youtu.be/x AT 2:19!!!!` is `see xurl xbe at xtime !!`, with spaces as they come."""
    text = unicodedata.normalize("NFKC", text).casefold()
    if _may_hold_addresses(text):
        text = _ADDRESS.sub(_site, text)
    text = _MENTION.sub(" xmention ", _TIME.sub(" xtime ", text))
    return _REPEATED.sub(r"\1\1", _NUMBER.sub("0", text))


def _site(found: re.Match[str]) -> str:
    address = found.group().replace(" ", "")
    if "watch?v=" in address:
        return " xurl xyoutubevideo "
    if "youtube" in address and ("/channel" in address or "/user" in address):
        return " xurl xyoutubechannel "
    host = _HOST.match(address)
    labels = [label for label in host.group(1).split(".") if label not in _NAMELESS_LABELS] if host else []
    return f" xurl x{labels[-1] if labels else ''} "
