"""`trend forget`: deletes a person or a post from the lake and from everything beside it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from trend_assets.commands.console import console, errors
from trend_assets.errors import TrendError
from trend_assets.settings import load_settings

if TYPE_CHECKING:
    from trend_assets.operations.privacy.files import Files
    from trend_assets.operations.privacy.forgetting import Forgotten
    from trend_assets.operations.privacy.traces import Subject

_WIDEST = 70


def forget(
    user: Annotated[str | None, typer.Option(help="The platform's own id of the person, not the name.")] = None,
    content: Annotated[str | None, typer.Option(help="The platform's own id of the post, video or comment.")] = None,
    source: Annotated[str | None, typer.Option(help="Whose id it is, e.g. twitter.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    even_unknown: Annotated[
        bool, typer.Option("--even-unknown", help="Keep an id away that nothing in the lake has; needs --source.")
    ] = False,
) -> None:
    """Remove a person's or a post's rows from every table, and the files that held them.

    Rows of others that carry the person go too (retweets, quotes, answers, mentions, comments), and none of it
    comes back with the next collection or import. Older snapshots can no longer be read afterwards. On a
    terminal it shows what would go, and asks first.

    Example: trend forget --user 2244994945 --source twitter --dry-run
    """
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.store import Lake
    from trend_assets.operations.privacy.asking import of_one_source, require_known
    from trend_assets.operations.privacy.files import forget_files, preview_files
    from trend_assets.operations.privacy.forgetting import forget as forget_in_lake
    from trend_assets.operations.privacy.forgetting import preview

    subject = _subject(user, content, source)
    if even_unknown and source is None:
        raise TrendError("--even-unknown needs --source: on another platform the same id is somebody else's")
    settings = load_settings()
    if not even_unknown:
        # An empty home is told, and not made a lake of.
        Lake(lake_location(settings), read_only=True).close()
    lake = Lake(lake_location(settings))
    found = preview(lake, settings, subject)
    subject = of_one_source(found, subject)
    if not even_unknown:
        require_known(lake, settings, found, subject)
    if dry_run or _asks(yes):
        _list(found, preview_files(settings, found))
    if dry_run:
        console.print("This was a dry run: nothing was removed.")
        return
    if _asks(yes) and not typer.confirm("Remove it? It cannot be undone."):
        raise TrendError("nothing was removed")
    forgotten = forget_in_lake(lake, settings, subject)
    _tell(forgotten, forget_files(settings, forgotten))
    if forgotten.unfinished:
        raise TrendError(forgotten.unfinished)


def _subject(user: str | None, content: str | None, source: str | None) -> Subject:
    from trend_assets.operations.privacy.traces import Subject
    from trend_assets.sources.event import SOURCES

    if (user is None) == (content is None) or not (user or content):
        raise typer.BadParameter("name one of --user ID and --content ID")
    if source is not None and source not in SOURCES:
        raise TrendError(f"--source {source}: expected one of {', '.join(SOURCES)}")
    return Subject("user", user, source) if user else Subject("content", content or "", source)


def _asks(yes: bool) -> bool:
    return not yes and sys.stdin.isatty() and sys.stdout.isatty()


def _list(found: Forgotten, files: Files) -> None:
    traces = found.traces
    own, others = len(traces.own), len(traces.event_ids - traces.own)
    _say(f"{own:,} posts of it, {others:,} of others that carry it. These rows would go:")
    for table, count in found.removed.items():
        _say(f"  {count:,} {table}")
        for row in found.examples.get(table, ()):
            _say(f"    {', '.join(_short(value) for value in row.values() if value is not None)}")
    if found.topics:
        _say(f"  with {len(found.topics):,} topics that nobody else used: {_short(', '.join(found.topics))}")
    for path in files.deleted:
        _say(f"  the file {path}: the lake has what else it holds")
    _warn(found, files)


def _tell(forgotten: Forgotten, files: Files) -> None:
    rows = ", ".join(f"{count:,} {table}" for table, count in forgotten.removed.items())
    _say(f"Removed in {forgotten.seconds:.1f} s: {rows or 'no rows: none were there'}.")
    _say("It is noted in `forgotten`, under a hash, and will not come back.")
    if forgotten.topics:
        _say(f"{len(forgotten.topics):,} topics that nobody else used went, with their forecasts.")
    for path in files.deleted:
        _say(f"deleted {path}: the lake has what else it held")
    if files.models or files.lines or files.records:
        _say(
            f"Beside the lake: names replaced in {files.models} models, {files.lines} lines of logs deleted, "
            f"{files.records} records of runs cleaned."
        )
    _warn(forgotten, files)


def _warn(forgotten: Forgotten, files: Files) -> None:
    for reason in files.refused:
        _complain(f"a model was left as it is: {reason}")
    for path in files.still:
        _complain(f"still there: {path} holds it and was not imported: delete it")
    for path in files.unread:
        _complain(f"not looked into: {path} cannot be read to its end: look whether it holds it")
    if forgotten.traces.undecided:
        _complain(
            f"left: {forgotten.traces.undecided:,} rejected rows have the word in them, and nothing tells whether it "
            "is this id: see `trend sql \"SELECT origin, line, raw_data FROM rejected_events\"`"
        )  # fmt: skip


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _say(line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)


def _complain(line: str) -> None:
    errors.print(line, markup=False, soft_wrap=True)
