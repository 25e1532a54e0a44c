"""Predictions at a cut, and what became of them, as the lake's tables want them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import orjson
import polars as pl

from trend_assets.forecasting.calibration import Calibrator
from trend_assets.forecasting.features import COUNT_NAMES, count_table
from trend_assets.forecasting.history import HOUR, History, to_datetime, to_epoch
from trend_assets.forecasting.labels import Cut, LabelSettings, cut_of, make_cut, mentions_needed, outcomes
from trend_assets.forecasting.metrics import ranked
from trend_assets.forecasting.ranking import Scorer
from trend_assets.lake.tables import PREDICTION_OUTCOMES, PREDICTIONS

_ONE_HOUR = timedelta(hours=1)
#: What a forecast says; the other columns of `PREDICTIONS` tell how it was made.
_SAID = {
    name: kind for name, kind in PREDICTIONS.schema.items() if name not in ("forecast_at", "run_id", "revision", "made")
}

Contributors = Mapping[str, Sequence[Sequence[tuple[str, float]]]]


class GrowthEstimate(Protocol):
    """Something that expects a growth."""

    def growth(self, history: History, cut: Cut) -> Mapping[int, npt.NDArray[np.floating]]:
        """Expected log1p(after) - log1p(before) of the cut's topics in each horizon (hours) that was learnt; (n,)."""
        ...


class Reasons(Protocol):
    """Something that knows to whom a forecast owes most."""

    def contributors(self, history: History, cut: Cut) -> Contributors:
        """For each label and each of the cut's topics, users and what the log-odds owe to them, the most first."""
        ...


def forecast(
    ranking: Scorer | None,
    history: History,
    time: datetime,
    settings: LabelSettings,
    calibrators: Mapping[str, Calibrator] | None = None,
    growth: GrowthEstimate | None = None,
    model_version: str | None = None,
    fallback: Callable[[str], Scorer] | None = None,
    reasons: Reasons | None = None,
) -> pl.DataFrame:
    """Predictions at a cut, for each label and topic asked, best first.

    Args:
        ranking: fitted; none to have all labels ranked by `fallback`.
        history: mentions at least until the cut; nothing later is looked at.
        time: the cut (forecast origin): a whole hour, timezone-aware.
        calibrators: for labels whose confidence is calibrated for `ranking`; elsewhere it is null.
        growth: estimates `growth`; without it that is null. Where a confidence says that a label is likelier than
            not to come true, the mentions expected are those that it needs at least, and else fewer.
        model_version: names the trained model; without it the ranking is a baseline and is called
            `baseline:NAME`.
        fallback: gives a ranking for a label that `ranking` has not learnt; its rows name it as a baseline and
            carry no confidence. Without it such labels have no rows.
        reasons: names the users to whom the scores of `ranking` owe most.

    Returns:
        A frame with the columns of `PREDICTIONS` but those that tell how it was made, which `signed` adds;
        `metadata` holds the counts behind it, and the `users`.

    Raises:
        ValueError: a naive time, one that is no whole hour, or a history that ends before it.
    """
    moment = _whole_hour(time)
    cut = make_cut(history, moment, settings)
    past = history.until(moment)
    counts = _counts_behind(past, cut)
    behind = {hours: _of_horizon(counts, cut, hours, settings) for hours in settings.horizons}
    estimates = growth.growth(past, cut) if growth and len(cut) else {}
    own = ranking.score(past, cut) if ranking else {}
    contributors = reasons.contributors(past, cut) if reasons else {}
    needed = mentions_needed(cut, settings)
    frames = []
    for label, hours in settings.hours_of.items():
        asked = np.flatnonzero(cut.asked[label])
        metadata, estimate = behind[hours], estimates.get(hours)
        if ranking and label in own:
            scores, version = own[label], model_version or f"baseline:{ranking.name}"
            metadata = _explained(metadata, contributors[label]) if label in contributors else metadata
            calibrator = (calibrators or {}).get(label)
        elif fallback:
            spare, calibrator = fallback(label), None
            scores, version = spare.score(past, cut)[label], f"baseline:{spare.name}"
        else:
            continue
        order = asked[ranked(scores[asked])]
        chosen = np.asarray(scores, dtype=np.float64)[order]
        confidence = calibrator.confidence(chosen) if calibrator else None
        expected = None if estimate is None else estimate[order]
        if expected is not None and confidence is not None:
            expected = _agreeing(expected, confidence, needed[label][order], cut.before[hours][order])
        frames.append(
            _predictions(
                cut,
                label,
                version,
                {
                    "horizon_hours": [hours] * len(order),
                    "topic": [past.topics[topic] for topic in cut.topics[order]],
                    "score": chosen,
                    "confidence": confidence,
                    "growth": None if expected is None else _null_for_nan(expected),
                    "source_events_count": cut.support[order],
                    "metadata": [
                        orjson.dumps(metadata[row] | {"needed": int(needed[label][row])}).decode() for row in order
                    ],
                },
            )
        )
    return pl.concat([pl.DataFrame(schema=_SAID), *frames])


