"""Malformed variants of Google's XML feed of trends."""

from __future__ import annotations

import re

_ABSURD = ("Mon, 01 Jan 0001 00:00:00 +0000", "Fri, 31 Dec 9999 23:59:59 +0000", "yesterday")
_OPTIONAL = re.compile(rb"<ht:approx_traffic>[^<]*</ht:approx_traffic>|<ht:picture></ht:picture>")


def spoil_feed(kind: str | None, body: bytes, turn: int, huge: int) -> bytes:
    """The feed with one of the faults of `spoiling.SPOILS`; unchanged where that means nothing to a feed.

    Args:
        kind: which.
        body: the feed.
        turn: chooses among several ways.
        huge: length of a term that is too long, in characters.
    """
    if kind == "unknown_fields":
        return body.replace(b"<item>", b"<item><ht:novel><ht:inner/></ht:novel>")
    if kind == "missing_fields":
        return _OPTIONAL.sub(b"", body)
    if kind == "absurd_dates":
        return _with_item(body, b"a term of no time", _ABSURD[turn % len(_ABSURD)].encode())
    if kind == "huge_text":
        found = re.search(rb"<pubDate>([^<]*)</pubDate>", body)
        return _with_item(body, b"a" * huge, found[1] if found else b"")
    return body


def _with_item(body: bytes, term: bytes, published: bytes) -> bytes:
    item = b"<item><title>" + term + b"</title><pubDate>" + published + b"</pubDate></item>"
    return body.replace(b"</channel>", item + b"</channel>")
