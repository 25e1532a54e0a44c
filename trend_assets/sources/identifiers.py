"""Which users and contents a payload names, wherever in it their ids stand.

A retweet carries the tweet that it repeats, a comment the channel that it stands under: whoever is to be
forgotten must be found there, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from trend_assets.sources.event import Rejected
from trend_assets.sources.wire.values import loads

#: Formats of platforms, whose keys are known. In tables of other communities a number may be anything.
_TABLES = "columns:"
_ID_KEY = re.compile(
    r"(^|_)(id|ids|id_str|did|uri|cid|value|authors?)$|I[dD]s?$|(^|_)url$|Url$|^(by|actor|attributedTo|inReplyTo|object|parent)$",
    re.ASCII,
)
_PARTS = re.compile(r"[/?#&=]")
_TOKENS = re.compile(r"[\w:.-]+")


def identifiers(format: str, raw_data: str) -> frozenset[str]:
    """Every value that stands where ids stand, and the parts of addresses among them.

    Args:
        format: as in `raw_events.format`; of column maps nothing is told, for their columns may mean anything.
        raw_data: the payload, JSON text.
    """
    if format.startswith(_TABLES):
        return frozenset()
    try:
        payload = loads(raw_data)
    except Rejected:
        return tokens(raw_data)
    return frozenset(_walk(payload, named=False))


def context_identifiers(context: str) -> frozenset[str]:
    """The same for `events.context`, whatever the format was."""
    return identifiers("", context)


def tokens(text: str) -> frozenset[str]:
    """Every run of characters that an id may consist of; for what cannot be read as JSON."""
    return frozenset(part for found in _TOKENS.findall(text) for part in (found, found.strip(".:-")))


def _walk(value: Any, named: bool) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _walk(inner, bool(_ID_KEY.search(key)))
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, named)
    elif named and isinstance(value, str):
        yield value
        yield from _PARTS.split(value) if "/" in value else ()
    elif named and isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
