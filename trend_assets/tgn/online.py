"""A trained model that lives: its memory goes on with what is posted, and it is replaced while it serves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from trend_assets.forecasting.arriving import ArrivingMentions
from trend_assets.forecasting.calibration import Calibrator
from trend_assets.forecasting.history import History, to_epoch
from trend_assets.forecasting.labels import Cut, make_cut
from trend_assets.forecasting.ranking import Scores
from trend_assets.graph.messages import DETAILED
from trend_assets.tgn.checkpoint import CheckpointError
from trend_assets.tgn.contributors import Contributors
from trend_assets.tgn.fair_lock import FairLock
from trend_assets.tgn.forecaster import Forecast, Seen, TgnForecaster
from trend_assets.tgn.live_state import LiveState, StateError, save_state

#: Mentions that wait before they are taken in, unless something is asked.
MICRO_BATCH = 1000

#: Batches of the network that are taken in between two questions at most, so that none waits for long.
_BATCHES = 1
#: How many of them can be taken back for a question about a moment just past.
_TAKEN_BACK = 32


class _Judged(NamedTuple):
    """A forecast, and by whom and from what it was made."""

    cut: Cut
    forecaster: TgnForecaster
    seen: Seen
    forecast: Forecast


@dataclass(slots=True)
class _Serving:
    """One loaded checkpoint and the lock of its memory; of `withheld` labels it is no better than counting."""

    folder: Path
    forecaster: TgnForecaster
    calibrators: Mapping[str, Calibrator]
    withheld: Collection[str] = ()
    lock: FairLock = field(default_factory=FairLock)
    last: _Judged | None = None

    def forecast(self, history: History, cut: Cut) -> Forecast:
        return self._judged(history, cut).forecast

    def contributors(self, history: History, cut: Cut) -> Contributors:
        judged = self._judged(history, cut)
        # What is known of users grows with what is taken in.
        with self.lock:
            return judged.forecaster.contributors(cut, judged.seen, judged.forecast)

    def _judged(self, history: History, cut: Cut) -> _Judged:
        last = self.last
        if last and last.seen.history.origin is history.origin and last.cut is cut:
            return last
        with self.lock:
            forecaster, seen = self._look(history, cut)
        self.last = found = _Judged(cut, forecaster, seen, forecaster.judge(cut, seen))
        return found

    def serve(self, stream: ArrivingMentions, moment: datetime | None) -> tuple[History, Cut, Forecast]:
        # Nothing is taken in between the choice of a moment and the look.
        with self.lock:
            history = stream.history(moment)
            time = history.end if moment is None else to_epoch(moment)
            cut = make_cut(history, time, self.forecaster.settings.labels)
            forecaster, seen = self._look(history, cut)
        return history, cut, forecaster.judge(cut, seen)

    def advance(self, stream: ArrivingMentions) -> bool:
        """Takes in a little of what has come; whether there is more."""
        with self.lock:
            return self.forecaster.advance(stream.history(), _BATCHES)

    def catch_up(self, stream: ArrivingMentions) -> None:
        """Takes in what has come; questions are answered in between."""
        while self.advance(stream):
            pass

    def _look(self, history: History, cut: Cut) -> tuple[TgnForecaster, Seen]:
        if not self.forecaster.continues(history, cut.time):
            # Posts came late, or an earlier moment is asked: from the checkpoint the way is shorter
            # than from the beginning.
            self.forecaster = _forecaster(self.folder)
        return self.forecaster, self.forecaster.look(history, cut)


class RuntimeGlue:
    """Holds a checkpoint, rolls its memory along the stream, serves scores, and swaps in a newer one.

    What it gives at a cut is to the last bit what the checkpoint gives that is handed the same mentions at
    once: when and in which batches they came does not matter. Safe to use from many threads.

    Args:
        folder: a checkpoint of `TgnForecaster`.
        state: of this model, from which its memory goes on; by default as it was trained.

    Raises:
        CheckpointError: the checkpoint cannot be used.
    """

    name = "tgn"

    def __init__(self, folder: Path, state: LiveState | None = None) -> None:
        self._serving = _load(folder, state)
        self._stream = ArrivingMentions()

    @property
    def folder(self) -> Path:
        """The checkpoint that serves."""
        return self._serving.folder

    @property
    def version(self) -> str:
        """Its name."""
        return self.folder.name

    def need(self, messages: Collection[str]) -> None:
        """Raises CheckpointError where its network reads interactions that carry more than these messages."""
        wanted = self._serving.forecaster.settings.messages
        if missing := [part for part in wanted if part in DETAILED and part not in messages]:
            raise CheckpointError(
                f"{self.version} learnt from interactions that carry {', '.join(missing)}, which training.messages "
                "leaves out: add it there, or train again"
            )

    @property
    def calibrators(self) -> Mapping[str, Calibrator]:
        """From scores to confidence, for the labels that are calibrated."""
        return self._serving.calibrators

    def forecast(self, history: History, cut: Cut) -> Forecast:
        """Scores and growth of a cut's topics; computed once for the same cut."""
        return self._serving.forecast(history, cut)

    def score(self, history: History, cut: Cut) -> Scores:
        """Scores for each label that was learnt, of further horizons only where they beat counting; (n,) each."""
        serving = self._serving
        scores = serving.forecast(history, cut).scores
        return {label: found for label, found in scores.items() if label not in serving.withheld}

    def growth(self, history: History, cut: Cut) -> Mapping[int, npt.NDArray[np.float64]]:
        """For each horizon in hours, expected log1p(after) - log1p(before) of each topic; (n,) each."""
        return self.forecast(history, cut).growth

    def contributors(self, history: History, cut: Cut) -> Contributors:
        """For each label and topic the users to whom its score owes most."""
        return self._serving.contributors(history, cut)

    def observe(self, mentions: pl.DataFrame) -> None:
        """Takes in a micro-batch; the memory goes on with the next question or as soon as a batch is full.

        Args:
            mentions: as `MENTIONS_SCHEMA`, with or without texts, none earlier than what was taken in before.

        Raises:
            ValueError: another schema, or a mention of the past.
        """
        self._stream.add(mentions)
        if self._stream.waiting >= MICRO_BATCH:
            self._serving.catch_up(self._stream)

    def history(self, until: datetime) -> History:
        """Everything observed before `until`.

        Raises:
            ValueError: nothing was observed yet.
        """
        return self._stream.history(until)

    def serve(self, moment: datetime | None = None) -> tuple[History, Cut, Forecast]:
        """The forecast at a moment from what was observed before it, with what it stands on.

        Args:
            moment: by default the second of the latest mention, before which everything is known. A mention from
                before a moment that was asked about is taken in, but costs as much as reading all anew.

        Raises:
            ValueError: nothing was observed yet.
        """
        return self._serving.serve(self._stream, moment)

    def reload(self, folder: Path, state: LiveState | None = None) -> None:
        """Lets another checkpoint serve; the former one serves until it is ready, and ends what it began.

        Args:
            folder, state: as for the constructor.

        Raises:
            CheckpointError: it cannot be used; the former one goes on serving.
        """
        fresh = _load(folder, state)
        if self._stream.begun:
            # Its memory is brought to the present before it serves, so that no request waits for that.
            fresh.serve(self._stream, None)
            fresh.catch_up(self._stream)
        self._serving = fresh

    def resume(self, state: LiveState) -> None:
        """Goes on from where a saved state of this model was.

        Raises:
            StateError: it does not fit.
        """
        serving = self._serving
        with serving.lock:
            state.resume_network(serving.forecaster.rolling)
            serving.last = None

    def save(
        self, folder: Path, history: History, about: Mapping[str, Any], model: str, before: LiveState | None
    ) -> bool:
        """Takes in a history and saves what it has come to, as `save_state` does.

        Args:
            folder, history, about, model, before: as for `save_state`.

        Returns:
            Whether it was saved.
        """
        serving = self._serving
        with serving.lock:
            if not serving.forecaster.continues(history, history.end):
                serving.forecaster = _forecaster(serving.folder)
            serving.forecaster.take_in(history)
            return save_state(folder, history, about, serving.forecaster.rolling, model, before)


def _load(folder: Path, state: LiveState | None) -> _Serving:
    # What a state knows of the nodes need not be read from the checkpoint.
    forecaster = _forecaster(folder, knows_nodes=state is None)
    if state is not None:
        try:
            state.resume_network(forecaster.rolling)
        except StateError:
            forecaster = _forecaster(folder)
    stored = forecaster.extra_metadata.get("calibrators", {})
    try:
        calibrators = {label: Calibrator.from_dict(values) for label, values in stored.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder} has calibrators of another release: {error}") from error
    further = forecaster.extra_metadata.get("further", {})
    withheld = {label for label, decision in further.items() if not decision["promoted"]}
    return _Serving(folder, forecaster, calibrators, withheld)


def _forecaster(folder: Path, *, knows_nodes: bool = True) -> TgnForecaster:
    forecaster = TgnForecaster.load(folder, knows_nodes=knows_nodes)
    forecaster.keep_back(_TAKEN_BACK)
    return forecaster
