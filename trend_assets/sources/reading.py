"""Parses one received payload into an event, or into a rejection with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trend_assets.sources.event import Payload, Rejected
from trend_assets.sources.registry import Rejection, parser
from trend_assets.sources.wire.values import dumps

#: No platform takes a post of this length; what is longer would fill the lake and every reader's memory.
MOST_CHARACTERS = 1_000_000
#: How much of a rejected payload is kept.
_KEPT_CHARACTERS = 100_000


def read(format: str, payload: Any) -> Payload | Rejection:
    """A payload as its format's parser reads it.

    Args:
        format: one of `registry.PARSERS`.
        payload: as received; what is no JSON object is rejected, too.
    """
    raw = ""
    try:
        raw = dumps(payload)
        if not isinstance(payload, Mapping):
            raise Rejected("not a JSON object")
        if len(raw) > MOST_CHARACTERS:
            raise Rejected(f"longer than {MOST_CHARACTERS:,} characters: no post is")
        return Payload(format, raw, parser(format)(payload))
    except Rejected as error:
        return Rejection(None, str(error), (raw or str(payload))[:_KEPT_CHARACTERS], format)
