"""Recognises the platform of a JSON value or a table by fields that only that platform uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trend_assets.sources.archive.suggestions import import_command, suggested_columns
from trend_assets.sources.bluesky import archive as bluesky
from trend_assets.sources.discord import events as discord
from trend_assets.sources.event import Rejected
from trend_assets.sources.formats import FOURCAT, GOOGLE_TRENDS, HACKER_NEWS, X_V2, YOUTUBE_TAKEOUT, Found
from trend_assets.sources.fourcat import tables as fourcat
from trend_assets.sources.fourcat import zeeschuimer
from trend_assets.sources.google_trends import csv_export
from trend_assets.sources.hacker_news import events as hacker_news
from trend_assets.sources.mastodon import archive as mastodon
from trend_assets.sources.reddit import events as reddit
from trend_assets.sources.telegram import api as telegram_api
from trend_assets.sources.telegram import desktop as telegram_desktop
from trend_assets.sources.tiktok import events as tiktok
from trend_assets.sources.twitter import marks as twitter
from trend_assets.sources.twitter import twarc_csv
from trend_assets.sources.wire.values import listed, mappings, text
from trend_assets.sources.youtube import events as youtube
from trend_assets.sources.youtube import takeout


@dataclass(frozen=True, slots=True)
class TableFormat:
    """A known layout of tables.

    Args:
        format: the name in the registry of the format that its payloads have.
        payloads: splits a row into the JSON objects of its events.
    """

    format: str
    payloads: Callable[[dict[str, Any]], list[dict[str, Any]]]


#: Each finds its own payloads in a JSON object, or says None; the first that knows it has it.
_FINDERS: tuple[Callable[[Mapping[str, Any]], Iterator[Found] | None], ...] = (
    twitter.found,
    youtube.found,
    bluesky.found,
    mastodon.found,
    reddit.found,
    hacker_news.found,
    telegram_desktop.found,
    telegram_api.found,
    discord.found,
    tiktok.found,
    takeout.found,
    zeeschuimer.found,
)
#: Layouts of tables, by what tells their headers; the first that knows one has it.
_TABLES: tuple[tuple[Callable[[Sequence[str]], bool], TableFormat], ...] = (
    (twarc_csv.is_table, TableFormat(X_V2, twarc_csv.payloads)),
    (csv_export.is_export, TableFormat(GOOGLE_TRENDS, csv_export.payloads)),
    (hacker_news.is_table, TableFormat(HACKER_NEWS, hacker_news.payloads)),
    (takeout.is_comments, TableFormat(YOUTUBE_TAKEOUT, takeout.payloads)),
    (fourcat.is_table, TableFormat(FOURCAT, fourcat.payloads)),
)
#: What people also have, read through a column map: marks that all must be there, and what has them.
_LOOKS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"idstr", "mid"}), "a post of Weibo"),
    (frozenset({"media_type", "timestamp", "username"}), "a post of Threads or Instagram"),
    (frozenset({"_type", "rawContent"}), "a post that snscrape wrote"),
    (frozenset({"tweet", "conversation_id", "date", "time"}), "a post that twint wrote"),
    (frozenset({"message", "created_time"}), "a post of Facebook"),
)
_DEEPEST = 3


def found(value: Mapping[str, Any]) -> Iterator[Found] | None:
    """The payloads of known formats in a JSON object; None where it is of no known kind.

    Raises:
        Rejected: the kind is known, but it is no event and holds none; perhaps only once the payloads are asked for.
    """
    for finder in _FINDERS:
        payloads = finder(value)
        if payloads is not None:
            return payloads
    return None


def table_format(header: Sequence[str]) -> TableFormat | None:
    """The known layout whose header this is, if any."""
    names = [name.strip() for name in header]
    return next((table for knows, table in _TABLES if knows(names)), None)


def is_known(value: Any) -> bool:
    """Whether a JSON value, or an item of a JSON array, is of a kind that needs no column map."""
    if isinstance(value, list):
        return any(isinstance(item, dict) and is_known(item) for item in value)
    try:
        return isinstance(value, dict) and found(value) is not None
    except Rejected:
        return True


def rows_below(value: Mapping[str, Any], has: Callable[[Mapping[str, Any]], bool], depth: int = _DEEPEST) -> list[Any]:
    """The list below a key of a JSON object in which an item has what is looked for; empty where there is none.

    Args:
        value: as `{"data": [{…}, …]}`; keys within keys are looked at, too.
        has: what tells a row.
    """
    for inner in value.values():
        if isinstance(inner, list) and any(has(item) for item in mappings(inner)):
            return inner
    for inner in value.values():
        if isinstance(inner, dict) and depth > 1 and (rows := rows_below(inner, has, depth - 1)):
            return rows
    return []


def unknown(value: Mapping[str, Any], file: str = "FILE") -> str:
    """Why a JSON object of no known kind is no event: what it looks like, and the command that would read it."""
    if isinstance(value.get("error"), dict):
        error = value["error"]
        return f"an error that was answered, not an event: {error.get('code')} {error.get('message')}"[:250]
    errors = mappings(value.get("errors"))
    if errors:
        said = (text(errors[0].get(key)) for key in ("title", "detail", "message"))
        return f"an error that was answered, not an event: {' '.join(part for part in said if part)}"[:250]
    if not value:
        return "an empty JSON object"
    if value.get("data") == []:
        return "a page without tweets or other posts"
    rows = rows_below(value, lambda row: suggested_columns(list(row), row) is not None)
    sample = mappings(rows)[0] if rows and suggested_columns(list(value), value) is None else value
    looks = next((meaning for marks, meaning in _LOOKS if marks <= sample.keys()), "a JSON object")
    listing = "" if sample is value else f"a list of {len(rows):,}: "
    columns = suggested_columns(list(sample), sample)
    advice = (
        f"if these are posts, read them with: {import_command(columns, file)}"
        if columns
        else "a table of another kind needs --columns timestamp=FIELD,text=FIELD,…"
    )
    keys = listed(sorted(map(str, sample)))
    return f"not a tweet or another post of a known kind: {listing}{looks} with {keys}; {advice}"
