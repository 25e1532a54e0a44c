"""Processes of the tests' own, forked from one that has loaded what nearly all of them need.

Loading it anew for each of hundreds would take a quarter of the whole suite's time.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from typing import Any

#: Nothing that reads the environment, and nothing that starts threads, which a fork would lose.
_LOADED = [
    "alembic.command",
    "dagster",
    "dagster_duckdb",
    "duckdb",
    "hypothesis",
    "pandas",
    "polars",
    "pyarrow",
    "pydantic_settings",
    "pytest",
    "rich.progress",
    "sqlalchemy",
    "typer",
    "trend_assets_tests.preloaded",
    __name__,
]


def context() -> ForkServerContext:
    """Makes barriers, events and queues for the processes."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(_LOADED)
    return found


def process(target: Callable[..., object], *arguments: Any) -> BaseProcess:
    """One that is not started yet; like one that is spawned, it begins with this one's environment."""
    return context().Process(target=_begin, args=(dict(os.environ), target, arguments))


def _begin(environment: Mapping[str, str], target: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    target(*arguments)
