"""What people search for as a vector, by the text model that embeds the posts."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Annotated

import numpy as np
from fastapi import Depends, Request

from trend_assets.enrichment.embedder import ModelUnavailable, RealtimeTextEmbedder
from trend_assets.settings.forecasting import EmbeddingSettings

_KEPT = 1024


class TextModel:
    """Embeds one text at a time and keeps the newest 1,024; loads the model when it is first asked.

    Args:
        settings: which model, and where it computes.
    """

    def __init__(self, settings: EmbeddingSettings) -> None:
        self.name = settings.model
        self._embedder = RealtimeTextEmbedder(settings.model, device=settings.device)
        self._one = threading.Lock()
        self._known: OrderedDict[str, np.ndarray] = OrderedDict()

    def vector(self, text: str) -> np.ndarray | None:
        """The text's vector, of unit length; None where the model cannot be had."""
        with self._one:
            if text in self._known:
                self._known.move_to_end(text)
                return self._known[text]
            try:
                found: np.ndarray = self._embedder.embed([text])[0]
            except ModelUnavailable:
                return None
            self._known[text] = found
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
            return found


async def text_model(request: Request) -> TextModel:
    """The application's text model, as a FastAPI dependency; async, so that it needs no thread of the pool."""
    found = request.app.state.text_model
    assert isinstance(found, TextModel)
    return found


Model = Annotated[TextModel, Depends(text_model)]
