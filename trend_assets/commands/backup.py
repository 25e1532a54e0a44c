"""`trend backup` and `trend restore`."""

from __future__ import annotations

from typing import Annotated

import typer

from trend_assets.commands.console import console
from trend_assets.settings import load_settings


def backup(target: Annotated[str, typer.Argument(help="A new folder, or s3://BUCKET/PREFIX.")]) -> None:
    """Write a backup of the lake, the models and Dagster's local records; others may go on reading and writing.

    It is of one moment, and names no engine: it restores into SQLite or PostgreSQL, a folder or object storage. Older
    snapshots are not in it. It holds what the lake holds, so protect it alike, and delete it after `trend forget`.

    Example: trend backup /mnt/backups/2026-02-04
    """
    from trend_assets.operations.backup import back_up

    made = back_up(load_settings(), target)
    console.print(
        f"{target}: {sum(made.rows.values()):,} rows of {len(made.rows)} tables at snapshot {made.snapshot}, "
        f"{len(made.models)} models",
        markup=False,
        soft_wrap=True,
    )


def restore(source: Annotated[str, typer.Argument(help="The folder or the address of a backup.")]) -> None:
    """Make a lake of a backup where there is none yet: in TREND_HOME, or wherever the settings say.

    Every file is checked first. A backup of an older release is brought up to date.

    Example: TREND_HOME=/srv/trend trend restore /mnt/backups/2026-02-04
    """
    from trend_assets.lake.connection import lake_location
    from trend_assets.operations.backup import restore as restore_lake

    settings = load_settings()
    made = restore_lake(settings, source)
    console.print(
        f"{lake_location(settings)}: {sum(made.rows.values()):,} rows of {len(made.rows)} tables and "
        f"{len(made.models)} models as of {made.made_at:%Y-%m-%d %H:%M} UTC",
        markup=False,
        soft_wrap=True,
    )
