"""A trained model that lives: its memory goes on with what is posted, and it is replaced while it serves."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from filelock import FileLock, Timeout

from trend_assets.forecasting.calibration import Calibrator
from trend_assets.forecasting.history import MENTIONS_SCHEMA, TEXT, History, to_epoch
from trend_assets.forecasting.labels import Cut, make_cut
from trend_assets.forecasting.ranking import Scores
from trend_assets.tgn.checkpoint import CheckpointError, load_checkpoint
from trend_assets.tgn.forecaster import KIND, Forecast, TgnForecaster

_SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class _Serving:
    """One loaded checkpoint and the lock of its memory."""

    folder: Path
    forecaster: TgnForecaster
    calibrators: Mapping[str, Calibrator]
    loaded_with: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    last: tuple[object, Cut, Forecast] | None = None

    def forecast(self, history: History, cut: Cut) -> Forecast:
        with self.lock:
            if self.last and self.last[0] is history.origin and self.last[1] is cut:
                return self.last[2]
            if not self.forecaster.continues(history, cut.time):
                # Posts came late, or an earlier moment is asked: from the checkpoint the way is shorter
                # than from the beginning.
                self.forecaster = TgnForecaster.load(self.folder)
            found = self.forecaster.forecast(history, cut)
            self.last = (history.origin, cut, found)
            return found


class RuntimeGlue:
    """Holds a checkpoint, rolls its memory along the stream, serves scores, and swaps in a newer one.

    What it gives at a cut is to the last bit what the checkpoint gives that is handed the same mentions at
    once: when and in which batches they came does not matter. Safe to use from many threads.

    Args:
        folder: a checkpoint of `TgnForecaster`.
        live: where `save` keeps states; the newest whole one of this checkpoint is gone on with.

    Raises:
        CheckpointError: the checkpoint cannot be used.
    """

    name = "tgn"

    def __init__(self, folder: Path, live: Path | None = None) -> None:
        self._serving = _load(folder, live)
        self._stream_lock = threading.Lock()
        self._frames: list[pl.DataFrame] = []
        self._latest: datetime | None = None
        self._history: History | None = None

    @property
    def folder(self) -> Path:
        """The checkpoint that serves."""
        return self._serving.folder

    @property
    def version(self) -> str:
        """Its name."""
        return self.folder.name

    @property
    def calibrators(self) -> Mapping[str, Calibrator]:
        """From scores to confidence, for the labels that are calibrated."""
        return self._serving.calibrators

    def forecast(self, history: History, cut: Cut) -> Forecast:
        """Scores, growth and contributors of a cut's topics; computed once for the same cut."""
        return self._serving.forecast(history, cut)

    def score(self, history: History, cut: Cut) -> Scores:
        """Scores for each label that was learnt; (n,) each."""
        return self.forecast(history, cut).scores

    def growth(self, history: History, cut: Cut) -> npt.NDArray[np.float64]:
        """Expected log1p(after) - log1p(before) of each topic; (n,)."""
        return self.forecast(history, cut).growth

    def contributors(self, history: History, cut: Cut) -> Sequence[Sequence[tuple[str, float]]]:
        """For each topic the users it attends to most, with their share of the attention."""
        return self.forecast(history, cut).users

    def observe(self, mentions: pl.DataFrame) -> None:
        """Takes in a micro-batch; the memory goes on at the next question, without retraining.

        Args:
            mentions: as `MENTIONS_SCHEMA`, with or without texts, none earlier than what was taken in before.

        Raises:
            ValueError: another schema, or a mention of the past.
        """
        if mentions.drop(TEXT, strict=False).schema != MENTIONS_SCHEMA:
            raise ValueError(f"mentions: expected {dict(MENTIONS_SCHEMA)}, got {dict(mentions.schema)}")
        if mentions.is_empty():
            return
        first, last = mentions["timestamp"].min(), mentions["timestamp"].max()
        assert isinstance(first, datetime) and isinstance(last, datetime)
        with self._stream_lock:
            if self._latest is not None and first < self._latest:
                raise ValueError(f"a mention at {first} came after one at {self._latest}: batches must be in order")
            self._frames.append(mentions)
            self._latest, self._history = last, None

    def history(self, until: datetime) -> History:
        """Everything observed before `until`.

        Raises:
            ValueError: nothing was observed yet.
        """
        with self._stream_lock:
            if self._latest is None:
                raise ValueError("nothing was observed yet")
            if self._history is None or self._history.end < to_epoch(until):
                self._frames = [pl.concat(self._frames, how="diagonal")]
                end = max(until, self._latest.replace(microsecond=0) + _SECOND)
                self._history = History.from_mentions(self._frames[0], end=end)
            return self._history.until(until)

    def serve(self, moment: datetime) -> tuple[History, Cut, Forecast]:
        """The forecast at a moment from what was observed before it, with what it stands on."""
        history = self.history(moment)
        serving = self._serving
        cut = make_cut(history, to_epoch(moment), serving.forecaster.settings.labels)
        return history, cut, serving.forecast(history, cut)

    def reload(self, folder: Path, live: Path | None = None) -> None:
        """Lets another checkpoint serve; the former one serves until it is ready, and ends what it began.

        Raises:
            CheckpointError: it cannot be used; the former one goes on serving.
        """
        fresh = _load(folder, live)
        last = self._serving.last
        if last is not None and self._history is not None and last[0] is self._history.origin:
            # Its memory is brought to the present before it serves, so that no request waits for that.
            fresh.forecast(self._history, last[1])
        self._serving = fresh

    def save(self, live: Path, at_least: int = 1) -> Path | None:
        """Keeps the memory's state, whole or not at all; states of before are removed.

        Args:
            live: a folder for this alone.
            at_least: mentions that must have been taken in since it was loaded to make it worth it.

        Returns:
            Where it is; none if it was not worth it, or another process is keeping one.
        """
        serving = self._serving
        with serving.lock:
            size = serving.forecaster.mentions_taken_in
            if size - serving.loaded_with < at_least:
                return None
            place = live / f"{serving.folder.name}@{size}"
            live.mkdir(parents=True, exist_ok=True)
            try:
                with FileLock(live.with_name(f".{live.name}.lock"), timeout=0):
                    _replace(live, place, serving.forecaster)
            except Timeout:
                # Another process keeps one just now: its state is as good.
                return None
            serving.loaded_with = size
        return place


def _replace(live: Path, place: Path, forecaster: TgnForecaster) -> None:
    """The state in the place of all others; what a killed process left half written goes too."""
    if place.exists():
        # Of the same size is not of the same mentions: posts may have come late.
        shutil.rmtree(place)
    forecaster.save(place)
    for other in live.iterdir():
        if other != place:
            shutil.rmtree(other)


def _load(folder: Path, live: Path | None) -> _Serving:
    stored = load_checkpoint(folder, KIND).metadata.get("extra", {}).get("calibrators", {})
    try:
        calibrators = {label: Calibrator.from_dict(values) for label, values in stored.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder} has calibrators of another release: {error}") from error
    forecaster = _resumed(folder, live) or TgnForecaster.load(folder)
    return _Serving(folder, forecaster, calibrators, forecaster.mentions_taken_in)


def _resumed(folder: Path, live: Path | None) -> TgnForecaster | None:
    """The newest state of this checkpoint that can be used."""
    states = list(live.glob(f"{folder.name}@*")) if live else []
    for state in sorted(states, key=lambda path: int(path.name.partition("@")[2]), reverse=True):
        try:
            return TgnForecaster.load(state)
        except CheckpointError:
            # A state is only a shorter way: without it the memory is rolled along from the checkpoint.
            continue
    return None
