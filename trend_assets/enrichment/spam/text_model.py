"""The trained model of spam texts: a linear model over hashed n-grams, calibrated, that knows what it does not know.

Character and word n-grams with a linear model are the strong simple baseline on this data (Alberto, Lochter and
Almeida, "TubeSpam: comment spam filtering on YouTube", ICMLA 2015); counts are weighted by TF-IDF and scaled to unit
length by family, as in text retrieval (Manning, Raghavan and Schütze, 2008, ch. 6), and the score is calibrated by one
temperature (Guo et al., "On calibration of modern neural networks", ICML 2017) on files that the fit had not seen.
Loading it needs numpy and safetensors only.

A linear model extrapolates without a doubt: one trained on comments takes any post with a link for spam. So it also
says how far it knows such texts at all, by two logistic regressions: by the shares of n-grams that training has seen
(against texts with their words turned round: another language), and by the n-grams themselves, against ordinary posts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trend_assets.enrichment.spam.features import FAMILIES, Features, Grams, Keys, Lexicon, features
from trend_assets.errors import TrendError

Floats = npt.NDArray[np.float64]

FORMAT = "1"
SHIPPED = Path(__file__).with_name("shipped.safetensors")

_AT_ONCE = 512
_HALF = ("idf", "spam", "own")
_NUMBERS = ("bias", "slope", "own_bias")
#: A text is wholly known from these probabilities on: 1/3 and 1/2.
_FAMILIAR, _OWN = 3.0, 2.0


class SpamModelError(TrendError):
    """A model's file cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Table:
    """N-grams of one family, all arrays of one length.

    Attributes:
        keys: sorted hashes.
        idf: inverse document frequencies.
        spam: weights for spam.
        own: weights for being a text of the kind trained on, against ordinary posts.
    """

    keys: Keys
    idf: npt.NDArray[np.float32]
    spam: npt.NDArray[np.float32]
    own: npt.NDArray[np.float32]


class Verdicts(NamedTuple):
    """What is told of `n` texts, shape (n,).

    Attributes:
        logit: of the probability of spam, where spam is as common as in the training data.
        known: 0 to 1: how far the texts are such as the model was trained on.
    """

    logit: Floats
    known: Floats


class Weighted(NamedTuple):
    """Known n-grams, each once a text, in order of text and row: the table's row, and the TF-IDF of unit length."""

    text: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]
    value: Floats


class Read(NamedTuple):
    """Texts as a model's tables hold them.

    Attributes:
        dense: hand-made features, shape (n, columns).
        grams: by family.
        sizes: of the tables, by family.
        shares: how much of a text is in the tables (words, all of each family) and log1p of its words, shape (n, 5).
    """

    dense: npt.NDArray[np.float32]
    grams: Mapping[str, Weighted]
    sizes: Mapping[str, int]
    shares: Floats


@dataclass(frozen=True)
class TextModel:
    """A fitted model.

    Attributes:
        tables: by family of n-grams.
        dense: weights of the hand-made features, shape (columns,).
        bias: added to the sum of all.
        slope: the logit is `slope` times that sum.
        own_bias: added to the sum of the tables' `own`.
        familiar: weights of `Read.shares`, then a bias, shape (6,).
        lexicon: as it was in training.
        lexicon_text: the same as JSON.
        origin: what it was made from, in words and figures.
    """

    tables: Mapping[str, Table]
    dense: npt.NDArray[np.float32]
    bias: float
    slope: float
    own_bias: float
    familiar: Floats
    lexicon: Lexicon
    lexicon_text: str
    origin: Mapping[str, str]

    def judge(self, texts: Sequence[str]) -> Verdicts:
        """What the model says of each text; a text's verdict does not depend on the others."""
        parts = [self._judge(texts[at : at + _AT_ONCE]) for at in range(0, len(texts), _AT_ONCE)]
        if not parts:
            return Verdicts(np.empty(0), np.empty(0))
        return Verdicts(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _judge(self, texts: Sequence[str]) -> Verdicts:
        read = look_up(features(texts, self.lexicon), self.tables)
        return Verdicts(self.slope * self.sums(read), self.known(read))

    def sums(self, read: Read) -> Floats:
        """The uncalibrated scores, shape (n,)."""
        total = self.bias + _dots(read.dense, self.dense)
        for family, grams in read.grams.items():
            total += np.bincount(grams.text, grams.value * self.tables[family].spam[grams.row], minlength=len(total))
        return total

    def known(self, read: Read) -> Floats:
        """How far the texts are such as the model was trained on, 0 to 1, shape (n,)."""
        familiar = _dots(read.shares, self.familiar[:-1]) + self.familiar[-1]
        own = np.full(len(familiar), self.own_bias)
        for family, grams in read.grams.items():
            own += np.bincount(grams.text, grams.value * self.tables[family].own[grams.row], minlength=len(own))
        return np.minimum(_FAMILIAR * _sigmoid(familiar), 1.0) * np.minimum(_OWN * _sigmoid(own), 1.0)

    def save(self, file: Path) -> None:
        """Writes one safetensors file; what it was made from stands in its header."""
        from safetensors.numpy import save_file

        tensors: dict[str, npt.NDArray[Any]] = {"dense": self.dense, "familiar": self.familiar}
        for family, table in self.tables.items():
            tensors[f"{family}.keys"] = table.keys
            for name in _HALF:
                tensors[f"{family}.{name}"] = getattr(table, name).astype(np.float16)
        told = {"format": FORMAT, "numbers": json.dumps({name: getattr(self, name) for name in _NUMBERS})}
        file.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, file, {**told, "lexicon": self.lexicon_text, "origin": json.dumps(dict(self.origin))})


