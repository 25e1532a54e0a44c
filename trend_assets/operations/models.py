"""Trained models on disk: a folder each, named by the week from which they may forecast.

`promoted.json` beside them lists those that forecasts use, and what was promoted and withdrawn when.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from filelock import FileLock

from trend_assets.errors import TrendError
from trend_assets.operations.files import write_json
from trend_assets.settings import Settings

_PROMOTED = "promoted.json"
#: The hour is named where it was trained inside the week, the number where another has the same name.
_NAME = re.compile(r"tgn-(?P<week>\d{4}-\d{2}-\d{2})(T(?P<hour>\d{2}))?-s(?P<snapshot>\d+)(\.\d+)?")


@dataclass(frozen=True, slots=True, order=True)
class StoredModel:
    """A checkpoint's folder.

    Args:
        week: Monday 00:00 UTC, or the hour at which it was trained early; it saw only what was before.
        snapshot: the lake's snapshot that it read.
    """

    week: datetime
    snapshot: int
    folder: Path

    @property
    def version(self) -> str:
        return self.folder.name


def model_folder(settings: Settings, week: datetime, snapshot: int) -> Path:
    """Where the model of a week, trained on a snapshot of the lake, is kept."""
    hour = f"T{week:%H}" if week.weekday() or week.hour else ""
    return settings.models_folder / f"tgn-{week:%Y-%m-%d}{hour}-s{snapshot}"


def stored_models(settings: Settings) -> list[StoredModel]:
    """All models, oldest week first; of one week, the last trained last."""
    found = []
    for folder in settings.models_folder.glob("tgn-*"):
        match = _NAME.fullmatch(folder.name)
        if match and folder.is_dir():
            # What only looks like a week is somebody else's folder.
            with contextlib.suppress(ValueError):
                week = datetime.strptime(f"{match['week']}T{match['hour'] or '00'}", "%Y-%m-%dT%H").replace(tzinfo=UTC)
                found.append(StoredModel(week, int(match["snapshot"]), folder))
    return sorted(found)


def models_at(settings: Settings, cut: datetime) -> list[StoredModel]:
    """Promoted models that may forecast at `cut`, the one in use first, then what was in use before it."""
    return [model for model in promoted_models(settings) if model.week <= cut][::-1]


def model_at(settings: Settings, cut: datetime) -> StoredModel | None:
    """The newest promoted model that may forecast at `cut`: trained on nothing from after it."""
    return next(iter(models_at(settings, cut)), None)


def promoted_models(settings: Settings) -> list[StoredModel]:
    """The promoted models that are stored, oldest week first; of one week, the last promoted last.

    Raises:
        TrendError: the file that lists them is damaged.
    """
    stored = {model.version: model for model in stored_models(settings)}
    return [stored[version] for version in _read(settings)["promoted"] if version in stored]


def promote(settings: Settings, version: str, reason: str) -> None:
    """Puts a stored model to use from its week on; models of later weeks stay in use from theirs on.

    Raises:
        TrendError: there is no such model.
    """
    with _changing(settings) as state:
        _add(state, _stored(settings, version), settings)
        _note(state, "promoted", version, reason)


def promote_instead(settings: Settings, version: str) -> list[str]:
    """Puts a stored model to use and withdraws all promoted models of later weeks; returns what was withdrawn.

    Raises:
        TrendError: there is no such model.
    """
    with _changing(settings) as state:
        chosen = _stored(settings, version)
        newer = [model.version for model in promoted_models(settings) if model.week > chosen.week]
        state["promoted"] = [name for name in state["promoted"] if name not in newer]
        _add(state, chosen, settings)
        _note(state, "promoted", version, "by hand")
    return newer


def roll_back(settings: Settings) -> tuple[StoredModel, StoredModel | None]:
    """Withdraws the newest promoted model; returns it and the one that is in use now, if any.

    Raises:
        TrendError: no model is promoted.
    """
    with _changing(settings) as state:
        promoted = promoted_models(settings)
        if not promoted:
            raise TrendError("no model is promoted: there is nothing to roll back")
        state["promoted"].remove(promoted[-1].version)
        _note(state, "withdrawn", promoted[-1].version, "rolled back by hand")
    return promoted[-1], promoted[-2] if len(promoted) > 1 else None


def _stored(settings: Settings, version: str) -> StoredModel:
    stored = {model.version: model for model in stored_models(settings)}
    if version not in stored:
        raise TrendError(f"there is no model {version!r} in {settings.models_folder}: see `trend model list`")
    return stored[version]


def _add(state: dict[str, Any], model: StoredModel, settings: Settings) -> None:
    """Into its place by week; of its own week, last."""
    weeks = {other.version: other.week for other in stored_models(settings)}
    others = [name for name in state["promoted"] if name != model.version and name in weeks]
    place = sum(weeks[name] <= model.week for name in others)
    state["promoted"] = [*others[:place], model.version, *others[place:]]


def _note(state: dict[str, Any], action: str, version: str, reason: str) -> None:
    state["log"].append({"at": datetime.now(UTC).isoformat(), "action": action, "version": version, "reason": reason})


def _read(settings: Settings) -> dict[str, Any]:
    path = settings.models_folder / _PROMOTED
    try:
        state = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return {"promoted": [], "log": []}
    except orjson.JSONDecodeError as error:
        raise TrendError(f"{path} is damaged ({error}): delete it and run `trend model promote`") from None
    if not isinstance(state, dict) or not all(isinstance(state.get(name), list) for name in ("promoted", "log")):
        raise TrendError(f"{path} does not list models: delete it and run `trend model promote`")
    return state


@contextlib.contextmanager
def _changing(settings: Settings) -> Iterator[dict[str, Any]]:
    """The list of promoted models, written in one step at the end; one process at a time."""
    folder = settings.models_folder
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f".{_PROMOTED}.lock"):
        state = _read(settings)
        yield state
        write_json(folder / _PROMOTED, state)
