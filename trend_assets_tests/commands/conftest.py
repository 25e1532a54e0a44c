"""The `trend` command, each time in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from trend_assets_tests.commands import forked

COMMAND = Path(sys.executable).parent / "trend"

#: Runs `trend` with arguments, and with variables of the environment.
Trend = Callable[..., subprocess.CompletedProcess[str]]


def runner(home: Path, folder: Path) -> Trend:
    """A `trend` whose home is `home` and whose working folder is `folder`."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TREND_", "DAGSTER_")) and name not in {"COLUMNS", "FORCE_COLOR"}
    }

    def run(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {**clean, "TREND_HOME": str(home), "COLUMNS": "120", **variables}
        return forked.run([str(argument) for argument in arguments], environment, folder)

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working folder of a module's commands."""
    if not COMMAND.exists():
        pytest.skip(f"no {COMMAND}: install the project first")
    return tmp_path_factory.mktemp("command")


@pytest.fixture(scope="module")
def trend(folder: Path) -> Trend:
    """One home for a module's tests."""
    return runner(folder / "home", folder)


def one_sentence(run: subprocess.CompletedProcess[str]) -> str:
    """What a failed command wrote on standard error, held to the rules."""
    assert run.returncode == 1, run.stdout + run.stderr
    assert "Traceback" not in run.stderr and "unexpected" not in run.stderr
    assert run.stderr.count("\n") == 1, run.stderr
    return run.stderr.strip()
