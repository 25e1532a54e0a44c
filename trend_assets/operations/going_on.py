"""The history that an hour's forecast needs, gone on from a saved state of an earlier hour where one still fits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from trend_assets.errors import TrendError
from trend_assets.forecasting.history import History, to_datetime, to_epoch
from trend_assets.lake.store import Lake
from trend_assets.operations.history import GraphMissing, NothingKnown, load_history, load_later
from trend_assets.settings import Settings

if TYPE_CHECKING:
    from trend_assets.tgn.live_state import LiveState
    from trend_assets.tgn.online import RuntimeGlue

#: Beside the models.
FOLDER = "live"
_CHOICES = "counting.json"
_HOUR = timedelta(hours=1)
#: Mentions; reading fewer takes less time than saving them.
_WORTH_SAVING = 20_000
#: Of these tables a state holds what it needs: what must be the same of each row.
_ROWS = {
    "temporal_edges": "timestamp, event_id, src, dst, edge_type, weight",
    "event_embeddings": "id, hash(embedding)",
}
# Hours that are collected again and give the same rows have not changed.
_FIRST_CHANGED = """
    SELECT min(hour) AS hour FROM (
        SELECT hour FROM lake.table_changes('{table}', {since}, {until}) WHERE hour < $end
        GROUP BY hour, {rows} HAVING sum(if(change_type IN ('insert', 'update_postimage'), 1, -1)) <> 0
    )
"""


class _Step(NamedTuple):
    """A state that is kept: its folder's name, and the moment until which it holds mentions."""

    name: str
    until: datetime


class ContinuedHistory:
    """All mentions until an hour's end, read step by step: those that rarely change first, the latest ones last.

    Two states are kept. One ends before the hours that the schedule collects again each time, and is gone on from
    where they brought nothing for the time before. The other one ends before the hour of a day ago, too, of which
    late posts are collected.

    Args:
        lake: with the mentions.
        settings: where states are, and which hours are collected again.
        until: up to which moment mentions may be known, timezone-aware.
        first: the earliest moment that is asked about.

    Attributes:
        history: what has been read so far.
        origin: in words, from what it has been made.
        choices: the counting rankings that were chosen by label, for `BestCounting`.

    Raises:
        NothingKnown, GraphMissing: as `load_history`.
    """

    def __init__(self, lake: Lake, settings: Settings, until: datetime, first: datetime) -> None:
        self._lake, self._settings, self._until = lake, settings, until
        self._messages, self._text_model = settings.training.messages, settings.embeddings.model
        self._snapshot = lake.snapshot()
        schedule = settings.schedule
        again = (schedule.recollect_hours + 1) * _HOUR
        late = max(schedule.late_hours + 1, schedule.recollect_hours) * _HOUR + _HOUR if schedule.late_pass else again
        # Both end before the first question, so that a network that is saved has not run ahead of it.
        self._steps = [_Step("settled", first - late), _Step("recent", first - again)]
        self._state: LiveState | None = None
        self._unused: LiveState | None = None
        self._opened = ""
        self.origin = "all mentions were read"
        for step in reversed(self._steps):
            if self._open(step.name, first):
                self._steps = self._steps[self._steps.index(step) :]
                break
        self.choices = self._kept_choices()
        self._known = len(self._state.history) if self._state else 0
        self.history = self._state.history if self._state else self._read_anew()

    def state_of(self, model: str) -> LiveState | None:
        """The state that was opened, if it holds what a model's network knew; once, for then the model has gone on."""
        found = self._unused
        if found is None or not found.network or found.network["model"] != model:
            return None
        self._unused = None
        return found

    def complete(self) -> History:
        """Reads mentions until the end; saves nothing."""
        self._steps = []
        self._read_until(self._until)
        return self.history

    def go_on(self, model: RuntimeGlue | None, name: str | None) -> None:
        """Reads mentions until the next step, and saves what that has come to.

        Args:
            model: has seen nothing later; None where none serves.
            name: of the model.
        """
        if not self._steps:
            self._read_until(self._until)
            return
        step = self._steps.pop(0)
        self._read_until(step.until)
        if self.history.end == to_epoch(step.until) and len(self.history) - self._known >= _WORTH_SAVING:
            self._save(step, model, name)

    def keep_choices(self) -> None:
        """Saves the latest choice for the runs that go on from the states."""
        folder = self._settings.models_folder / FOLDER
        if self.choices and folder.is_dir():
            temporary = folder / f".{_CHOICES}"
            temporary.write_text(json.dumps({(latest := max(self.choices)): self.choices[latest]}))
            temporary.replace(folder / _CHOICES)

    def _kept_choices(self) -> dict[str, Mapping[str, str]]:
        if self._state is None:
            return {}
        try:
            found = json.loads((self._settings.models_folder / FOLDER / _CHOICES).read_text())
        except (OSError, ValueError):
            return {}
        # Releases before kept one name for all labels.
        known = found.items() if isinstance(found, dict) else ()
        return {asked: names for asked, names in known if isinstance(names, dict)}

    def _read_until(self, moment: datetime) -> None:
        if to_epoch(moment) > self.history.end:
            self.history = load_later(self._lake, self.history, moment, self._messages, self._text_model)

    def _read_anew(self) -> History:
        try:
            return self._load(self._steps[0].until)
        except (NothingKnown, GraphMissing):
            # The history begins in the latest hours, if there is any.
            self._steps = []
            return self._load(self._until)

    def _load(self, end: datetime) -> History:
        return load_history(self._lake, end, messages=self._messages, text_model=self._text_model)

    def _save(self, step: _Step, model: RuntimeGlue | None, name: str | None) -> None:
        from trend_assets.tgn.live_state import save_state

        folder = self._settings.models_folder / FOLDER / step.name
        about = {**_about(self._lake, self._settings, self._snapshot), "until": self.history.end}
        before = self._state if self._opened == step.name else None
        if model is None or name is None:
            save_state(folder, self.history, about, None, None, before)
        else:
            model.save(folder, self.history, about, name, before)
        # Whatever is saved next goes elsewhere, and is all new there; the files are no longer those that were opened.
        self._opened, self._known, self._unused = "", 0, None

    def _open(self, name: str, first: datetime) -> bool:
        """Takes up a saved state if it fits; says what became of it."""
        folder = self._settings.models_folder / FOLDER / name
        if not folder.is_dir():
            # torch takes seconds to load.
            return False
        from trend_assets.tgn.live_state import LiveState

        try:
            state = LiveState.open(folder)
            _need(self._lake, self._settings, state.about, self._snapshot, first)
        except TrendError as error:
            self.origin += f"; {name} state: {error}"
            return False
        self._state, self._unused, self._opened = state, state, name
        self.origin = f"went on from the {name} state of {to_datetime(state.history.end):%Y-%m-%d %H:%M} UTC"
        return True


