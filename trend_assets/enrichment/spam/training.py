"""Fits the model of spam texts to labelled files, and says how right it was on files that it had not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import regex

from trend_assets.enrichment.spam.cleaning import normalised, visible
from trend_assets.enrichment.spam.features import FAMILIES, LEXICON_FILE, Features, Grams, Lexicon, features, hash_of
from trend_assets.enrichment.spam.text_model import Floats, Read, Table, TextModel, look_up

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

#: Inverse strengths of L2 regularisation that cross-validation chooses from.
STRENGTHS = (20.0, 60.0, 180.0)
#: Of what tells the texts from ordinary posts.
_OWN_STRENGTH, _FAMILIAR_STRENGTH = 3.0, 10.0
#: Groups that a single file is split into.
_FOLDS = 5
#: N-grams of a family that are kept, the most frequent first: more labelled texts make no larger file.
_MOST_NGRAMS = 60_000
_LEAST = 10

_LETTERS = regex.compile(r"\p{L}+")

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts of one file, and whether each is spam (1) or not (0)."""

    name: str
    texts: Sequence[str]
    labels: Labels


@dataclass(frozen=True, slots=True)
class Trained:
    """A model, and its figures on held-out groups: F1 at one half, and average precision."""

    model: TextModel
    strength: float
    f1: float
    average_precision: float


def train(files: Sequence[Labelled], ordinary: Sequence[str] = (), lexicon_text: str | None = None) -> Trained:
    """A model of all files; its strength, its calibration and what it knows come from leaving out one file at a time.

    Args:
        files: at least one; a single one is split into five parts, equal texts in the same.
        ordinary: posts of other kinds, unlabelled: on such texts the model is to say nothing.
        lexicon_text: JSON as `lexicon.json`.

    Raises:
        ValueError: there are fewer than ten texts of a label.
    """
    from sklearn.metrics import average_precision_score, f1_score

    lexicon_text = lexicon_text or LEXICON_FILE.read_text(encoding="utf-8")
    lexicon = Lexicon.read(lexicon_text)
    texts = [text for file in files for text in file.texts]
    labels = np.concatenate([file.labels for file in files])
    if min((labels == 0).sum(), (labels == 1).sum()) < _LEAST:
        raise ValueError(f"a model needs at least {_LEAST} texts that are spam and {_LEAST} that are not")
    read = features(texts, lexicon)
    unlike = features([*ordinary, *map(_turned_round, texts)], lexicon)
    folds = [_Fold.of(read, unlike, labels, rest, here) for rest, here in _split(files, texts)]
    tried = [_held_out(folds, labels, strength) for strength in STRENGTHS]
    best = min(range(len(STRENGTHS)), key=lambda at: tried[at].loss)
    tables = _tables(read)
    own, fitted = look_up(read, tables), _fit(look_up(read, tables), labels, STRENGTHS[best])
    spam, dense = _divided(fitted.coef_[0], tables)
    others = look_up(features(ordinary, lexicon), tables) if ordinary else None
    alike, own_bias = _against_ordinary(own, others, tables)
    model = TextModel(
        {name: replace(table, spam=spam[name], own=alike[name]) for name, table in tables.items()},
        dense, float(fitted.intercept_[0]), tried[best].slope, own_bias, _familiar(folds), lexicon, lexicon_text, {},
    )  # fmt: skip
    sums = tried[best].sums
    return Trained(
        model, STRENGTHS[best], float(f1_score(labels, sums > 0)), float(average_precision_score(labels, sums))
    )


@dataclass(frozen=True, slots=True)
class _Fold:
    """One group held out: what the tables of the rest hold of the rest, of the group, and of texts unlike both."""

    rest: Read
    here: Read
    unlike: Read
    labels: Labels
    held_out: npt.NDArray[np.int64]

    @classmethod
    def of(
        cls, read: Features, unlike: Features, labels: Labels, rest: npt.NDArray[np.int64], here: npt.NDArray[np.int64]
    ) -> _Fold:
        part = _of(read, rest)
        tables = _tables(part)
        return cls(look_up(part, tables), look_up(_of(read, here), tables), look_up(unlike, tables), labels[rest], here)


@dataclass(frozen=True, slots=True)
class _HeldOut:
    sums: Floats
    loss: float
    slope: float


