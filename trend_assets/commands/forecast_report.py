"""A forecast as it is told in the terminal: the table, why each topic stands there, and how earlier ones came out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from rich.table import Table

from trend_assets.commands.console import as_it_is, console
from trend_assets.commands.forecast_table import OF_CUT, SHOWN, forecast_table
from trend_assets.commands.next_steps import Step, backfill_forecasts, show_next
from trend_assets.lake.people import SIMULATED, USERNAMES
from trend_assets.lake.spam_topics import left_out
from trend_assets.lake.store import Lake
from trend_assets.links import person_link, person_name
from trend_assets.operations.scoring import label_scores
from trend_assets.settings import Settings
from trend_assets.words import ahead, ranking_title, why

_ROWS = f"SELECT p.rank, p.topic, p.metadata, p.made, p.horizon_hours FROM predictions p WHERE {SHOWN}"
#: Earlier forecasts are those of these days.
_BEFORE = timedelta(days=28)
_DAY = timedelta(hours=24)
_PEOPLE_NAMED = 2
_UNKNOWN = (
    f"How right such forecasts were is not known yet: of the {_BEFORE.days} days before there is none that was made in "
    "the same way, has come due, and had a topic that came true."
)
_SPAM = f"""
    SELECT p.topic FROM predictions p
    WHERE {OF_CUT} AND list_contains($spam::VARCHAR[], p.topic) AND ($last IS NULL OR p.rank < $last)
    ORDER BY p.rank LIMIT 10
"""


def show_forecast(
    lake: Lake,
    settings: Settings,
    cut: datetime,
    label: str,
    top: int,
    *,
    newest: bool = False,
    spam: bool = False,
    earlier: bool = True,
) -> None:
    """Prints the likeliest topics of a cut, the reasons of each, what was left out, and how earlier cuts came out.

    Args:
        lake: where it is stored.
        settings: which topics are not shown.
        cut: its forecast origin, timezone-aware.
        label: what is forecast.
        top: how many topics.
        newest: its newest revision and not the first, which is scored.
        spam: whether topics that look like spam are shown, too.
        earlier: whether it is told how right earlier forecasts were.
    """
    hidden = left_out(lake, cut, settings.attention.muted, settings.attention.hide_spam and not spam)
    table = forecast_table(lake, cut, label, top, newest=newest, left_out=hidden)
    asked = {"cut": cut, "label": label, "newest": newest}
    rows = lake.read(_ROWS, {**asked, "top": top, "left_out": sorted(hidden)}).rows(named=True)
    spammy = _spam(lake, asked, hidden - set(settings.attention.muted), rows[-1]["rank"] if rows else None)
    told = [f"Left out, for they look like spam (--spam shows them): {', '.join(spammy)}."] if spammy else []
    console.print(table)
    if rows:
        console.print("\nWhy:", _reasons(lake, settings, cut, rows), sep="\n")
    if rows and earlier:
        told.append(_earlier(lake, cut, label, rows[0]["made"], rows[0]["horizon_hours"]))
    for sentence in told:
        console.print(f"\n{sentence}", markup=False)
    if _UNKNOWN in told:
        show_next(_forecasts_before(lake, cut, rows[0]["horizon_hours"]))


def _reasons(lake: Lake, settings: Settings, cut: datetime, rows: Sequence[Mapping[str, Any]]) -> Table:
    """A line for each topic: the counts, and who the score owes most to."""
    counts = {row["rank"]: orjson.loads(row["metadata"]) for row in rows}
    people = {user["user_id"] for behind in counts.values() for user in _drivers(behind)}
    asked = {"start": cut - _DAY, "end": cut, "people": sorted(people)}
    usernames = dict(lake.read(USERNAMES, asked).rows()) if people else {}
    # Ids that were made up, or hashed, are nobody's address.
    linked = not settings.privacy.hash_user_ids and not lake.read(SIMULATED).item()
    names = {person: _called(person, usernames.get(person), linked) for person in people}
    table = Table.grid(padding=(0, 1))
    for row in rows:
        behind = counts[row["rank"]]
        table.add_row(str(row["rank"]), as_it_is(f"{row['topic']}: {why(behind)}{_owed(behind, names)}"))
    return table


def _drivers(counts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [user for user in counts.get("users") or [] if user.get("log_odds", 0) > 0][:_PEOPLE_NAMED]


def _owed(counts: Mapping[str, Any], names: Mapping[str, str]) -> str:
    told = [names[user["user_id"]] for user in _drivers(counts)]
    return f"; likelier because of {' and '.join(told)}" if told else ""


def _called(person: str, username: str | None, linked: bool) -> str:
    source, _, user = person.partition(":")
    link = person_link(source, user) if linked else None
    return person_name(source, user, username) or link or f"{source} user {user}"


def _spam(lake: Lake, asked: Mapping[str, Any], spam: Collection[str], last: int | None) -> list[str]:
    """Those that look like spam and rank before the last one that is shown."""
    found: list[str] = lake.read(_SPAM, {**asked, "last": last, "spam": sorted(spam)})["topic"].to_list()
    return found


def _earlier(lake: Lake, cut: datetime, label: str, made: str, hours: int) -> str:
    """How right forecasts of the weeks before were, by what was known at the cut."""
    until = cut - timedelta(hours=hours)
    scores = label_scores(lake, label, cut - _BEFORE, until, made)
    ours = next((row for row in scores if row.is_model), None)
    if ours is None:
        return _UNKNOWN
    told = (
        f"Earlier forecasts, at {ours.cuts} cuts until {until:%Y-%m-%d %H:%M}: of the ten likeliest "
        f"{10 * ours.precision_at_10:.1f} came true within {ahead(hours)} (NDCG@10 {ours.ndcg_at_10:.3f})"
    )
    other = next((row for row in scores if not row.is_model), None)
    if other is None:
        return f"{told}."
    return (
        f"{told}; the best of the counts, {ranking_title(other.ranking)}, would have had "
        f"{10 * other.precision_at_10:.1f} ({other.ndcg_at_10:.3f})."
    )


def _forecasts_before(lake: Lake, cut: datetime, hours: int) -> list[Step]:
    """The command that makes forecasts of the week before, of hours whose outcome is known by now."""
    first = lake.read("SELECT min(hour) AS first FROM temporal_edges")["first"][0]
    start = max(first, cut - timedelta(days=7))
    if start >= cut - timedelta(hours=hours):
        return []
    return [backfill_forecasts(start, cut)]
