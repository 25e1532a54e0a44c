"""A `trend` in a process of its own that is forked from one that has loaded what every `trend` loads."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from trend_assets_tests import processes

_SECONDS = 300


def run(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs `trend` to its end.

    Args:
        arguments: behind `trend`.
        environment: all of its variables.
        folder: in which it works.

    Raises:
        TimeoutError: it has not ended after five minutes, and was killed.
    """
    with tempfile.TemporaryDirectory() as place:
        outputs = Path(place, "stdout"), Path(place, "stderr")
        process = processes.process(_begin, list(arguments), dict(environment), folder, *outputs)
        process.start()
        process.join(_SECONDS)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"trend {' '.join(arguments)} has not ended after {_SECONDS} s")
        said = [path.read_text(encoding="utf-8") for path in outputs]
    return subprocess.CompletedProcess(["trend", *arguments], process.exitcode, *said)


def _begin(arguments: list[str], environment: dict[str, str], folder: Path, stdout: Path, stderr: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, path in ((1, stdout), (2, stderr)):
        with path.open("wb") as file:
            os.dup2(file.fileno(), number)
    sys.argv = ["trend", *arguments]
    from trend_assets.cli import main

    main()
