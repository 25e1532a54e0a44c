"""`trend repair`: finds damaged files of the lake, and lets go of them."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from trend_assets.commands.console import as_typed, console
from trend_assets.settings import load_settings


def repair(
    let_go: Annotated[
        bool, typer.Option("--let-go", help="Take the damaged files out of the lake, with all their rows.")
    ] = False,
) -> None:
    """Read every file of the lake, and say of each that is missing or damaged what it held.

    As long as a damaged file is part of the lake, its table can be neither read nor written. First try to put the
    file back from a copy of the disk. Where there is none, --let-go takes it out, and the rest of the table works
    again; each line says how its rows can be had again. The exit status is 1 while a file is damaged.

    Example: trend repair --let-go
    """
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.damage import damaged_files
    from trend_assets.lake.damage import let_go as let_go_of
    from trend_assets.lake.store import Lake
    from trend_assets.operations.repairing import losses

    with closing(Lake(lake_location(load_settings()), read_only=not let_go)) as lake:
        damaged = damaged_files(lake, read=True)
        for one in damaged:
            console.print(f"{one.path}: {one.why}", markup=False, soft_wrap=True)
        if damaged and let_go:
            let_go_of(lake, damaged)
    for loss in losses(damaged):
        hours = f" of {loss.first:%Y-%m-%d %H:%M} to {loss.last:%Y-%m-%d %H:%M} UTC" if loss.first and loss.last else ""
        console.print(f"{loss.table}: {loss.rows:,} rows{hours}\n  → {loss.again}", markup=False, soft_wrap=True)
    if not damaged:
        console.print("every file of the lake can be read")
    elif let_go:
        console.print(f"{len(damaged)} files are no part of the lake any more")
    else:
        console.print(as_typed("put the files back, or run `trend repair --let-go`"))
        raise typer.Exit(1)
