"""The features that an interaction of a user with a topic may carry, independent of the tensor library."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

import numpy as np
import polars as pl

from trend_assets.graph.references import QUOTES, REPLIES_TO, REPOSTS, relation

#: The event's weight; how early in its topic's life it came; what was done; the text's projected vector; whether it
#: answers or passes on somebody's content, and the link between the two users.
MESSAGES = ("weight", "place", "type", "text", "answers")
DEFAULT_MESSAGES = ("weight", "place")
#: Those for which a mention must have more than its topic, user, time and weight.
DETAILED = ("type", "text", "answers")

#: What is done in an event; in an order that is kept, for models have learnt it.
KINDS = ("post", REPLIES_TO, REPOSTS, QUOTES, "chart", "other")
_POSTS = frozenset(("original", "upload"))
_CHARTS = frozenset(("trending", "trend", "interest"))

#: Width of a projected text vector.
TEXT_DIM = 16


def width(parts: Collection[str]) -> int:
    """How many numbers an interaction carries."""
    widths = {"weight": 1, "place": 1, "type": len(KINDS), "text": TEXT_DIM, "answers": 2}
    return sum(widths[part] for part in parts)


def kind(event_type: str | None) -> int:
    """The index in `KINDS` of an event's type."""
    if event_type in _POSTS:
        return 0
    if event_type in _CHARTS:
        return KINDS.index("chart")
    found = relation(event_type)
    return KINDS.index(found) if found in KINDS else KINDS.index("other")


def kinds(event_types: pl.Series) -> pl.Series:
    """The same for a column, as Int8."""
    names = event_types.unique().to_list()
    return event_types.replace_strict(names, [kind(name) for name in names], return_dtype=pl.Int8)


def projection(length: int) -> list[list[int]]:
    """`TEXT_DIM` rows of +1 and -1, as long as a text vector, the same in every release.

    Inner products with them keep distances in expectation (Achlioptas 2003); those of a unit vector are about one.
    """
    size = TEXT_DIM * length
    bits = np.unpackbits(np.frombuffer(hashlib.shake_256(b"projection").digest(-(-size // 8)), np.uint8))[:size]
    return (2 * bits.astype(int) - 1).reshape(TEXT_DIM, length).tolist()
