"""Walks the cuts of the past as if each were now, and keeps every ranking's score."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed

from trend_assets.forecasting.history import HOUR, History, to_epoch
from trend_assets.forecasting.labels import WEEK, Cut, LabelSettings, make_cut, outcomes
from trend_assets.forecasting.metrics import (
    Interval,
    ndcg_at_k,
    paired_bootstrap,
    precision_at_k,
    week_start,
    whole_blocks,
)
from trend_assets.forecasting.ranking import Ranking, Scores
from trend_assets.forecasting.reliability import Reliability

METRICS = ("precision_at_10", "ndcg_at_10")
_K = 10

T = TypeVar("T")
Progress = Callable[[int, int], None]
#: Told of a cut, what came true of each label whose horizon has passed, and each ranking's scores.
Observer = Callable[[Cut, Mapping[str, npt.NDArray[np.bool_]], Mapping[str, Scores]], None]
Retraining = Literal["weekly", "four-weekly", "once"]


@dataclass(frozen=True, slots=True, eq=False)
class LabelResult:
    """How the rankings did on one label.

    Args:
        times: cuts that count, epoch seconds UTC; (cuts,).
        positives: topics that came true at each; (cuts,).
        values: ranking to metric to the value at each cut, NaN where the ranking had not learnt the
            label by then; (cuts,).
    """

    times: npt.NDArray[np.int64]
    positives: npt.NDArray[np.int64]
    values: Mapping[str, Mapping[str, npt.NDArray[np.float64]]]

    def mean(self, ranking: str, metric: str) -> float | None:
        """Mean over the cuts that the ranking could score; none where there was no such cut."""
        values = self.values[ranking][metric]
        scored = values[~np.isnan(values)]
        return float(scored.mean()) if len(scored) else None

    def best_other(self, ranking: str, metric: str) -> str | None:
        """The ranking with the highest mean beside `ranking`."""
        means = {name: self.mean(name, metric) for name in self.values if name != ranking}
        known = {name: mean for name, mean in means.items() if mean is not None}
        return max(known, key=known.__getitem__) if known else None

    def lead(self, ranking: str, other: str, metric: str, **bootstrap: Any) -> Interval | None:
        """How far `ranking` is ahead of `other`, over cuts that both scored, `whole_blocks` of them resampled."""
        differences = self._differences(ranking, other, metric)
        both = ~np.isnan(differences)
        if not both.any():
            return None
        blocks = self.blocks(ranking, other, metric)
        return paired_bootstrap(differences[both], self.times[both], **{"whole": blocks, **bootstrap})

    def blocks(self, ranking: str, other: str, metric: str) -> Literal["weeks", "days"]:
        """What `lead` resamples of the cuts that both scored."""
        return whole_blocks(self.times[~np.isnan(self._differences(ranking, other, metric))])

    def _differences(self, ranking: str, other: str, metric: str) -> npt.NDArray[np.float64]:
        return self.values[ranking][metric] - self.values[other][metric]


@dataclass(frozen=True, slots=True, eq=False)
class BacktestResult:
    """What a backtest found.

    Args:
        cuts: how many cuts were walked.
        labels: results by label.
        training_seconds: ranking to the seconds of each of its trainings.
        scoring_seconds: ranking to the seconds that all its scores took.
        reliability: how far the confidence of the one ranking that states it could be believed, by label.
    """

    cuts: int
    labels: Mapping[str, LabelResult]
    training_seconds: Mapping[str, Sequence[float]]
    scoring_seconds: Mapping[str, float]
    reliability: Mapping[str, Reliability | None] = field(default_factory=dict)

    def lead_over_best(
        self, label: str, ranking: str = "tgn", metric: str = "ndcg_at_10"
    ) -> tuple[str, Interval] | None:
        """The best other ranking and how far `ranking` is ahead of it; none where nothing compares."""
        result = self.labels[label]
        if ranking not in result.values:
            return None
        other = result.best_other(ranking, metric)
        interval = result.lead(ranking, other, metric) if other else None
        return (other, interval) if other and interval else None

    def to_json(self) -> dict[str, Any]:
        """`{"cuts": N, "labels": {label: {ranking: {metric: mean}}}}`; null where nothing was scored."""
        return {
            "cuts": self.cuts,
            "labels": {
                label: {
                    ranking: {metric: result.mean(ranking, metric) for metric in METRICS} for ranking in result.values
                }
                for label, result in self.labels.items()
            },
        }


class _Step(NamedTuple):
    """One cut walked: what came true of labels whose horizon has passed, each ranking's scores, and seconds taken."""

    cut: Cut
    came_true: Mapping[str, npt.NDArray[np.bool_]]
    scores: Mapping[str, Scores]
    scored: Mapping[str, float]
    trained: Mapping[str, float]

    def counting(self) -> list[str]:
        return [label for label, true in self.came_true.items() if self.cut.asked[label].sum() >= _K and true.any()]


