"""`trend worker`: takes runs from Celery's queue, on this machine."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Annotated

import typer

from trend_assets.errors import TrendError
from trend_assets.settings import load_settings


def worker(
    runs: Annotated[int, typer.Option(min=1, help="How many runs at once, each in a process of its own.")] = 1,
    name: Annotated[str, typer.Option(help="Of this worker; two on one machine need two.")] = "trend",
) -> None:
    """Take runs from Celery's queue on this machine, until it is stopped; a run that has begun is ended first.

    Needs DAGSTER_CELERY_BROKER and DAGSTER_POSTGRES_URL, and a lake that all machines share: `lake.catalog_url` and
    `lake.data_path`.

    Example: DAGSTER_CELERY_BROKER=redis://broker:6379/0 trend worker --runs 2
    """
    from trend_assets.automation.instance import BROKER, dagster_environment, open_instance

    if missing := [variable for variable in (BROKER, "DAGSTER_POSTGRES_URL") if not os.environ.get(variable)]:
        raise TrendError(f"set {' and '.join(missing)}: see docs/deployment.md")
    if importlib.util.find_spec("dagster_celery") is None:
        raise TrendError("Celery is not installed: pip install 'trend-assets[celery]'")
    settings = load_settings()
    open_instance(settings).dispose()
    arguments = ["-A", "trend_assets.automation.celery_app", "worker", "--queues", "dagster", "--loglevel", "INFO"]
    arguments += ["--prefetch-multiplier", "1", "--concurrency", str(runs), "--hostname", f"{name}@%h"]
    environment = {**os.environ, **dagster_environment(settings)}
    os.execve(sys.executable, [sys.executable, "-m", "celery", *arguments], environment)
