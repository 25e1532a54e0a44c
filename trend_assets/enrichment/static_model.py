"""A text model without a network: a table of token vectors whose mean stands for the text.

The table is distilled from an exact model as model2vec does (Tulkens and van Dongen, 2024): each token is embedded
alone and weighted by how rare it is (Arora, Liang and Ma, "A Simple but Tough-to-Beat Baseline for Sentence
Embeddings", ICLR 2017). Then it is fitted to the exact model's vectors of real posts, as tokenlearn does, here by
ridge regression in closed form, so that static vectors lie in the space of the exact ones.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse

from trend_assets.enrichment.embedder import RealtimeTextEmbedder, normalise_text, text_hash
from trend_assets.errors import TrendError

Floats = npt.NDArray[np.float32]

#: Different texts that the table is fitted to at most: the regression solves a system of this size.
MOST_TEXTS = 8_000
LEAST_TEXTS = 200

_HELD_OUT = 0.1
_RARITY = 1e-3
# Chosen on 200 to 4,000 tweets of 2014, by the neighbours of 1,500 others.
_TURN = 0.3
_RIDGE = 0.03
_NEIGHBORS = 10


class DistillationError(TrendError):
    """No static model can be made of this model or these texts; the message says why."""


@dataclass(frozen=True, slots=True)
class StaticModel:
    """A fitted table and how near it comes to the exact model on texts that the fit had not seen.

    Args:
        table: a vector for each token of the vocabulary; shape (tokens, width).
        tokenizer: the exact model's, a `tokenizers.Tokenizer`.
        cosine: mean cosine of static and exact vectors of the same text.
        neighbors: share of a text's ten nearest by exact vectors that are among the ten nearest by static ones.
        texts: how many different texts it was fitted to.
    """

    table: Floats
    tokenizer: Any
    cosine: float
    neighbors: float
    texts: int

    @property
    def name(self) -> str:
        """`static-` and eight hex digits of the table: another table has another name."""
        return f"static-{hashlib.blake2b(self.table.tobytes(), digest_size=4).hexdigest()}"

    def save(self, folder: Path) -> Path:
        """Writes it as sentence-transformers reads it, into a folder of its name in `folder`, which is returned."""
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import StaticEmbedding

        target = folder / self.name
        static = StaticEmbedding(self.tokenizer, embedding_weights=self.table)
        SentenceTransformer(modules=[static], device="cpu").save(str(target), create_model_card=False)
        return target


def distil(exact: RealtimeTextEmbedder, texts: Collection[str]) -> StaticModel:
    """Makes a static model that is as near as can be to an exact one.

    Args:
        exact: the model to imitate.
        texts: posts like those that it will embed; of more than `MOST_TEXTS` a sample that is always the same.

    Raises:
        DistillationError: there are fewer than `LEAST_TEXTS` different texts, or the model has no vocabulary.
    """
    wanted = {normalise_text(text) for text in texts} - {""}
    if len(wanted) < LEAST_TEXTS:
        raise DistillationError(
            f"a static model needs at least {LEAST_TEXTS} different texts, and there are {len(wanted)}: give more posts"
        )
    sample = heapq.nsmallest(MOST_TEXTS, wanted, key=lambda text: (text_hash(text), text))
    tokenizer = getattr(exact.model.tokenizer, "backend_tokenizer", None)
    if tokenizer is None:
        raise DistillationError(f"the text model {exact.model_name!r} has no vocabulary of tokens to distil")
    shares = _token_shares(tokenizer, sample)
    vectors = exact.embed(sample)
    held_out = int(len(sample) * _HELD_OUT)
    table = _fitted(_token_vectors(exact), shares[held_out:], vectors[held_out:])
    guessed = _unit(shares[:held_out] @ table)
    return StaticModel(
        table=table,
        tokenizer=tokenizer,
        cosine=float((guessed * vectors[:held_out]).sum(axis=1).mean()),
        neighbors=_shared_neighbors(guessed, vectors[:held_out]),
        texts=len(sample) - held_out,
    )


def _token_shares(tokenizer: Any, texts: Sequence[str]) -> scipy.sparse.csr_matrix:
    """The share of each token in each text; shape (texts, tokens)."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    encoded = [each.ids for each in tokenizer.encode_batch(list(texts), add_special_tokens=False)]
    rows = np.repeat(np.arange(len(texts)), [len(ids) for ids in encoded])
    columns = np.concatenate([np.asarray(ids, dtype=np.int64) for ids in encoded])
    values = np.concatenate([np.full(len(ids), 1 / max(len(ids), 1), dtype=np.float32) for ids in encoded])
    return scipy.sparse.csr_matrix((values, (rows, columns)), shape=(len(texts), tokenizer.get_vocab_size()))


def _token_vectors(exact: RealtimeTextEmbedder, batch: int = 1024) -> Floats:
    """The exact model's vector of each token alone; shape (tokens, width)."""
    import torch

    tokenizer = exact.model.tokenizer
    ids = torch.arange(tokenizer.backend_tokenizer.get_vocab_size())
    ends = [tokenizer.cls_token_id, tokenizer.sep_token_id]
    begin, end = (ids.new_full((len(ids), 0 if token is None else 1), token or 0) for token in ends)
    inputs = torch.cat([begin, ids[:, None], end], dim=1).to(exact.device)
    found = []
    with torch.inference_mode():
        for part in inputs.split(batch):
            features = {"input_ids": part, "attention_mask": torch.ones_like(part)}
            found.append(exact.model(features)["sentence_embedding"].float().cpu().numpy())
    return np.concatenate(found)


def _fitted(tokens: Floats, shares: scipy.sparse.csr_matrix, vectors: Floats) -> Floats:
    """The token vectors, weighted by rarity, mapped linearly to the texts' vectors, then moved one by one.

    Both steps are ridge regressions: the map keeps to the identity, and the tokens to where it puts them, unless
    the texts demand otherwise. With n texts fewer than tokens the second is solved in its dual form, of size n.
    """
    frequency = np.asarray(shares.mean(axis=0)).ravel()
    weighted = tokens * (_RARITY / (_RARITY + frequency))[:, None].astype(np.float32)
    means = shares @ weighted
    scale = (means * vectors).sum() / (means * means).sum()
    gram = means.T @ means
    ridge = _TURN * np.trace(gram) / len(gram) * np.eye(len(gram), dtype=np.float32)
    turned = weighted * scale + weighted @ np.linalg.solve(gram + ridge, means.T @ (vectors - scale * means))
    kernel = (shares @ shares.T).toarray()
    kernel[np.diag_indices_from(kernel)] += _RIDGE
    table = turned + shares.T @ np.linalg.solve(kernel, vectors - shares @ turned)
    return np.ascontiguousarray(table, dtype=np.float32)


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit


def _shared_neighbors(static: Floats, exact: Floats) -> float:
    near = min(_NEIGHBORS, len(exact) - 1)
    found = []
    for vectors in (static, exact):
        similarity = vectors @ vectors.T
        np.fill_diagonal(similarity, -np.inf)
        found.append(np.argsort(-similarity, axis=1)[:, :near])
    return float(np.mean([len(np.intersect1d(*pair)) / near for pair in zip(*found, strict=True)]))
