"""The `trend doctor` command."""

from __future__ import annotations

import typer

from trend_assets.commands.console import as_typed, console
from trend_assets.commands.doctor.finding import Check, Finding, findings
from trend_assets.settings import load_settings


def doctor() -> None:
    """Look the deployment over: versions, disk, lake, storage, inbox, Dagster, missing hours, models, keys.

    Each line says what was found, and what to do where something is wrong. The exit status is 1 if anything is.

    Example: TREND_HOME=data/demo trend doctor
    """
    settings = load_settings()
    wrong = 0
    for subject, check in _checks().items():
        for finding in findings(subject, check, settings):
            wrong += finding.todo is not None
            console.print(as_typed(_line(finding)), markup=False, soft_wrap=True)
    if wrong:
        console.print(f"{wrong} to look after")
        raise typer.Exit(1)
    console.print("nothing is wrong")


def _checks() -> dict[str, Check]:
    # DuckDB and Dagster take seconds to load.
    from trend_assets.commands.doctor.lake import lake
    from trend_assets.commands.doctor.machine import home, inbox, versions
    from trend_assets.commands.doctor.pipeline import keys, pipeline

    return {"versions": versions, "home": home, "lake": lake, "inbox": inbox, "pipeline": pipeline, "keys": keys}


def _line(finding: Finding) -> str:
    mark = "ok " if finding.todo is None else "BAD"
    todo = f"\n             → {finding.todo}" if finding.todo else ""
    return f"{mark} {finding.subject:<8} {finding.told}{todo}"