def outcomes_frame(predictions: pl.DataFrame, history: History, settings: LabelSettings) -> pl.DataFrame:
    """What became of predictions, by the mentions that are known now.

    Args:
        predictions: first forecasts, rows of `PREDICTIONS`, of any cuts.
        history: mentions from `burst_weeks` weeks before the cuts (weeks that begin before
            `history.start` are left out of what is usual) until the horizons have passed.
        settings: those by which it was forecast.

    Returns:
        A frame as `PREDICTION_OUTCOMES` declares it, a row for each prediction.

    Raises:
        ValueError: the horizon of a prediction has not passed, or a label is unknown.
    """
    numbers = {topic: number for number, topic in enumerate(history.topics)}
    frames = []
    for (cut, label), rows in predictions.group_by("cut", "label", maintain_order=True):
        if label not in settings.hours_of:
            raise ValueError(f"unknown label {label!r}: expected one of {', '.join(settings.hours_of)}")
        frames.append(_outcomes(rows, numbers, str(label), history, to_epoch(cut), settings))
    return pl.concat([PREDICTION_OUTCOMES.frame(), *frames])


def _outcomes(
    rows: pl.DataFrame,
    numbers: Mapping[str, int],
    label: str,
    history: History,
    time: int,
    settings: LabelSettings,
) -> pl.DataFrame:
    number = np.array([numbers.get(topic, -1) for topic in rows["topic"]], dtype=np.int64)
    known = number >= 0
    # What was forecast is judged, also where a late event would now make the topic older.
    everything = np.ones(np.count_nonzero(known), dtype=np.bool_)
    cut = cut_of(history, time, number[known], settings, newborn=everything)
    if len(cut) and not cut.asked[label].any():
        # Of an earlier release, which forecast it where nothing was known to compare with.
        return PREDICTION_OUTCOMES.frame()
    became, hours = outcomes(history, cut, settings), settings.hours_of[label]
    if label not in became.labels:
        raise ValueError(f"the history ends at {to_datetime(history.end)}, before the horizon of {label!r} has passed")

    def spread(values: npt.NDArray[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        # A topic whose events have all been withdrawn since has no mentions left.
        column = np.zeros(len(number), dtype=dtype)
        column[known] = values
        return column

    kept = ("cut", "label", "topic", "rank", "score", "confidence", "model_version", "revision", "made")
    frame = rows.select(kept).with_columns(
        pl.lit(to_datetime(time + (hours - 1) * HOUR), pl.Datetime("us", "UTC")).alias("hour"),
        pl.lit(hours, pl.Int64).alias("horizon_hours"),
        pl.Series("came_true", spread(became.labels[label], np.bool_)),
        pl.Series("mentions_before", spread(cut.before[hours], np.int64)),
        pl.Series("mentions_after", spread(became.after[hours], np.int64)),
        pl.Series("growth", spread(became.growth[hours], np.float64)),
    )
    return PREDICTION_OUTCOMES.conform(frame)


def _predictions(cut: Cut, label: str, version: str, columns: Mapping[str, Any]) -> pl.DataFrame:
    size = len(columns["topic"])
    time = to_datetime(cut.time)
    values = {
        "hour": [time - _ONE_HOUR] * size,
        "cut": [time] * size,
        "label": [label] * size,
        "rank": np.arange(1, size + 1),
        "model_version": [version] * size,
        **{name: [None] * size if value is None else value for name, value in columns.items()},
    }
    return pl.DataFrame({name: pl.Series(name, values[name], dtype=kind) for name, kind in _SAID.items()})


def _agreeing(
    growth: npt.NDArray[np.floating],
    confidence: npt.NDArray[np.floating],
    needed: npt.NDArray[np.int64],
    before: npt.NDArray[np.integer],
) -> npt.NDArray[np.float64]:
    """Growth on the side of what is needed on which the calibrated confidence has its median; (n,) each.

    Most topics vanish, so that a growth learnt from all is too low where one is likely to rise.
    """
    reached, missed = (np.log(amount / (1.0 + before)) for amount in (1.0 + needed, needed))
    agreed: npt.NDArray[np.float64] = np.where(
        confidence >= 0.5, np.maximum(growth, reached), np.minimum(growth, missed)
    )
    return agreed


def _null_for_nan(values: npt.NDArray[np.floating]) -> pl.Series:
    return pl.Series(values, dtype=pl.Float64, nan_to_null=True)


def _explained(
    counts: Sequence[dict[str, Any]], contributors: Sequence[Sequence[tuple[str, float]]]
) -> list[dict[str, Any]]:
    return [
        {**behind, "users": [{"user_id": user, "log_odds": raised} for user, raised in users]}
        for behind, users in zip(counts, contributors, strict=True)
    ]


def _counts_behind(past: History, cut: Cut) -> list[dict[str, Any]]:
    return [
        {
            name: int(value) if value.is_integer() else round(value, 4)
            for name, value in zip(COUNT_NAMES, row, strict=True)
        }
        for row in count_table(past, [cut]).tolist()
    ]


def _of_horizon(
    counts: Sequence[dict[str, Any]], cut: Cut, hours: int, settings: LabelSettings
) -> Sequence[dict[str, Any]]:
    """The counts with what is compared with the horizon; what is usual is known for the main one, after a week."""
    before = cut.before[hours].tolist()
    if hours != settings.horizon_hours or not cut.asked["bursts"].any():
        return [{**behind, "before": amount} for behind, amount in zip(counts, before, strict=True)]
    known = zip(counts, before, cut.usual.tolist(), strict=True)
    return [{**behind, "before": amount, "usual": usual} for behind, amount, usual in known]


def _whole_hour(time: datetime) -> int:
    moment = to_epoch(time)
    if moment % HOUR or time.microsecond:
        raise ValueError(f"a cut is a whole hour, not {time.isoformat()}")
    return moment
