"""What the parsers of both tweet formats share: tags, links, escapes."""

from __future__ import annotations

from typing import Any

from trend_assets.sources.event import Rejected
from trend_assets.sources.wire import tags
from trend_assets.sources.wire.values import identifier, mappings, strings, text


def tweet_id(said: Any) -> str:
    """A tweet's id.

    Raises:
        Rejected: there is none, or not a whole number (spreadsheets write ``1.75E+18`` and lose digits for good).
    """
    if said is None or said == "":
        raise Rejected("no tweet id")
    known = identifier(said)
    if known is None or not (known.isascii() and known.isdigit()):
        raise Rejected(f"tweet id {str(said)[:40]!r} is not a whole number: a spreadsheet may have cut off its digits")
    return known


def unescape(written: str) -> str:
    """The text as it was typed; the platform escapes exactly these three characters."""
    if "&" not in written:
        return written
    return written.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def was_cut(written: str) -> bool:
    """Whether the platform cut the text, as it does with long retweets."""
    return written.rstrip().endswith("…")


def listed_tags(items: Any, key: str) -> tuple[str, ...] | None:
    """The tags of an entity list, each once; None where there is no list to trust."""
    if not isinstance(items, list):
        return None
    return tuple(dict.fromkeys(strings(items, key))) if items else ()


def hashtags_or_text(listed: tuple[str, ...] | None, written: str) -> tuple[str, ...]:
    """The listed hashtags, or those of the text where none were delivered."""
    return tags.hashtags(unescape(written)) if listed is None else listed


def cashtags_or_text(listed: tuple[str, ...] | None, written: str) -> tuple[str, ...]:
    """The cashtags with their sign: the listed ones, or those of the text."""
    found = tags.cashtags(unescape(written)) if listed is None else listed
    return tuple(f"${tag}" for tag in found)


def expanded_urls(items: Any) -> list[str]:
    """Where the links of an entity list lead."""
    if not items:
        return []
    links = []
    for item in mappings(items):
        link = text(item.get("unwound_url")) or text(item.get("expanded_url")) or text(item.get("url"))
        if link:
            links.append(link)
    return links
