"""Serializes the phrase tracker's state at the start of a day.

Neither users nor texts are in it. What it names are phrases and tags that several users of a day had said, so that
it may stay when one of them is forgotten.
"""

from __future__ import annotations

import numpy as np
import orjson
import zstandard

from trend_assets.enrichment.phrases.choice import Choice
from trend_assets.enrichment.phrases.significance import CELLS, ROWS, PhraseBaseline
from trend_assets.enrichment.phrases.tracker import Member, Tracker


def pack(tracker: Tracker) -> bytes:
    """The state of a tracker that has just ended a day."""
    told = {
        "day": tracker.day,
        "weight": tracker.past.weight,
        "members": [
            [str(key), one.topic, one.phrase, one.last, one.strong] for key, one in sorted(tracker.members.items())
        ],
        "tags": [[name, tag, last] for name, (tag, last) in sorted(tracker.tags.items())],
        # In the order in which they are dropped.
        "names": [[str(key), name] for key, name in tracker.names.items()],
    }
    head = orjson.dumps(told)
    arrays = tracker.past.mean.tobytes() + tracker.past.variance.tobytes()
    return zstandard.compress(len(head).to_bytes(8, "little") + head + arrays, 6)


def unpack(state: bytes, choice: Choice) -> Tracker:
    """A tracker as it was; its window is empty.

    Raises:
        ValueError: these bytes are no state.
    """
    try:
        raw = zstandard.decompress(state)
        end = 8 + int.from_bytes(raw[:8], "little")
        told = orjson.loads(raw[8:end])
        mean, variance = np.frombuffer(raw[end:], np.float32).reshape(2, ROWS, CELLS)
    except (zstandard.ZstdError, orjson.JSONDecodeError, ValueError) as error:
        raise ValueError(f"no state of the phrases: {error}") from error
    tracker = Tracker(choice)
    tracker.day = told["day"]
    tracker.past = PhraseBaseline(mean.copy(), variance.copy(), told["weight"])
    tracker.members = {
        int(key): Member(topic, phrase, last, strong) for key, topic, phrase, last, strong in told["members"]
    }
    tracker.tags = {name: (tag, last) for name, tag, last in told["tags"]}
    tracker.names = {int(key): name for key, name in told["names"]}
    return tracker
