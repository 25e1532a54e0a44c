"""`trend forget`: a person or a post leaves the lake and everything beside it."""

from __future__ import annotations

from typing import Annotated

import typer

from trend_assets.commands.console import console, errors
from trend_assets.errors import TrendError
from trend_assets.settings import load_settings


def forget(
    user: Annotated[str | None, typer.Option(help="The platform's own id of the person, not the name.")] = None,
    content: Annotated[str | None, typer.Option(help="The platform's own id of the post, video or comment.")] = None,
    source: Annotated[str | None, typer.Option(help="Only of this source, e.g. twitter; else of all.")] = None,
) -> None:
    """Remove a person's or a post's rows from every table, and the files that held them.

    What names them elsewhere (retweets, quotes, answers, comments) goes too, and none of it comes back with the
    next collection or import. Older snapshots can no longer be read afterwards.

    Example: trend forget --user 2244994945 --source twitter
    """
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.store import Lake
    from trend_assets.operations.privacy.files import forget_files
    from trend_assets.operations.privacy.forgetting import forget as forget_in_lake
    from trend_assets.operations.privacy.traces import Subject
    from trend_assets.sources.event import SOURCES

    if (user is None) == (content is None) or not (user or content):
        raise typer.BadParameter("name one of --user ID and --content ID")
    if source is not None and source not in SOURCES:
        raise TrendError(f"--source {source}: expected one of {', '.join(SOURCES)}")
    settings = load_settings()
    lake = Lake(lake_location(settings))
    subject = Subject("user", user, source) if user else Subject("content", content or "", source)
    forgotten = forget_in_lake(lake, settings, subject)
    files = forget_files(settings, forgotten)
    rows = ", ".join(f"{count:,} {table}" for table, count in forgotten.removed.items())
    console.print(f"Removed in {forgotten.seconds:.1f} s: {rows or 'no rows: none were there'}.", soft_wrap=True)
    console.print("It is noted in `forgotten`, under a hash, and will not come back.", markup=False, soft_wrap=True)
    if forgotten.topics:
        console.print(f"{len(forgotten.topics):,} topics that nobody else used went, with their forecasts.")
    for path in files.deleted:
        console.print(f"deleted {path}: the lake has what else it held", markup=False, soft_wrap=True)
    if files.models or files.lines or files.records:
        console.print(
            f"Beside the lake: names replaced in {files.models} models, {files.lines} lines of logs deleted, "
            f"{files.records} records of runs cleaned.",
            soft_wrap=True,
        )
    for reason in files.refused:
        errors.print(f"a model was left as it is: {reason}", markup=False, soft_wrap=True)
    for path in files.still:
        errors.print(f"still there: {path} holds it and was not imported: delete it", markup=False, soft_wrap=True)
    if forgotten.unfinished:
        raise TrendError(forgotten.unfinished)
