"""`trend import`: imports files of posts into the lake."""

from __future__ import annotations

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

from trend_assets.automation.reloading import reload_definitions
from trend_assets.commands.console import as_it_is, as_typed, errors
from trend_assets.commands.import_tables import show
from trend_assets.errors import TrendError
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.operations.import_report import FileReport, ImportStatistics
from trend_assets.operations.importing import import_file, settings_columns
from trend_assets.settings import Settings, load_settings
from trend_assets.sources.archive.columns import ColumnMap, ColumnMapError
from trend_assets.sources.archive.files import ArchiveError, Batch, read_archive


def import_archive(
    files: Annotated[
        list[Path], typer.Argument(help="Plain, compressed, in zip or tar; what is inside decides, not the name.")
    ],
    columns: Annotated[
        str | None,
        typer.Option(help="Event field = column, for CSV, Parquet and JSON lines of any community."),
    ] = None,
    namespace: Annotated[
        str | None,
        typer.Option(help="Chat, forum or channel in which ids and users are unique; goes with --columns."),
    ] = None,
) -> None:
    """Import files of posts: tweets, YouTube answers, CSV, Parquet or JSON lines.

    The exit status is 1 where a file cannot be read, or more than 0.1 % of its rows have the id of another post.

    Example: trend import tweets/*.jsonl.gz

    Example: trend import --columns id=message_id,timestamp=sent_at,user_id=user,topics=topic chat.csv.gz

    Example: trend import --namespace gardening --columns id=id,timestamp=date,user_id=user,text=text gardening.csv
    """
    settings = load_settings()
    mapping = column_map(settings, columns, namespace)
    _need_a_file(files)
    location = lake_location(settings)
    if location.uses_sqlite and not location.sqlite_catalog.exists():
        _need_rows(files, mapping)
    lake = Lake(location)
    seen = ImportStatistics()
    reports = import_all(lake, files, mapping, settings, seen)
    show(reports, seen, lake)
    reload_definitions(settings, seen.days)
    if any(report.failed for report in reports):
        raise typer.Exit(1)


def _need_a_file(files: list[Path]) -> None:
    """Before a lake is made for nothing."""
    if not any(path.exists() or str(path) == "-" for path in files):
        raise TrendError(f"there is no file {', '.join(map(str, files))}")


def _need_rows(files: list[Path], mapping: ColumnMap | None) -> None:
    """The same of files that have not one row to keep, accepted or rejected; each says why."""
    refusals = []
    for path in files:
        # What cannot be read twice is not looked at before.
        if str(path) == "-" or (path.exists() and not path.is_file() and not path.is_dir()):
            return
        try:
            if any(batch.rows for batch in read_archive(path, columns=mapping, batch_rows=1)):
                return
        except ArchiveError as error:
            refusals.append(str(error))
    for refusal in refusals:
        errors.print(as_typed(refusal), soft_wrap=True, markup=False)
    raise typer.Exit(1)


def column_map(settings: Settings, columns: str | None, namespace: str | None = None) -> ColumnMap | None:
    """The map from the command line, else from the settings, else none.

    Raises:
        TrendError: it is wrong, or there is none that the namespace could belong to.
    """
    try:
        mapping = ColumnMap.parse(columns) if columns else settings_columns(settings)
        if namespace is None:
            return mapping
        if mapping is None:
            raise TrendError(
                "--namespace goes with --columns: the ids of tweets and of all other formats that are recognised "
                "without --columns are unique as they are"
            )
        return mapping.with_namespace(namespace)
    except ColumnMapError as error:
        raise TrendError(f"--columns: {error}" if columns else f"--namespace: {error}") from None


def import_all(
    lake: Lake, files: list[Path], mapping: ColumnMap | None, settings: Settings, seen: ImportStatistics | None = None
) -> list[FileReport]:
    """Imports each file, with one progress bar over all their bytes; what fails is told on standard error."""
    total = sum(path.stat().st_size for path in files if path.is_file())
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("rows {task.fields[rows]:,}, {task.fields[rate]:,.0f} rows/s, {task.fields[rejected]:,} rejected"),
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
            report = import_file(lake, path, settings, mapping, advance, seen=seen)
            reports.append(report)
            done += path.stat().st_size if path.is_file() else 0
            bar.update(task, completed=done)
            _complain(report)
    return reports


def _complain(report: FileReport) -> None:
    for error in report.errors:
        errors.print(as_typed(error), soft_wrap=True, markup=False)
    for part in report.parts.values():
        if part.conflicts:
            errors.print(f"{part.name}: {part.conflict_share}", soft_wrap=True, markup=False)