class _Stretch(NamedTuple):
    """Cuts that stand on the same training."""

    fitted_until: int
    times: Sequence[int]


@dataclass(slots=True)
class _Recorder:
    rankings: Sequence[str]
    times: list[int] = field(default_factory=list)
    positives: list[int] = field(default_factory=list)
    values: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def add(self, step: _Step, label: str) -> None:
        asked = step.cut.asked[label]
        relevant = step.came_true[label][asked]
        self.times.append(step.cut.time)
        self.positives.append(int(relevant.sum()))
        for name in self.rankings:
            score = step.scores[name].get(label)
            for metric, measure in zip(METRICS, (precision_at_k, ndcg_at_k), strict=True):
                value = float("nan") if score is None else measure(relevant, score[asked], _K)
                self.values.setdefault((name, metric), []).append(value)

    def result(self) -> LabelResult:
        return LabelResult(
            times=np.array(self.times, dtype=np.int64),
            positives=np.array(self.positives, dtype=np.int64),
            values={
                name: {metric: np.array(self.values.get((name, metric), [])) for metric in METRICS}
                for name in self.rankings
            },
        )


def backtest(
    history: History,
    rankings: Sequence[Ranking],
    start: datetime,
    end: datetime,
    every_hours: int = 6,
    settings: LabelSettings | None = None,
    retraining: Retraining = "weekly",
    progress: Progress | None = None,
    observe: Observer | None = None,
    processes: int = 1,
) -> BacktestResult:
    """Score every ranking at each cut of `[start, end)` whose main horizon has passed.

    Labels of a longer horizon are scored at those of the cuts where it has passed, too.

    Each ranking is fitted at `start` and, if `retraining` is weekly, again at every Monday 00:00 UTC, always on what
    was before (`four-weekly`: every fourth Monday from that of the first week on; `once`: at `start` alone).
    At a cut it sees the view until the cut. Cuts with fewer than ten topics asked, or with none that came true, do
    not count.

    Args:
        history: mentions before, during and, for the last horizons, after the time walked.
        rankings: with different names; they are fitted here.
        start, end: timezone-aware; cuts are at whole multiples of `every_hours` since 00:00 UTC.
        progress: called with the cuts walked and their number, after each.
        observe: told of every cut, those that do not count included.
        processes: among which the times between two trainings are shared out; the figures are the same for any
            number. With more than one the rankings must be made of what can be pickled, are copied, and stay as
            they are here.

    Raises:
        ValueError: a naive time, names that repeat, a cadence that is not positive, or no cut.
    """
    settings = settings or LabelSettings()
    names = [ranking.name for ranking in rankings]
    if len(set(names)) != len(names):
        raise ValueError(f"rankings with the same name: {names}")
    times = cut_times(history, start, end, every_hours, settings)
    recorders = {label: _Recorder(names) for label in settings.hours_of}
    training: dict[str, list[float]] = {name: [] for name in names}
    scoring = dict.fromkeys(names, 0.0)
    stretches = _stretches(times, to_epoch(start), retraining)
    walk = _Walk(history, rankings, settings, all_cuts=observe is not None)
    for walked, step in enumerate(_in_turn(walk, stretches, processes), start=1):
        for name, seconds in step.trained.items():
            training[name].append(seconds)
        for name, seconds in step.scored.items():
            scoring[name] += seconds
        for label in step.counting():
            recorders[label].add(step, label)
        if observe:
            observe(step.cut, step.came_true, step.scores)
        if progress:
            progress(walked, len(times))
    return BacktestResult(
        cuts=len(times),
        labels={label: recorder.result() for label, recorder in recorders.items()},
        training_seconds=training,
        scoring_seconds=scoring,
    )


