"""What a topic is about: the nearest prototypes of a small open list of categories, `other` where none is near.

Nearest prototypes in a space of sentence vectors are few-shot classification without training (Snell, Swersky and
Zemel, "Prototypical networks for few-shot learning", NIPS 2017). Temperature and thresholds were chosen on one half of
the titles in the tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trend_assets.errors import TrendError

OTHER = "other"
CATEGORIES_FILE = Path(__file__).with_name("categories.json")

#: Prototypes of a category whose mean cosine counts.
_NEAREST = 3
_TEMPERATURE = 0.05
#: Below this probability, or this cosine, nothing is said.
_LEAST_SURE, _LEAST_NEAR = 0.4, 0.2
#: What a topic was called before stays while it is so likely beside the best.
_STAYS = 0.8

Vectors = npt.NDArray[np.float32]
Embed = Callable[[Sequence[str]], np.ndarray]


class CategoriesError(TrendError):
    """A file of categories cannot be used; the message says why."""


@dataclass(frozen=True)
class Categories:
    """Categories and their prototypes, as vectors of one text model.

    Attributes:
        prototypes: texts by category.
        embed: texts to vectors of unit length.
    """

    prototypes: Mapping[str, Sequence[str]]
    embed: Embed

    @classmethod
    def read(cls, file: Path, embed: Embed) -> Categories:
        """From a file like `categories.json`.

        Raises:
            CategoriesError: it is none, or a category has fewer than three prototypes.
        """
        try:
            told = json.loads(file.read_text(encoding="utf-8"))["categories"]
            prototypes = {str(name): tuple(map(str, texts)) for name, texts in told.items()}
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise CategoriesError(f"{file} holds no categories: {error!r}") from None
        few = [name for name, texts in prototypes.items() if len(texts) < _NEAREST]
        if few or not prototypes:
            raise CategoriesError(f"{file}: each category needs {_NEAREST} prototypes; too few has {', '.join(few)}")
        return cls(prototypes, embed)

    @cached_property
    def _vectors(self) -> Vectors:
        return np.asarray(self.embed([text for texts in self.prototypes.values() for text in texts]), np.float32)

    def told(self, vectors: Vectors, before: Sequence[str | None]) -> list[tuple[str, float]]:
        """Category and confidence of topics.

        Args:
            vectors: of the middles of their posts, unit length, shape (n, width).
            before: what each was called last, if it was.
        """
        if not len(vectors):
            return []
        names = list(self.prototypes)
        near, probable = self._probabilities(vectors)
        answers = []
        for cosines, shares, earlier in zip(near, probable, before, strict=True):
            best = int(shares.argmax())
            if (
                earlier is not None
                and earlier in self.prototypes
                and shares[names.index(earlier)] >= _STAYS * shares[best]
            ):
                best = names.index(earlier)
            sure = float(shares[best])
            known = sure >= _LEAST_SURE and cosines[best] >= _LEAST_NEAR
            answers.append((names[best] if known else OTHER, round(sure if known else 1.0 - sure, 4)))
        return answers

    def _probabilities(self, vectors: Vectors) -> tuple[Vectors, Vectors]:
        """Mean cosine to the nearest prototypes of each category, and its softmax, shape (n, categories)."""
        cosines = vectors @ self._vectors.T
        ends = np.cumsum([len(texts) for texts in self.prototypes.values()])[:-1]
        near = np.stack(
            [np.sort(part, axis=1)[:, -_NEAREST:].mean(axis=1) for part in np.split(cosines, ends, axis=1)], axis=1
        )
        powers = np.exp((near - near.max(axis=1, keepdims=True)) / _TEMPERATURE)
        return near, powers / powers.sum(axis=1, keepdims=True)
