"""A text model that is made in a moment: one layer of untrained attention over a small vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def make_model(folder: Path, words: Iterable[str]) -> Path:
    """Writes it into a folder as sentence-transformers reads it; vectors are 32 long."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set(words))]
    parts = folder / "parts"
    parts.mkdir(parents=True)
    (parts / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizerFast(vocab=str(parts / "vocab.txt")).save_pretrained(parts)
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=len(vocabulary), **sizes)).save_pretrained(parts)
    model = SentenceTransformer(modules=[Transformer(str(parts)), Pooling(32)], device="cpu")
    model.save(str(folder / "model"), create_model_card=False)
    return folder / "model"
