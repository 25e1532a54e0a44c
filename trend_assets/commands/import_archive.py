"""`trend import`: files of posts into the lake."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from trend_assets.commands.console import as_it_is, console, errors
from trend_assets.errors import TrendError
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.operations.importing import FileReport, import_file, settings_columns
from trend_assets.settings import Settings, load_settings
from trend_assets.sources.archive.columns import ColumnMap, ColumnMapError
from trend_assets.sources.archive.files import Batch

_REASONS_SHOWN = 12


def import_archive(
    files: Annotated[list[Path], typer.Argument(help="Plain, gzip or zstd; what is inside decides, not the name.")],
    columns: Annotated[
        str | None,
        typer.Option(help="Event field = column, for CSV, Parquet and JSON lines of any community."),
    ] = None,
) -> None:
    """Import files of posts: tweets, YouTube answers, CSV, Parquet or JSON lines.

    Example: trend import tweets/*.jsonl.gz

    Example: trend import --columns id=message_id,timestamp=sent_at,user_id=user,topics=topic chat.csv.gz
    """
    settings = load_settings()
    mapping = column_map(settings, columns)
    lake = Lake(lake_location(settings))
    reports = import_all(lake, files, mapping)
    _summary(reports, lake, settings)
    if any(report.error for report in reports):
        raise typer.Exit(1)


def column_map(settings: Settings, columns: str | None) -> ColumnMap | None:
    """The map from the command line, else from the settings, else none."""
    if not columns:
        return settings_columns(settings)
    try:
        return ColumnMap.parse(columns)
    except ColumnMapError as error:
        raise TrendError(f"--columns: {error}") from None


def import_all(lake: Lake, files: list[Path], mapping: ColumnMap | None) -> list[FileReport]:
    """Imports each file, with one progress bar over all their bytes."""
    total = sum(path.stat().st_size for path in files if path.is_file())
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[rows]:,} rows, {task.fields[rate]:,.0f} rows/s, {task.fields[rejected]:,} rejected"),
        TimeElapsedColumn(),
        TextColumn("ETA"),
        TimeRemainingColumn(),
        console=errors,
        disable=not errors.is_terminal,
    )
    reports = []
    with bar:
        task = bar.add_task("importing", total=total, rows=0, rate=0.0, rejected=0)
        done, rows, rejected = 0, 0, 0

        def advance(path: Path, batch: Batch) -> None:
            nonlocal rows, rejected
            rows += batch.rows
            rejected += len(batch.rejections)
            elapsed = bar.tasks[task].elapsed or 1e-9
            bar.update(
                task,
                completed=done + batch.bytes_read,
                description=as_it_is(path.name),
                rows=rows,
                rate=rows / elapsed,
                rejected=rejected,
            )

        for path in files:
            report = import_file(lake, path, mapping, advance)
            reports.append(report)
            done += path.stat().st_size if path.is_file() else 0
            bar.update(task, completed=done)
            if report.error:
                errors.print(report.error, soft_wrap=True, markup=False)
    return reports


def _summary(reports: list[FileReport], lake: Lake, settings: Settings) -> None:
    events = sum(report.events for report in reports)
    added = sum(report.added for report in reports)
    reasons = sum((report.reasons for report in reports), Counter[str]())
    if events or reasons:
        console.print(
            f"{events:,} events read, {added:,} of them new; {reasons.total():,} rows rejected; "
            f"the lake holds {lake.read('SELECT count(*) AS n FROM raw_events')['n'][0]:,} raw events."
        )
    if forgotten := sum(report.forgotten for report in reports):
        console.print(f"{forgotten:,} rows were left out: somebody had them forgotten.")
    if reasons:
        table = Table("rejected because", "rows")
        for reason, count in reasons.most_common(_REASONS_SHOWN):
            table.add_row(as_it_is(reason), f"{count:,}")
        if len(reasons) > _REASONS_SHOWN:
            table.add_row(f"… {len(reasons) - _REASONS_SHOWN} more reasons, all in rejected_events", "")
        console.print(table)
    _next_step(reports, settings)


def _next_step(reports: list[FileReport], settings: Settings) -> None:
    firsts = [report.first for report in reports if report.first]
    lasts = [report.last for report in reports if report.last]
    if not firsts:
        return
    first, last = min(firsts), max(lasts)
    history_start = settings.schedule.history_start
    if first.date() < history_start:
        console.print(
            f"Some events are older than schedule.history_start ({history_start}): set it to "
            f"{first.date()} or earlier so that they get partitions."
        )
    console.print(
        f"Events from {first:%Y-%m-%d} to {last:%Y-%m-%d}. "
        f"Next: trend backfill --start {first:%Y-%m-%d} --end {last + timedelta(days=1):%Y-%m-%d}"
    )
