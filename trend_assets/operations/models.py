"""Trained models on disk: a folder each, named by the week from which they may forecast."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from trend_assets.settings import Settings

_NAME = re.compile(r"tgn-(?P<week>\d{4}-\d{2}-\d{2})-s(?P<snapshot>\d+)")


@dataclass(frozen=True, slots=True, order=True)
class StoredModel:
    """A checkpoint's folder.

    Args:
        week: Monday 00:00 UTC; the model saw only what was before.
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
    return settings.models_folder / f"tgn-{week:%Y-%m-%d}-s{snapshot}"


def stored_models(settings: Settings) -> list[StoredModel]:
    """All models, oldest week first; of one week, the last trained last."""
    found = []
    for folder in settings.models_folder.glob("tgn-*"):
        match = _NAME.fullmatch(folder.name)
        if match and folder.is_dir():
            # What only looks like a week is somebody else's folder.
            with contextlib.suppress(ValueError):
                week = datetime.strptime(match["week"], "%Y-%m-%d").replace(tzinfo=UTC)
                found.append(StoredModel(week, int(match["snapshot"]), folder))
    return sorted(found)


def model_at(settings: Settings, cut: datetime) -> StoredModel | None:
    """The newest model that may forecast at `cut`: trained on nothing from after it."""
    allowed = [model for model in stored_models(settings) if model.week <= cut]
    return allowed[-1] if allowed else None
