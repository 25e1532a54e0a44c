"""Each command on the way from posts to forecasts ends with the next ones to type."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from trend_assets.commands.console import as_typed, console
from trend_assets.lake.store import Lake
from trend_assets.operations.history import mentions_query, newest_mention
from trend_assets.periods import monday
from trend_assets.settings import Settings

_WEEK = timedelta(weeks=1)
_DAY = timedelta(days=1)
_NOTES_FROM = 44


class Step(NamedTuple):
    """A command to type, and what it is for."""

    command: str
    purpose: str = ""


def show_next(steps: Sequence[Step]) -> None:
    """Prints the commands; each can be pasted as it is."""
    if not steps:
        return
    console.print("Next:")
    for step in steps:
        note = f"  # {step.purpose}" if step.purpose else ""
        console.print(f"  {as_typed(step.command):<{_NOTES_FROM}}{note}".rstrip(), soft_wrap=True, markup=False)


def written(moment: datetime) -> str:
    """A moment as it is typed behind an option: without the time where that is midnight."""
    return f"{moment:%Y-%m-%d}" if moment.time() == time() else f"{moment:%Y-%m-%dT%H:%M}"


def after_backfill(lake: Lake, settings: Settings) -> list[Step]:
    """What follows on the hourly tables: a training, where there is enough to learn from; else the first forecast."""
    last, enough = _span(lake, settings.training.min_events)
    if last is None:
        return []
    now = datetime.now(UTC)
    # The week that is not over yet can be forecast; a history of less than that week leaves only the next one.
    weeks = [week for week in (monday(last), monday(last) + _WEEK) if week <= now and enough and week >= enough]
    if not weeks:
        return [Step(f"trend predict --at {written(last)}", "ranked by counting: too few mentions to train on yet")]
    return [Step(f"trend train --week {weeks[0]:%Y-%m-%d}", "a model of all before that Monday")]


def after_training(lake: Lake, week: datetime) -> list[Step]:
    """What follows on a training: forecasts of what came after its Monday, with outcomes, or of the newest hour."""
    newest = newest_mention(lake)
    if newest - week < 2 * _DAY:
        return [Step(f"trend predict --at {written(newest)}", "the newest hour")]
    return [
        backfill_forecasts(max(week, newest - _WEEK), newest),
        Step(f"trend predict --at {written(newest - _DAY)}", "with what came of it"),
    ]


def backfill_forecasts(start: datetime, end: datetime) -> Step:
    """Forecasts of all hours of a stretch, and what came of them."""
    stretch = f"--start {written(start)} --end {written(end)}"
    return Step(f"trend backfill --only predictions --only prediction_outcomes {stretch}")


def after_forecasts(end: datetime, newest: datetime) -> list[Step]:
    """What follows on forecasts until `end`: one of them with its outcome, the newest, and the dashboard."""
    known, last = min(end, newest - _DAY), min(end, newest)
    return [
        Step(f"trend predict --at {written(known)}", "with what came of it"),
        *([Step(f"trend predict --at {written(last)}", "the newest hour")] if last > known else []),
        Step("trend up", "dashboard, API and Dagster UI"),
    ]


def _span(lake: Lake, enough: int) -> tuple[datetime | None, datetime | None]:
    """Where the last hour with mentions ends, and where the one ends with which there are enough of them."""
    hours = lake.read(f"SELECT hour, count(*) AS mentions FROM ({mentions_query()}) GROUP BY hour ORDER BY hour")
    if hours.is_empty():
        return None, None
    reached = hours.filter(hours["mentions"].cum_sum() >= enough)["hour"]
    until = reached[0] + timedelta(hours=1) if len(reached) else None
    return hours["hour"][-1] + timedelta(hours=1), until
