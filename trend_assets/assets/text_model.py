"""The text embedding model, loaded once a process."""

from __future__ import annotations

from functools import cache

from trend_assets.enrichment.embedder import RealtimeTextEmbedder
from trend_assets.settings import EmbeddingSettings


@cache
def text_model(settings: EmbeddingSettings) -> RealtimeTextEmbedder:
    """Loading takes seconds: a process does it once a model."""
    return RealtimeTextEmbedder(settings.model, batch_size=settings.batch_size, device=settings.device)