def _held_out(folds: Sequence[_Fold], labels: Labels, strength: float) -> _HeldOut:
    """Scores of each group by a model of the others, and the temperature that makes them probabilities."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss

    sums = np.zeros(len(labels))
    for fold in folds:
        sums[fold.held_out] = _fit(fold.rest, fold.labels, strength).decision_function(_matrix(fold.here))
    scaled = LogisticRegression(C=1e6, fit_intercept=False).fit(sums[:, None], labels)
    loss = log_loss(labels, scaled.predict_proba(sums[:, None])[:, 1])
    return _HeldOut(sums, loss, float(scaled.coef_[0, 0]))


def _fit(read: Read, labels: Labels, strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=strength, solver="liblinear", max_iter=1000, random_state=0)
    return fitted.fit(_matrix(read), labels)


def _against_ordinary(
    own: Read, others: Read | None, tables: Mapping[str, Table]
) -> tuple[dict[str, npt.NDArray[np.float32]], float]:
    """Weights by family, and a bias, that tell the labelled texts from ordinary posts; nothing where there are none."""
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression

    if others is None:
        return {name: np.zeros(len(table.keys), np.float32) for name, table in tables.items()}, 10.0
    matrix = vstack([_matrix(own, dense=False), _matrix(others, dense=False)])
    which = np.repeat([1, 0], [len(own.dense), len(others.dense)])
    fitted = LogisticRegression(C=_OWN_STRENGTH, class_weight="balanced", solver="liblinear", random_state=0)
    fitted.fit(matrix, which)
    return _divided(fitted.coef_[0], tables)[0], float(fitted.intercept_[0])


def _familiar(folds: Sequence[_Fold]) -> Floats:
    """Weights of the shares of known n-grams, and a bias: held-out texts against those that are unlike."""
    from sklearn.linear_model import LogisticRegression

    shares = np.vstack([part.shares for fold in folds for part in (fold.here, fold.unlike)])
    which = np.concatenate([np.repeat([1, 0], [len(fold.here.dense), len(fold.unlike.dense)]) for fold in folds])
    fitted = LogisticRegression(C=_FAMILIAR_STRENGTH, class_weight="balanced").fit(shares, which)
    return np.append(fitted.coef_[0], fitted.intercept_[0])


def _matrix(read: Read, dense: bool = True) -> csr_matrix:
    """N-grams of all families side by side, and the hand-made features behind them."""
    from scipy.sparse import csr_matrix, hstack

    count = len(read.dense)
    parts = [
        csr_matrix((grams.value, (grams.text, grams.row)), (count, read.sizes[family]))
        for family, grams in read.grams.items()
    ]
    return hstack([*parts, csr_matrix(read.dense)] if dense else parts).tocsr()


def _divided(
    weights: Floats, tables: Mapping[str, Table]
) -> tuple[dict[str, npt.NDArray[np.float32]], npt.NDArray[np.float32]]:
    """Weights by family, and what is left behind them."""
    parts = np.split(weights.astype(np.float32), np.cumsum([len(table.keys) for table in tables.values()]))
    return dict(zip(tables, parts[:-1], strict=True)), parts[-1]


def _tables(read: Features) -> dict[str, Table]:
    return {family: _table(read.grams[family], len(read.dense)) for family in FAMILIES}


def _table(grams: Grams, texts: int) -> Table:
    """The n-grams of a family with their inverse document frequency; weights are still to be fitted."""
    pairs = np.unique(grams.text << 32 | grams.key.astype(np.int64))
    keys, frequency = np.unique((pairs & 0xFFFFFFFF).astype(np.uint32), return_counts=True)
    if len(keys) > _MOST_NGRAMS:
        kept = np.sort(np.argsort(-frequency, kind="stable")[:_MOST_NGRAMS])
        keys, frequency = keys[kept], frequency[kept]
    idf = (np.log((1 + texts) / (1 + frequency)) + 1).astype(np.float32)
    none = np.zeros(len(keys), np.float32)
    return Table(keys, idf, none, none)


def _of(read: Features, texts: npt.NDArray[np.int64]) -> Features:
    """The features of some of the texts, which are numbered anew."""
    place = np.full(len(read.dense), -1)
    place[texts] = np.arange(len(texts))

    def part(grams: Grams) -> Grams:
        here = place[grams.text] >= 0
        return Grams(place[grams.text[here]], grams.key[here])

    return Features({name: part(grams) for name, grams in read.grams.items()}, part(read.words), read.dense[texts])


def _split(
    files: Sequence[Labelled], texts: Sequence[str]
) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """For each group, the numbers of the texts outside it and in it."""
    if len(files) > 1:
        groups = np.repeat(np.arange(len(files)), [len(file.texts) for file in files])
    else:
        groups = np.array([hash_of(normalised(visible(text))) % _FOLDS for text in texts])
    return [(np.flatnonzero(groups != group), np.flatnonzero(groups == group)) for group in np.unique(groups)]


def _turned_round(text: str) -> str:
    """Each word backwards: the shape of the text in a language that nobody speaks."""
    return _LETTERS.sub(lambda word: word.group()[::-1], visible(text))
