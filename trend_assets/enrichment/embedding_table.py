"""Rows of `EVENT_EMBEDDINGS`: vectors taken from the cache where known, computed where not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import polars as pl

from trend_assets.enrichment.embedder import normalise_text, text_hash
from trend_assets.lake.tables import EVENT_EMBEDDINGS

_VECTOR = pl.List(pl.Float32)


class Embedder(Protocol):
    """What turns texts into vectors: `trend_assets.enrichment.embedder.RealtimeTextEmbedder`."""

    model_name: str

    def embed(self, texts: Sequence[str], batch_size: int = 0) -> np.ndarray:
        """Vectors of texts, (n, width) float32; a batch size of 0 is the usual one."""
        ...


class EmbeddingFrame(NamedTuple):
    """Rows of `EVENT_EMBEDDINGS`, and how many different texts were computed and taken from the cache."""

    frame: pl.DataFrame
    embedded: int
    cached: int


def text_hashes(events: pl.DataFrame) -> pl.DataFrame:
    """A row for every event that says something: ``id``, ``hour``, ``edge_weight``, ``text``, ``text_hash``.

    The text is normalised. What it leaves out: events whose text is empty, or nothing but links and white space.
    """
    texts = events["text"].unique(maintain_order=True).to_list()
    normalised = pl.DataFrame(
        {
            "text": texts,
            "normalised": [normalise_text(text) for text in texts],
            "text_hash": [text_hash(text) for text in texts],
        },
        schema={"text": pl.String, "normalised": pl.String, "text_hash": pl.String},
    ).filter(pl.col("normalised") != "")
    return (
        events.select("id", "hour", "edge_weight", "text")
        .join(normalised, on="text", how="inner", maintain_order="left")
        .select("id", "hour", "edge_weight", pl.col("normalised").alias("text"), "text_hash")
    )


def missing_texts(texts: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Of the rows of `text_hashes` those whose text has no vector yet.

    Args:
        texts: as `text_hashes` gives them.
        known: as for `embedding_frame`.
    """
    return texts.join(_cache(known), on="text_hash", how="anti", maintain_order="left")


def embedding_frame(
    texts: pl.DataFrame,
    known: pl.DataFrame | None,
    embedder: Embedder,
    only: Collection[str] | None = None,
    batch_size: int = 0,
) -> EmbeddingFrame:
    """The events' vectors, as `EVENT_EMBEDDINGS`, in the order of the events.

    The embedder is not touched where every text is known.

    Args:
        texts: of the events, as `text_hashes` gives them.
        known: ``text_hash`` and ``embedding`` of the same model from earlier; None where there are none.
            Look up the hashes of `text_hashes` to hand in only what is needed.
        embedder: computes what is not known.
        only: hashes of the texts that it computes; the others have no row. By default all.
        batch_size: texts that it computes at once, where that is more than usual.
    """
    cache = _cache(known)
    missing = (
        texts.select("text_hash", "text")
        .unique("text_hash", keep="first", maintain_order=True)
        .join(cache, on="text_hash", how="anti", maintain_order="left")
    )
    cached = texts["text_hash"].n_unique() - missing.height
    if only is not None:
        missing = missing.filter(pl.col("text_hash").is_in(list(only)))
    if missing.height:
        vectors = np.ascontiguousarray(embedder.embed(missing["text"].to_list(), batch_size), dtype=np.float32)
        computed = pl.DataFrame({"text_hash": missing["text_hash"], "embedding": vectors}).with_columns(
            pl.col("embedding").cast(_VECTOR)
        )
        cache = pl.concat([cache, computed])
    frame = texts.join(cache, on="text_hash", how="inner", maintain_order="left").select(
        "id", "hour", "text_hash", pl.lit(embedder.model_name).alias("model"), "embedding"
    )
    return EmbeddingFrame(EVENT_EMBEDDINGS.conform(frame), missing.height, cached)


def _cache(known: pl.DataFrame | None) -> pl.DataFrame:
    if known is None:
        return pl.DataFrame(schema={"text_hash": pl.String, "embedding": _VECTOR})
    return known.select("text_hash", pl.col("embedding").cast(_VECTOR)).unique("text_hash", keep="first")
