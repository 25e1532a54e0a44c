"""Dagster's command `dg` finds the project in the repository root."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from trend_assets_tests.conftest import REPOSITORY


def dg(home: Path, *arguments: str) -> str:
    """What it prints, from the repository root, for a person without settings of their own."""
    run = subprocess.run(
        [str(Path(sys.executable).with_name("dg")), *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "yes"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_dg_loads_the_definitions(home: Path) -> None:
    assert "All definitions loaded successfully" in dg(home, "check", "defs")


def test_dg_lists_the_assets_and_the_schedules(home: Path) -> None:
    found = json.loads(dg(home, "list", "defs", "--json"))
    assert {"raw_events", "temporal_edges", "tgn_checkpoint", "predictions"} <= {
        asset["asset_key"] for asset in found["assets"]
    }
    assert "nightly_maintenance" in {schedule["name"] for schedule in found["schedules"]}
