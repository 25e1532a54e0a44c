"""Dagster's home folder and instance: created on first use, next to the lake."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from dagster import DagsterInstance
from filelock import FileLock

from trend_assets.automation.event_log import BATCH_SIZE
from trend_assets.settings import Settings

_TEMPLATES = Path(__file__).with_name("templates")
#: The variables with the address of Dagster's PostgreSQL database and of Celery's broker, as the templates name them.
_RECORDS, BROKER = "DAGSTER_POSTGRES_URL", "DAGSTER_CELERY_BROKER"
_OPEN_SECONDS = 120


def dagster_environment(settings: Settings) -> dict[str, str]:
    """The variables under which Dagster, in this process or another, finds its home and its records."""
    url = os.environ.get(_RECORDS, "")
    # Dagster's statements are for psycopg2; SQLAlchemy takes psycopg 3 where no driver is named.
    named = re.sub(r"^postgres(ql)?://", "postgresql+psycopg2://", url)
    return {
        **({_RECORDS: named} if url else {}),
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
        shutil.copyfile(_TEMPLATES / _template(), target)
    # Which code Dagster loads does not depend on the user: a newer release may name it otherwise.
    shutil.copyfile(_TEMPLATES / "workspace.yaml", workspace_file(settings))


def _template() -> str:
    if not os.environ.get(_RECORDS):
        return "dagster.yaml"
    return "dagster-celery.yaml" if os.environ.get(BROKER) else "dagster-postgres.yaml"


def workspace_file(settings: Settings) -> Path:
    """Dagster's workspace file, which names this package."""
    return settings.dagster_home / "workspace.yaml"


def open_instance(settings: Settings) -> DagsterInstance:
    """Dagster's records of this home."""
    prepare_home(settings)
    os.environ.update(dagster_environment(settings))
    # Of processes that start at the same time only one may create the tables.
    with FileLock(settings.dagster_home / "open.lock", timeout=_OPEN_SECONDS):
        return DagsterInstance.get()
