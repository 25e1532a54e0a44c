"""Homes with real tweets for the benchmarks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TREND = Path(sys.executable).parent / "trend"


def shared_data() -> Path:
    """The folder of real public data.

    Raises:
        SystemExit: it is not there.
    """
    folder = Path(os.environ.get("TREND_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        raise SystemExit(f"no shared data in {folder} (set TREND_SHARED_DATA)")
    return folder


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "TREND_HOME": str(home)}


def trend(home: Path, *arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs `trend` on a home to its end."""
    command = [str(TREND), *map(str, arguments)]
    return subprocess.run(command, env=environment(home), check=check, capture_output=True, text=True)


def start_trend(home: Path, *arguments: object) -> subprocess.Popen[bytes]:
    """Starts `trend` on a home, in a process group of its own."""
    command = [str(TREND), *map(str, arguments)]
    return subprocess.Popen(
        command, env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def import_tweets(home: Path, pattern: str) -> None:
    trend(home, "import", *sorted((shared_data() / "tweets").glob(pattern)))