def cut_times(history: History, start: datetime, end: datetime, every_hours: int, settings: LabelSettings) -> list[int]:
    """Cuts of `[start, end)` whose main horizon has passed, epoch seconds UTC.

    Raises:
        ValueError: a naive time, a cadence that is not positive, or no such cut.
    """
    if every_hours < 1:
        raise ValueError(f"every_hours must be at least 1, not {every_hours}")
    step = every_hours * HOUR
    first = max(to_epoch(start), history.start)
    last = min(to_epoch(end) - 1, history.end - settings.horizon)
    times = list(range(-(-first // step) * step, last + 1, step))
    if not times:
        raise ValueError(f"no cut whose horizon has passed between {start.isoformat()} and {end.isoformat()}")
    return times


def _stretches(times: Sequence[int], start: int, retraining: Retraining) -> list[_Stretch]:
    first = int(week_start(times[0]))
    span = WEEK if retraining == "weekly" else 4 * WEEK

    def due(moment: int) -> int:
        # Before a first cut in the middle of a week as much is known as there is.
        return start if retraining == "once" else max(start, first + (moment - first) // span * span)

    return [_Stretch(until, list(group)) for until, group in groupby(times, due)]


@dataclass(frozen=True, slots=True, eq=False)
class _Walk:
    """Fits rankings and scores cuts; those that count for no label only where all are wanted."""

    history: History
    rankings: Sequence[Ranking]
    settings: LabelSettings
    all_cuts: bool

    def steps(self, stretch: _Stretch) -> Iterator[_Step]:
        until = stretch.fitted_until
        trained = {ranking.name: _timed(ranking.fit, self.history.until(until), until)[1] for ranking in self.rankings}
        for moment in stretch.times:
            cut = make_cut(self.history, moment, self.settings)
            step = _Step(cut, outcomes(self.history, cut, self.settings).labels, {}, {}, trained)
            yield self._scored(step) if self.all_cuts or step.counting() else step
            trained = {}

    def _scored(self, step: _Step) -> _Step:
        past = self.history.until(step.cut.time)
        told = {ranking.name: _timed(ranking.score, past, step.cut) for ranking in self.rankings}
        return step._replace(
            scores={name: scores for name, (scores, _) in told.items()},
            scored={name: seconds for name, (_, seconds) in told.items()},
        )

    def listed(self, stretch: _Stretch) -> list[_Step]:
        return list(self.steps(stretch))


def _in_turn(walk: _Walk, stretches: Sequence[_Stretch], processes: int) -> Iterator[_Step]:
    if processes == 1:
        for stretch in stretches:
            yield from walk.steps(stretch)
        return
    run = Parallel(n_jobs=processes, backend="loky", return_as="generator", pre_dispatch="n_jobs")
    with warnings.catch_warnings():
        # A worker whose memory has grown is replaced by a fresh one, which loses nothing.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)
        for steps in run(delayed(walk.listed)(stretch) for stretch in stretches):
            yield from steps


def _timed(call: Callable[..., T], *arguments: Any) -> tuple[T, float]:
    began = time.perf_counter()
    return call(*arguments), time.perf_counter() - began
