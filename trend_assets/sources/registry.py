"""The registry of sources, and of the parser of each format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from trend_assets import names
from trend_assets.sources.archive.columns import ColumnMap, ColumnMapError, parse_row
from trend_assets.sources.bluesky import archive as repositories
from trend_assets.sources.bluesky import events as bluesky
from trend_assets.sources.discord import events as discord
from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.formats import (
    ACTIVITYPUB,
    BLUESKY,
    BLUESKY_FEED,
    BLUESKY_RECORD,
    COLUMNS_PREFIX,
    DISCORD,
    FOURCAT,
    GOOGLE_TRENDS,
    HACKER_NEWS,
    JETSTREAM,
    MASTODON,
    REDDIT,
    TELEGRAM,
    TELEGRAM_API,
    TIKTOK,
    TWITTER_V1,
    X_V2,
    YOUTUBE_TAKEOUT,
    YOUTUBE_V3,
    ZEESCHUIMER,
)
from trend_assets.sources.fourcat import tables as fourcat
from trend_assets.sources.fourcat import zeeschuimer
from trend_assets.sources.google_trends import events as google_trends
from trend_assets.sources.hacker_news import events as hacker_news
from trend_assets.sources.mastodon import archive as outbox
from trend_assets.sources.mastodon import events as mastodon
from trend_assets.sources.reddit import events as reddit
from trend_assets.sources.telegram import api as telegram_api
from trend_assets.sources.telegram import desktop as telegram_desktop
from trend_assets.sources.tiktok import events as tiktok
from trend_assets.sources.twitter.v1 import parse_v1
from trend_assets.sources.twitter.v2 import parse_v2
from trend_assets.sources.wire.values import loads
from trend_assets.sources.youtube import events as youtube
from trend_assets.sources.youtube import takeout

Parser = Callable[[Mapping[str, Any]], Event]


@dataclass(frozen=True, slots=True)
class Format:
    """A shape in which events come, its parser, and the sources that the events are of."""

    name: str
    parse: Parser
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source(names.Source):
    """A source with the names of the formats that bring its events; a column map brings those of any."""

    formats: tuple[str, ...] = ()


FORMATS: Mapping[str, Format] = {
    row.name: row
    for row in (
        Format(TWITTER_V1, parse_v1, ("twitter",)),
        Format(X_V2, parse_v2, ("twitter",)),
        Format(YOUTUBE_V3, youtube.parse, ("youtube",)),
        Format(GOOGLE_TRENDS, google_trends.parse, ("google_trends",)),
        Format(BLUESKY, bluesky.parse, ("bluesky",)),
        Format(MASTODON, mastodon.parse, ("mastodon", "truth_social", "gab")),
        Format(ACTIVITYPUB, outbox.parse, ("mastodon",)),
        Format(BLUESKY_FEED, repositories.parse_item, ("bluesky",)),
        Format(BLUESKY_RECORD, repositories.parse_record, ("bluesky",)),
        Format(JETSTREAM, repositories.parse_commit, ("bluesky",)),
        Format(YOUTUBE_TAKEOUT, takeout.parse, ("youtube",)),
        Format(REDDIT, reddit.parse, ("reddit",)),
        Format(HACKER_NEWS, hacker_news.parse, ("hacker_news",)),
        Format(TELEGRAM, telegram_desktop.parse, ("telegram",)),
        Format(TELEGRAM_API, telegram_api.parse, ("telegram",)),
        Format(DISCORD, discord.parse, ("discord",)),
        Format(TIKTOK, tiktok.parse, ("tiktok",)),
        Format(ZEESCHUIMER, zeeschuimer.parse, zeeschuimer.SOURCES),
        Format(FOURCAT, fourcat.parse, ("archive", "4chan", *dict.fromkeys(fourcat.SOURCES_BY_HOST.values()))),
    )
}
PARSERS: Mapping[str, Parser] = {name: row.parse for name, row in FORMATS.items()}
SOURCES: Mapping[str, Source] = {
    name: Source(**asdict(source), formats=tuple(row.name for row in FORMATS.values() if name in row.sources))
    for name, source in names.SOURCES.items()
}


@dataclass(frozen=True, slots=True)
class Rejection:
    """What was received but cannot be an event.

    Args:
        line: where it stood, from 1.
        reason: why.
        raw_data: the text as it came.
        format: by which it was read; None where nothing told it.
    """

    line: int | None
    reason: str
    raw_data: str
    format: str | None = None


def parser(format: str) -> Parser:
    """The parser of a format.

    Raises:
        Rejected: an unknown format, or a column map that cannot be read.
    """
    found = PARSERS.get(format)
    if found is not None:
        return found
    if format.startswith(COLUMNS_PREFIX):
        return _row_parser(format.removeprefix(COLUMNS_PREFIX))
    raise Rejected(f"unknown format {format[:60]!r}: expected {', '.join(PARSERS)} or {COLUMNS_PREFIX}MAP")


@lru_cache(maxsize=64)
def _row_parser(written: str) -> Parser:
    try:
        column_map = ColumnMap.parse(written)
    except ColumnMapError as error:
        raise Rejected(str(error)) from None
    return lambda row: parse_row(row, column_map)


def parse(format: str, raw_data: str) -> Event:
    """A payload as it is kept in the lake, as an event.

    Args:
        format: one of `PARSERS`, or ``columns:`` and a column map.
        raw_data: the payload as received, JSON text.

    Raises:
        Rejected: an unknown format, not a JSON object, or what the format's parser refuses.
    """
    read = parser(format)
    payload = loads(raw_data)
    if not isinstance(payload, dict):
        raise Rejected("not a JSON object")
    return read(payload)
