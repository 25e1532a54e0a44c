"""`trend maintain`: runs the nightly maintenance now."""

from __future__ import annotations

from datetime import UTC, datetime

from trend_assets.commands.console import console
from trend_assets.settings import load_settings


def maintain() -> None:
    """Delete what is past its retention, compact the lake, let old snapshots expire.

    Safe while everything runs: readers are not blocked, writers take turns with it.

    Example: trend maintain
    """
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.store import Lake
    from trend_assets.operations.maintaining import maintain_lake

    settings = load_settings()
    report = maintain_lake(Lake(lake_location(settings)), settings, datetime.now(UTC))
    done = report.lake
    if report.returned:
        console.print(f"{report.returned:,} users and posts forgotten again: a run had written them meanwhile")
    for table, rows in report.retired.items():
        console.print(f"{rows:,} rows of {table} deleted: past their retention")
    if report.files:
        console.print(f"{report.files:,} imported files deleted: past their retention")
    console.print(
        f"{done.before.files:,} files of {done.before.bytes / 1e6:,.1f} MB are {done.after.files:,} of "
        f"{done.after.bytes / 1e6:,.1f} MB; {done.snapshots:,} snapshots expired, {done.removed:,} unused files "
        f"deleted; {done.seconds:.1f} s",
        soft_wrap=True,
    )
