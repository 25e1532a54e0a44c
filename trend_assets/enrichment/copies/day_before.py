"""Which posts of the day before new posts are like, found in bulk: of a day of posts few are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from trend_assets.enrichment.copies.texts import BANDS, SIMILAR, Signature, Signatures, Texts, read_texts

#: By its id, the signature of a post, and the keys of bands by which it is found.
Alike = dict[str, tuple[Signature, list[int]]]


def search(parts: Sequence[pl.DataFrame], coming: Sequence[Texts]) -> tuple[pl.DataFrame, Alike]:
    """All posts of a day that can be copies, without their texts, and those that a coming post is like.

    Args:
        parts: columns `EVENT_COLUMNS`, in order of time.
        coming: later posts.
    """
    keys = pl.Series(np.concatenate([texts.bands.ravel() for texts in coming]))
    every, found, hashed = [], [], []
    for part in reversed(parts):
        texts = read_texts(part)
        every.append(texts.events.drop("text"))
        rows = pl.DataFrame({"key": texts.bands.ravel(), "row": np.repeat(np.arange(len(texts.bands)), BANDS)})
        rows = rows.filter(pl.col("key").is_in(keys.implode())).unique("key", keep="last", maintain_order=True)
        found.append(rows.select("key", id=texts.events["id"].gather(rows["row"])))
        hashed.append(texts.signatures[rows["row"].to_numpy()])
        keys = keys.filter(~keys.is_in(rows["key"].implode()))
    latest = pl.concat(found)
    order = latest["key"].arg_sort()
    signed = np.concatenate(hashed)[order.to_numpy()]
    told = _Latest(latest["key"][order].to_numpy(), latest["id"][order].to_list(), signed)
    return pl.concat(reversed(every)), told.alike(coming)


@dataclass(frozen=True, slots=True)
class _Latest:
    """Of each key of a band, in their order, the latest post that has it."""

    keys: npt.NDArray[np.uint64]
    ids: Sequence[str]
    signatures: Signatures

    def alike(self, coming: Iterable[Texts]) -> Alike:
        """By its id, the signature of each that a coming post is like, and the keys by which that is found."""
        if not self.ids:
            return {}
        like = np.zeros(len(self.ids), bool)
        for texts in coming:
            places = np.searchsorted(self.keys, texts.bands) % len(self.keys)
            for at, keys in zip(places.T, texts.bands.T, strict=True):
                same = np.flatnonzero(self.keys[at] == keys)
                alike = (self.signatures[at[same]] == texts.signatures[same]).mean(axis=1) >= SIMILAR
                like[at[same[alike]]] = True
        found: Alike = {}
        for at in np.flatnonzero(like).tolist():
            found.setdefault(self.ids[at], (self.signatures[at], []))[1].append(int(self.keys[at]))
        return found