def _about(lake: Lake, settings: Settings, snapshot: int) -> dict[str, Any]:
    """What tells whether a state is of this lake and of these settings."""
    made = lake.read("SELECT snapshot_time FROM lake.snapshots() WHERE snapshot_id = ?", [snapshot])
    # Another lake at the same place has made its snapshots at other times.
    time = made["snapshot_time"][0].isoformat() if made.height else None
    return {
        "snapshot": snapshot,
        "snapshot_time": time,
        "messages": sorted(settings.training.messages),
        "text_model": settings.embeddings.model,
    }


def _need(lake: Lake, settings: Settings, about: Mapping[str, Any], snapshot: int, first: datetime) -> None:
    """Raises TrendError where a state does not hold what the lake says of the time until it was saved."""
    until = to_datetime(about["until"])
    if until > first:
        raise TrendError(f"it is of {until:%Y-%m-%d %H:%M} UTC, which is later")
    known = _about(lake, settings, about["snapshot"])
    if known["snapshot_time"] is None:
        raise TrendError(f"the lake no longer has snapshot {about['snapshot']}, of which it is")
    # Releases before kept no name of a text model.
    if known != {name: about.get(name) for name in known}:
        raise TrendError("it is of another lake, or of other training.messages or embeddings.model")
    for table, rows in _ROWS.items():
        if snapshot > about["snapshot"]:
            query = _FIRST_CHANGED.format(table=table, rows=rows, since=about["snapshot"] + 1, until=snapshot)
            changed = lake.read(query, {"end": until})["hour"][0]
            if changed is not None:
                raise TrendError(f"{table} of {changed:%Y-%m-%d %H:%M} UTC has changed since")
