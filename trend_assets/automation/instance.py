"""Dagster's home: made at first use, next to the lake."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from dagster import DagsterInstance

from trend_assets.automation.event_log import BATCH_SIZE
from trend_assets.settings import Settings

_TEMPLATE = Path(__file__).resolve().parents[2] / "data" / "dagster.yaml"


def dagster_environment(settings: Settings) -> dict[str, str]:
    """The variables under which Dagster, in this process or another, finds its home."""
    return {
        "DAGSTER_HOME": str(settings.dagster_home),
        "DAGSTER_EVENT_BATCH_SIZE": str(BATCH_SIZE),
        "TREND_HOME": str(settings.home),
    }


def prepare_home(settings: Settings) -> None:
    """Makes the folders of a run and Dagster's settings where they are missing."""
    for folder in (settings.dagster_home, settings.inbox, settings.logs_folder, settings.models_folder):
        folder.mkdir(parents=True, exist_ok=True)
    target = settings.dagster_home / "dagster.yaml"
    if not target.exists():
        shutil.copyfile(_TEMPLATE, target)


def open_instance(settings: Settings) -> DagsterInstance:
    """Dagster's records of this home."""
    prepare_home(settings)
    os.environ.update(dagster_environment(settings))
    return DagsterInstance.get()
