"""Forecasts at the end of each hour, and what became of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from trend_assets.alerting.raising import raise_alert
from trend_assets.forecasting.history import to_epoch
from trend_assets.forecasting.labels import LabelSettings
from trend_assets.forecasting.predict import forecast, outcomes_frame
from trend_assets.forecasting.selection import BestCounting
from trend_assets.forecasting.timeliness import Punctuality, signed
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import PREDICTION_OUTCOMES, PREDICTIONS
from trend_assets.operations.going_on import ContinuedHistory
from trend_assets.operations.history import NothingKnown, label_settings
from trend_assets.operations.models import is_as_promoted, model_store, models_at
from trend_assets.settings import Settings

if TYPE_CHECKING:
    from trend_assets.tgn.live_state import LiveState
    from trend_assets.tgn.online import RuntimeGlue

_HOUR = timedelta(hours=1)
#: This process's model, and what names it as it is.
_process: dict[str, tuple[RuntimeGlue, str]] = {}
#: Of each model that could not be used the files that it had; once they are mended it is tried again.
_refused: dict[str, str] = {}


def forecast_hours(
    lake: Lake,
    settings: Settings,
    start: datetime,
    end: datetime,
    run_id: str,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    tell: Callable[[str], None] = lambda message: None,
) -> pl.DataFrame:
    """Forecasts at the end of every hour of `[start, end)`, as `PREDICTIONS`.

    Each sees the history until its cut alone, and the newest promoted model trained on nothing from after
    it. A model that cannot be used is passed over: `model_version` names what forecast instead.

    Args:
        lake: with the mentions.
        settings: what is forecast, and until when it counts as live.
        start: first hour, timezone-aware.
        end: where the last hour ends.
        run_id: names the run that makes them.
        clock: the time now, timezone-aware.
        tell: is told whether a saved state was gone on from, or why not.
    """
    try:
        known = ContinuedHistory(lake, settings, end, start + _HOUR)
    except NothingKnown:
        return PREDICTIONS.frame()
    tell(known.origin)
    labels = label_settings(settings.forecast)
    rule = punctuality(settings)
    frames = [PREDICTIONS.frame()]
    cut = start + _HOUR
    while cut <= end:
        serving = _serving(lake, settings, cut, known)
        while to_epoch(cut) > known.history.end:
            known.go_on(*(serving or (None, None)))
        if to_epoch(cut) > known.history.start:
            made = _forecast(known, cut, labels, serving[0] if serving else None)
            frames.append(signed(made, clock(), run_id, rule))
        cut += _HOUR
    known.keep_choices()
    return pl.concat(frames)


def punctuality(settings: Settings) -> Punctuality:
    """What counts as a live forecast by the settings."""
    return Punctuality(timedelta(hours=settings.schedule.forecast_within))


def _forecast(known: ContinuedHistory, cut: datetime, labels: LabelSettings, model: RuntimeGlue | None) -> pl.DataFrame:
    history = known.history.until(cut)
    # Chosen once a day, for choosing looks through weeks.
    midnight = max(to_epoch(cut.replace(hour=0)), history.start)
    counting = BestCounting(history, midnight, labels, known.choices)
    if model is None:
        return forecast(None, history, cut, labels, fallback=counting.of)
    return forecast(
        model,
        history,
        cut,
        labels,
        calibrators=model.calibrators,
        growth=model,
        model_version=model.version,
        fallback=counting.of,
        reasons=model,
    )


def _serving(lake: Lake, settings: Settings, cut: datetime, known: ContinuedHistory) -> tuple[RuntimeGlue, str] | None:
    """The model in use at a cut and what names it as it is.

    One that cannot be used is told in an alert, and the one before it serves.
    """
    store = model_store(settings)
    for model in models_at(lake, settings, cut):
        address, stamp = store.address(model.version), store.stamp(model.version)
        if _refused.get(address) != stamp:
            # torch takes seconds and 200 MB to load: only what trains or scores pays for it.
            from trend_assets.tgn.checkpoint import CheckpointError

            try:
                folder = store.opened(model.version)
                if not is_as_promoted(lake, model.version, folder):
                    raise CheckpointError(f"{address} holds other tensors than those that were promoted")
                name = f"{address} {stamp}"
                glue = _loaded(folder, name, known.state_of(name))
                glue.need(settings.training.messages)
                return glue, name
            except CheckpointError as error:
                _refused[address] = stamp
                raise_alert(lake, settings, "model_refused", model.version, str(error))
    return None


def _loaded(folder: Path, name: str, state: LiveState | None) -> RuntimeGlue:
    """This process's model, which goes on from a state and from one hour to the next."""
    from trend_assets.tgn.live_state import StateError
    from trend_assets.tgn.online import RuntimeGlue

    if "model" not in _process:
        _process["model"] = RuntimeGlue(folder, state), name
    glue, loaded = _process["model"]
    if loaded != name:
        glue.reload(folder, state)
        _process["model"] = glue, name
    elif state is not None:
        # It goes on from where it is itself, or from its checkpoint, if the state's files are gone by now.
        with suppress(StateError):
            glue.resume(state)
    return glue


def score_hours(lake: Lake, settings: Settings, start: datetime, end: datetime) -> pl.DataFrame:
    """What became of the first forecasts whose horizon ended in `[start, end)`, as `PREDICTION_OUTCOMES`."""
    labels = label_settings(settings.forecast)
    come_due = [PREDICTIONS.frame()]
    for hours in labels.horizons:
        back = timedelta(hours=hours)
        due = [label for label, ahead in labels.hours_of.items() if ahead == hours]
        made = lake.read_table(PREDICTIONS, start - back, end - back)
        come_due.append(made.filter(pl.col("revision") == 0, pl.col("label").is_in(due)))
    predictions = pl.concat(come_due)
    if predictions.is_empty():
        return PREDICTION_OUTCOMES.frame()
    return outcomes_frame(predictions, ContinuedHistory(lake, settings, end, end).complete(), labels)
