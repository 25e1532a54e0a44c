"""How right the stored forecasts were, beside counting at the same cuts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from trend_assets.forecasting.baselines import counting_rankings
from trend_assets.forecasting.history import to_epoch
from trend_assets.forecasting.labels import LABELS, make_cut
from trend_assets.forecasting.metrics import ndcg_at_k, precision_at_k
from trend_assets.lake.store import Lake
from trend_assets.operations.history import label_settings, load_history
from trend_assets.settings import Settings

_K = 10
_OUTCOMES = """
    SELECT cut, topic, score, came_true FROM prediction_outcomes
    WHERE label = ? AND cut > ? AND cut <= ? ORDER BY cut, rank
"""


@dataclass(frozen=True, slots=True)
class CutScores:
    """One ranking's mean over the cuts that count."""

    label: str
    ranking: str
    is_model: bool
    precision_at_10: float
    ndcg_at_10: float
    cuts: int


def live_scores(lake: Lake, settings: Settings, start: datetime, end: datetime) -> list[CutScores]:
    """The stored forecasts of the cuts in `(start, end]` whose outcome is known, and every counting
    ranking at the same cuts over the same topics.

    Cuts with fewer than ten topics, or with none that came true, do not count, as in a backtest.
    """
    history = load_history(lake)
    labels = label_settings(settings.forecast)
    found = []
    for label in LABELS:
        values: dict[str, list[tuple[float, float]]] = {}
        outcomes = lake.read(_OUTCOMES, [label, start, end])
        for (moment,), rows in outcomes.group_by("cut", maintain_order=True):
            relevant = rows["came_true"].to_numpy()
            if len(relevant) < _K or not relevant.any():
                continue
            assert isinstance(moment, datetime)
            cut = make_cut(history, to_epoch(moment), labels)
            place = {history.topics[topic]: index for index, topic in enumerate(cut.topics)}
            if not set(rows["topic"]) <= set(place):
                # Events were withdrawn since: what counting would have said then can no longer be told.
                continue
            _add(values, "forecast", relevant, rows["score"].to_numpy())
            order = [place[topic] for topic in rows["topic"]]
            for ranking in counting_rankings():
                scores = ranking.score(history.until(cut.time), cut)[label]
                # In the cut's own order, so that ties break as in a backtest and not as the model ranks.
                asked = np.sort(order)
                truth = np.zeros(len(cut), dtype=bool)
                truth[order] = relevant
                _add(values, ranking.name, truth[asked], scores[asked])
        found += [_mean(label, name, figures) for name, figures in values.items()]
    return found


def _add(values: dict[str, list[tuple[float, float]]], name: str, relevant: np.ndarray, scores: np.ndarray) -> None:
    values.setdefault(name, []).append((precision_at_k(relevant, scores, _K), ndcg_at_k(relevant, scores, _K)))


def _mean(label: str, name: str, figures: list[tuple[float, float]]) -> CutScores:
    precision, ndcg = np.mean(figures, axis=0)
    return CutScores(label, name, name == "forecast", float(precision), float(ndcg), len(figures))
