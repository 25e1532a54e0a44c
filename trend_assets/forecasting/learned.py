"""Rankings learned from counts: one classifier a label, fitted on past cuts."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.history import History
from trend_assets.forecasting.labels import Cut
from trend_assets.forecasting.ranking import Scores
from trend_assets.forecasting.sampling import drawn

#: Below so many positives, or negatives, a label is not learnt.
MIN_EXAMPLES = 10
#: Negatives for each positive, as the forecaster's trees have them.
_NEGATIVES = 10

_BOOSTING: dict[str, Any] = {
    "subsample": 0.8,
    "subsample_freq": 1,
    "colsample_bytree": 0.6,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


class Classifier(Protocol):
    """What is needed of a scikit-learn classifier."""

    def fit(self, features: npt.NDArray[Any], labels: npt.NDArray[Any], /, **weights: npt.NDArray[Any]) -> Any:
        """Learns labels (n,) from features (n, columns), some with weights of rows; returns itself."""
        ...

    def predict_proba(self, features: npt.NDArray[Any], /) -> npt.NDArray[Any]:
        """Probabilities of both classes, (n, 2)."""
        ...


class LearnedRanking:
    """Ranks by the mean probability of classifiers that differ in their seed, one set a label.

    Args:
        name: how tables call it.
        memory: past cuts, shared between rankings.
    """

    def __init__(self, name: str, memory: CutMemory) -> None:
        self.name = name
        self._memory = memory
        self._fitted: dict[str, list[Classifier]] = {}

    def classifiers(self) -> list[Classifier]:
        """New classifiers, not yet fitted, whose probabilities are averaged."""
        raise NotImplementedError

    def chosen(self, outcomes: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], dict[str, npt.NDArray[Any]]]:
        """Which rows are learnt from, here all, and what `fit` is told of them besides."""
        return np.arange(len(outcomes)), {}

    def fit(self, history: History, until: int) -> None:
        """Learn from all cuts whose horizon ended by `until`.

        A label with too few positives or negatives among them is not learnt, and `score` leaves it out.
        """
        examples = self._memory.examples(history, until)
        fits = {}
        # One fit a core is faster than one fit on all cores, and each is the same to the last bit.
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for label, asked in examples.asked.items():
                outcomes = examples.labels[label][asked]
                positives = int(outcomes.sum())
                if min(positives, len(outcomes) - positives) < MIN_EXAMPLES:
                    continue
                rows, weights = self.chosen(outcomes)
                features, outcomes = examples.features[asked][rows], outcomes[rows]
                fits[label] = [pool.submit(model.fit, features, outcomes, **weights) for model in self.classifiers()]
        self._fitted = {label: [fit.result() for fit in group] for label, group in fits.items()}

    def score(self, history: History, cut: Cut) -> Scores:
        """Probabilities (not calibrated) for each label that was learnt."""
        if not len(cut):
            return {label: np.empty(0) for label in self._fitted}
        features = self._memory.known_at(history, cut).features
        return {
            label: np.mean([model.predict_proba(features)[:, 1] for model in models], axis=0)
            for label, models in self._fitted.items()
        }


class LogisticBaseline(LearnedRanking):
    """Logistic regression on standardised log counts.

    Args:
        memory: past cuts, shared between rankings.
        regularisation: scikit-learn's `C`.
    """

    def __init__(self, memory: CutMemory, regularisation: float = 1.0) -> None:
        super().__init__("logistic_regression", memory)
        self._regularisation = regularisation

    def classifiers(self) -> list[Classifier]:
        """One: it has no chance in it."""
        # Taken where they are used: they take a second to load, and every hourly run loads this module.
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        # Few columns and many rows: a Newton step costs little and a handful of them converge.
        return [make_pipeline(StandardScaler(), LogisticRegression(C=self._regularisation, solver="newton-cholesky"))]


class GradientBoosting(LearnedRanking):
    """LightGBM (Ke et al. 2017) on log counts, averaged over seeds; of large streams on a sample of the negatives.

    Args:
        memory: past cuts, shared between rankings.
        seeds: how many models with different seeds are averaged.
        trees: boosting rounds of each.
        threads: threads of each fit and score. More than one pays only on an idle machine: where its cores
            are shared, LightGBM's threads wait for each other and ten seconds become a hundred.
    """

    def __init__(
        self,
        memory: CutMemory,
        seeds: int = 4,
        trees: int = 250,
        leaves: int = 15,
        learning_rate: float = 0.03,
        min_leaf: int = 50,
        threads: int = 1,
    ) -> None:
        if seeds < 1:
            raise ValueError("seeds must be at least 1")
        super().__init__("gradient_boosting", memory)
        self._seeds = seeds
        self._parameters: dict[str, Any] = {
            **_BOOSTING,
            "n_estimators": trees,
            "num_leaves": leaves,
            "learning_rate": learning_rate,
            "min_child_samples": min_leaf,
            "n_jobs": threads,
        }

    def chosen(self, outcomes: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], dict[str, npt.NDArray[Any]]]:
        """All positives, ten negatives for each, and their weights."""
        rows, weights = drawn(outcomes, _NEGATIVES, np.random.default_rng(0))
        return rows, {"sample_weight": weights}

    def classifiers(self) -> list[Classifier]:
        """One for each seed."""
        from lightgbm import LGBMClassifier

        return [LGBMClassifier(random_state=seed, **self._parameters) for seed in range(self._seeds)]
