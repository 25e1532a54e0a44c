"""What of a post's text is compared, and how alike two texts are.

Texts are compared by the Jaccard similarity of their runs of five characters, estimated by MinHash (Broder, "On the
resemblance and containment of documents", 1997; rensa's R-MinHash) and found by locality-sensitive hashing (Leskovec,
Rajaraman and Ullman, "Mining of massive datasets", ch. 3): 16 bands of 4 find 99 % of the pairs at the threshold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt
import polars as pl
from rensa import RMinHash

#: Columns of events that are read.
EVENT_COLUMNS = ("id", "hour", "timestamp", "source", "event_type", "user_id", "text", "topics")
#: Similarity from which texts are near copies.
SIMILAR = 0.7
#: A shorter text is a greeting, not a copy.
SHORTEST = 20
#: Groups of numbers of a signature: texts that have one in common are compared.
BANDS = 16

# Passing a text on is what these are for: equal texts are no sign of copy and paste.
_COPIES_BY_NATURE = frozenset({"retweet", "trending", "trend", "interest"})
_PASSED_ON = re.compile(r"\W*rt @", re.IGNORECASE)
_LINK_OR_MENTION = re.compile(r"https?://\S+|@\w+")
_RUN = 5
_ROWS = 4
_SEED = 7
_READ_AT_MOST = 1_000
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
# Their runs stay in the processor's caches: of ten thousand texts at once each would take twice as long.
_HASHED_AT_ONCE = 200

Signature = npt.NDArray[np.uint32]
Signatures = npt.NDArray[np.uint32]
Bands = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Texts:
    """Posts that can be copies, in order of time, and what of their texts is compared.

    Attributes:
        events: columns `EVENT_COLUMNS`, and those that came with them; n rows.
        signatures: shape (n, 64).
        bands: shape (n, 16).
    """

    events: pl.DataFrame
    signatures: Signatures
    bands: Bands


def read_texts(events: pl.DataFrame) -> Texts:
    """Those of the events that can be copies."""
    keys = [copy_key(*row) for row in events.select("text", "event_type", "topics").iter_rows()]
    found = signatures([key for key in keys if key is not None])
    return Texts(events.filter([key is not None for key in keys]), found, band_keys(found))


def copy_key(text: str, event_type: str, topics: Sequence[str]) -> str | None:
    """What of a text is compared: without links, mentions, case and white space; None where nothing is.

    Short texts are greetings, reposts and charts repeat by nature, and a text that only names its topic was not
    written.
    """
    if len(text) < SHORTEST or event_type in _COPIES_BY_NATURE or text in topics or _PASSED_ON.match(text):
        return None
    key = " ".join(_LINK_OR_MENTION.sub(" ", text[:_READ_AT_MOST]).casefold().split())
    return key if len(key) >= SHORTEST else None


def signatures(keys: Sequence[str]) -> Signatures:
    """MinHash signatures of what `copy_key` returns, shape (n, 64)."""
    found = np.empty((len(keys), BANDS * _ROWS), np.uint32)
    for at in range(0, len(keys), _HASHED_AT_ONCE):
        some = _runs(keys[at : at + _HASHED_AT_ONCE])
        found[at : at + len(some)] = RMinHash.digests_from_token_sets(some, BANDS * _ROWS, _SEED)
    return found


def _runs(keys: Sequence[str]) -> list[list[str]]:
    """The runs of five characters of each key, none of which is shorter."""
    text = "".join(keys)
    if "\0" in text:
        # NumPy takes NUL for the end of a string.
        return [[key[at : at + _RUN] for at in range(len(key) - _RUN + 1)] for key in keys]
    # Overlapping views of one buffer become strings twice as fast as slices.
    every = np.ndarray((len(text) - _RUN + 1,), f"<U{_RUN}", text.encode("utf-32-le"), strides=(4,)).tolist()
    ends = accumulate(map(len, keys))
    return [every[end - len(key) : end - _RUN + 1] for key, end in zip(keys, ends, strict=True)]


def band_keys(found: Signatures) -> Bands:
    """For each signature one key a band, shape (n, 16); no two bands share one."""
    parts = found.reshape(len(found), BANDS, _ROWS).astype(np.uint64)
    keys: Bands = np.broadcast_to(np.arange(BANDS, dtype=np.uint64), (len(found), BANDS))
    for row in range(_ROWS):
        keys = keys * _FACTOR + parts[:, :, row]
    return keys
