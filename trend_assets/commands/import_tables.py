"""The summary of `trend import`: what was read, what it holds, and the next commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from rich.table import Table

from trend_assets.commands.console import as_it_is, console
from trend_assets.commands.next_steps import Step, show_next, written
from trend_assets.lake.store import Lake
from trend_assets.operations.import_report import Example, FileReport, ImportStatistics, Part
from trend_assets.periods import FIRST_DAY, hour_start
from trend_assets.sources.event import kind_of_reason
from trend_assets.words import counted

_FILES_SHOWN = 20
_REASONS_SHOWN = 12
_TOPICS_SHOWN = 5
_EXAMPLE_CHARACTERS = 60
_DAY = timedelta(days=1)
#: Posts that lie further apart are backfilled by two commands: most of the hours between them would be empty.
_GAP = timedelta(days=366)

_NO_TOPICS = (
    "none: name columns by hashtags= or topics=, or count what is said with phrases among enrichment.topics.kinds"
)


def show(reports: Sequence[FileReport], seen: ImportStatistics, lake: Lake) -> None:
    """Prints the tables and the next command.

    Args:
        reports: of the files, in their order.
        seen: what was in their events.
        lake: that holds them now.
    """
    parts = [part for report in reports for part in report.parts.values()]
    if not sum(part.rows for part in parts):
        return
    total = _total(parts)
    console.print(
        f"{counted(total.events, 'event')} read, {total.new:,} of them new; {counted(total.rejected, 'row')} rejected; "
        f"the lake holds {counted(lake.read('SELECT count(*) AS n FROM raw_events')['n'][0], 'raw event')}."
    )
    console.print(_counts(reports, total))
    if total.events:
        console.print(_content(parts, total, seen))
    if total.reasons or total.conflict:
        console.print(_rejections(total))
    _next_commands(seen.days, datetime.now(UTC))


def _total(parts: Iterable[Part]) -> Part:
    total = Part("all")
    for part in parts:
        for name in ("rows", "new", "known", "changed", "conflicts", "rejected", "forgotten"):
            setattr(total, name, getattr(total, name) + getattr(part, name))
        for reason, count in part.reasons.items():
            total.reject(reason, count, part.examples[reason])
        total.conflict = total.conflict or part.conflict
        total.first = min(filter(None, [total.first, part.first]), default=None)
        total.last = max(filter(None, [total.last, part.last]), default=None)
    return total


def _counts(reports: Sequence[FileReport], total: Part) -> Table:
    """`rows = new + known + conflicts + rejected`, and what was forgotten where there is any."""
    names = ["rows", "new", "known", "conflicts", "rejected", *(["forgotten"] if total.forgotten else [])]
    named = _named(reports)
    table = Table("file")
    table.columns[0].overflow = "fold"
    for name in names:
        table.add_column(name, justify="right")
    for shown, part in named[:_FILES_SHOWN]:
        table.add_row(_shown(shown), *(f"{getattr(part, name):,}" for name in names))
    if len(named) > _FILES_SHOWN:
        table.add_row(f"… {len(named) - _FILES_SHOWN:,} more: see collection_status", *[""] * len(names))
    if len(named) > 1:
        table.add_section()
        table.add_row("all", *(f"{getattr(total, name):,}" for name in names))
    return table


def _named(reports: Sequence[FileReport]) -> list[tuple[str, Part]]:
    """Each part under its file's own name, or, where two files share one, under its path."""
    paths = {report.path for report in reports}
    is_short = len({path.name for path in paths}) == len(paths)
    return [
        (name[len(report.name) - len(report.path.name) :] if is_short else name, part)
        for report in reports
        for name, part in report.parts.items()
    ]


def _content(parts: Sequence[Part], total: Part, seen: ImportStatistics) -> Table:
    table = Table.grid(padding=(0, 2))
    if seen.events:
        _add_events(table, total, seen)
    if changed := total.changed:
        table.add_row("changed", f"{changed:,} known events came with another payload: see observations")
    notes = [f"{as_it_is(_line(note))}: {count:,}" for note, count in seen.notes.most_common()]
    file_notes = Counter(note for part in parts for note in part.notes)
    notes += [
        as_it_is(_line(note)) + (f" ({count:,} files)" if count > 1 else "") for note, count in file_notes.items()
    ]
    if notes:
        table.add_row("mind", "\n".join(notes))
    return table


def _add_events(table: Table, total: Part, seen: ImportStatistics) -> None:
    kinds = (f"{source} {event_type} {count:,}" for (source, event_type), count in seen.types.most_common())
    table.add_row("events", as_it_is(", ".join(kinds)))
    if total.first and total.last:
        table.add_row("time", f"{total.first:%Y-%m-%d %H:%M} to {total.last:%Y-%m-%d %H:%M} UTC")
    topics = (f"{_shown(topic)} {count:,}" for topic, count in seen.topics.most_common(_TOPICS_SHOWN))
    table.add_row("topics", ", ".join(topics) or _NO_TOPICS)
    table.add_row("with a topic", f"{seen.with_topic / seen.events:.0%} of the events")


def _rejections(total: Part) -> Table:
    table = Table("rejected because", "rows", "for example", show_lines=True)
    table.columns[1].justify = "right"
    for column in (table.columns[0], table.columns[2]):
        column.overflow = "fold"
    if total.conflict:
        table.add_row("the id is that of another post", f"{total.conflicts:,}", as_it_is(_line(total.conflict)))
    for reason, count in total.reasons.most_common(_REASONS_SHOWN):
        alike = "e.g. " if count > 1 and kind_of_reason(reason) != reason else ""
        table.add_row(alike + as_it_is(_line(reason)), f"{count:,}", _example(total.examples[reason]))
    if len(total.reasons) > _REASONS_SHOWN:
        table.add_row(
            f"… {counted(len(total.reasons) - _REASONS_SHOWN, 'more reason')}, all in rejected_events", "", ""
        )
    return table


def _example(example: Example) -> str:
    where = "" if example.line is None else f"line {example.line:,}: "
    return where + _shown(example.text)


def _shown(text: str) -> str:
    """Somebody's text on one line, cut, without what a terminal would obey."""
    line = _line(text[: 4 * _EXAMPLE_CHARACTERS])
    return as_it_is(line if len(line) <= _EXAMPLE_CHARACTERS else line[: _EXAMPLE_CHARACTERS - 1] + "…")


def _line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _next_commands(days: Iterable[date], now: datetime) -> None:
    """The commands that make hourly tables of the posts, as they can be pasted."""
    # An hour has its partition once it is over.
    over = hour_start(now)
    spans = [(_midnight(first), min(_midnight(last + _DAY), over)) for first, last in spans_of(days, now.date())]
    spans = [(start, end) for start, end in spans if start < end]
    if early := [day for day in days if day < FIRST_DAY]:
        have = "has" if len(early) == 1 else "have"
        console.print(f"{counted(len(early), 'day')} before {FIRST_DAY} {have} no partitions: are these times right?")
    show_next([Step(f"trend backfill --start {written(start)} --end {written(end)}") for start, end in spans])


def spans_of(days: Iterable[date], today: date) -> list[tuple[date, date]]:
    """First and last day of each stretch of days between `FIRST_DAY` and today that has no year without posts."""
    spans: list[tuple[date, date]] = []
    for day in sorted(day for day in days if FIRST_DAY <= day <= today):
        if spans and day - spans[-1][1] <= _GAP:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