@lru_cache(maxsize=4)
def load(file: Path = SHIPPED) -> TextModel:
    """A stored model.

    Raises:
        SpamModelError: there is none, or it is not readable, or of another format.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, "numpy") as stored:
            told = stored.metadata() or {}
            if told.get("format") != FORMAT:
                raise SpamModelError(f"{file} is no spam model of format {FORMAT}: make one with `trend spam train`")
            arrays = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise SpamModelError(f"the spam model {file} cannot be read: {error}") from None
    tables = {
        family: Table(
            arrays[f"{family}.keys"], *(arrays[f"{family}.{name}"].astype(np.float32) for name in _HALF)
        )
        for family in FAMILIES
    }  # fmt: skip
    return TextModel(
        tables, arrays["dense"], familiar=arrays["familiar"], lexicon=Lexicon.read(told["lexicon"]),
        lexicon_text=told["lexicon"], origin=json.loads(told["origin"]), **json.loads(told["numbers"]),
    )  # fmt: skip


def look_up(read: Features, tables: Mapping[str, Table]) -> Read:
    """Features as the tables hold them."""
    texts = len(read.dense)
    grams, shares = {}, [_share(read.words, _rows(read.words.key, tables["words"].keys)[1], texts)]
    for family in FAMILIES:
        row, held = _rows(read.grams[family].key, tables[family].keys)
        grams[family] = _weighted(read.grams[family].text[held], row[held], tables[family], texts)
        shares.append(_share(read.grams[family], held, texts))
    shares.append(np.log1p(np.bincount(read.words.text, minlength=texts)))
    return Read(read.dense, grams, {name: len(table.keys) for name, table in tables.items()}, np.stack(shares, axis=1))


def _weighted(text: npt.NDArray[np.int64], row: npt.NDArray[np.int64], table: Table, texts: int) -> Weighted:
    """TF-IDF of n-grams that the table holds; a text's squares add up to one."""
    size = max(len(table.keys), 1)
    cells, counts = np.unique(text * size + row, return_counts=True)
    text, row = np.divmod(cells, size)
    value = (1.0 + np.log(counts)) * table.idf[row]
    length = np.sqrt(np.bincount(text, value * value, minlength=texts))
    return Weighted(text, row, value / length[text])


def _rows(wanted: Keys, keys: Keys) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    if not len(keys):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    row = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return row, keys[row] == wanted


def _share(grams: Grams, held: npt.NDArray[np.bool_], texts: int) -> Floats:
    seen = np.bincount(grams.text[held], minlength=texts)
    return (seen + 1.0) / (np.bincount(grams.text, minlength=texts) + 1.0)


def _dots(rows: npt.NDArray[Any], weights: npt.NDArray[Any]) -> Floats:
    """Row by row: a product of matrices would depend on how many rows there are."""
    return np.array([float(np.dot(row, weights)) for row in rows])


def _sigmoid(values: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-values))
