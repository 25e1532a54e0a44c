"""Parses raw payloads into events, and adds topics, spam score and Gen Z score.

What an hour's rows become depends on that hour's rows alone, so that a range gives the same rows as its
hours one by one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import polars as pl

from trend_assets.enrichment.copies.finder import users_of_copies
from trend_assets.enrichment.copies.texts import copy_key
from trend_assets.enrichment.gen_z import GenZScorer
from trend_assets.enrichment.phrases.choice import Choice
from trend_assets.enrichment.spam.scorer import SpamScorer, edge_weight
from trend_assets.enrichment.topics import hashtags_of, topics_with
from trend_assets.lake.tables import EVENTS, RAW_EVENTS, REJECTED_EVENTS
from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.frames import rejection_id
from trend_assets.sources.registry import parse as parse_payload

#: Reads one payload: its format's name and the payload to an event, or `Rejected`.
Parse = Callable[[str, str], Event]

#: Columns that both tables share: they are taken over as they are, so that ids and partitions agree.
_KEY_COLUMNS = ("id", "hour", "timestamp", "source", "event_type", "content_id", "user_id")

_SURROGATE = re.compile(r"[\ud800-\udfff]")

_PARSED_SCHEMA = {name: EVENTS.schema[name] for name in EVENTS.column_names if name not in _KEY_COLUMNS}
_BAD_PAYLOAD = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)


class EventHandler:
    """Turns rows of `RAW_EVENTS` into rows of `EVENTS`.

    Args:
        parse: reads one payload; by default as the sources do.
        spam: scores the events.
        topics: which topics count.
        gen_z: scores the events, too.
        now: the clock for ``rejected_at``, timezone-aware.
    """

    def __init__(
        self,
        parse: Parse = parse_payload,
        spam: SpamScorer | None = None,
        topics: Choice | None = None,
        gen_z: GenZScorer | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._parse = parse
        self._spam = spam or SpamScorer()
        self._topics = topics or Choice()
        self._gen_z = gen_z or GenZScorer()
        self._now = now

    @property
    def gen_z_lexicon(self) -> str:
        """Language and version of the lexicon behind the Gen Z scores."""
        return f"{self._gen_z.lexicon.language} {self._gen_z.lexicon.version}"

    def handle(self, raw: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Events and rejections from raw rows of any number of hours, in any order.

        Args:
            raw: rows of `RAW_EVENTS`; of several rows with one id, the first collected is taken.

        Returns:
            Rows of `EVENTS` sorted by hour, timestamp and id; rows of `REJECTED_EVENTS` for payloads
            that the parser cannot read any more.

        Raises:
            ValueError: ``raw`` does not conform to `RAW_EVENTS`.
        """
        raw = (
            RAW_EVENTS.conform(raw)
            .sort("hour", "timestamp", "id", "collected_at", "origin", maintain_order=True)
            .unique("id", keep="first", maintain_order=True)
        )
        kept: list[bool] = []
        rejected: list[dict[str, Any]] = []
        events: list[Event] = []
        copies: list[int] = []
        for rows in _hours(raw):
            parsed = [self._read(row, rejected) for row in rows]
            kept += [event is not None for event in parsed]
            hour = [event for event in parsed if event is not None]
            events += hour
            copies += count_copies(hour)
        keys = raw.select(_KEY_COLUMNS).filter(pl.Series(kept, dtype=pl.Boolean))
        frame = keys.hstack(pl.DataFrame(self._enriched(events, copies), schema=_PARSED_SCHEMA))
        return EVENTS.conform(frame.select(EVENTS.column_names)), REJECTED_EVENTS.frame(rejected)

    def _read(self, row: tuple[str, str, str], rejected: list[dict[str, Any]]) -> Event | None:
        format_name, raw_data, origin = row
        try:
            return self._parse(format_name, raw_data)
        except Rejected as error:
            reason = str(error)
        except _BAD_PAYLOAD as error:
            reason = f"the {format_name} parser failed: {type(error).__name__}: {error}"
        rejected.append(
            {
                "id": rejection_id(origin, None, reason, raw_data),
                "origin": origin,
                "line": None,
                "reason": reason,
                "raw_data": raw_data,
                "rejected_at": self._now(),
                "format": format_name,
            }
        )
        return None

    def _enriched(self, events: list[Event], copies: list[int]) -> dict[str, list[Any]]:
        columns: dict[str, list[Any]] = {name: [] for name in _PARSED_SCHEMA}
        for event, spam in zip(events, self._spam.score_all(events, copies), strict=True):
            hashtags = hashtags_of(event)
            gen_z = self._gen_z.score(event, hashtags)
            columns["text"].append(_encodable(event.text))
            columns["language"].append(event.language)
            columns["hashtags"].append(hashtags)
            columns["topics"].append(self._topics.tags(topics_with(event, hashtags)))
            columns["context"].append(json_text(event.context))
            columns["features"].append(json_text({**event.features, "spam": spam.signals, "gen_z": gen_z.parts}))
            columns["spam_score"].append(spam.score)
            columns["edge_weight"].append(edge_weight(spam.score))
            columns["gen_z_score"].append(gen_z.score)
        return columns


def count_copies(events: list[Event]) -> list[int]:
    """For each event of one hour, how many distinct users wrote nearly its text in that hour; 0 where unknown."""
    keys = [copy_key(event.text, event.event_type, event.topics) for event in events]
    users = [None if event.user_id is None else f"{event.source}:{event.user_id}" for event in events]
    return users_of_copies(keys, users)


def json_text(value: Mapping[str, Any]) -> str:
    """JSON with sorted keys; integers beyond 64 bits and lone surrogates are kept, too."""
    try:
        return orjson.dumps(value, default=_plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, UnicodeEncodeError):
        return json.dumps(value, default=_plain, sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, set | frozenset | tuple) else str(value)


def _encodable(text: str) -> str:
    """Half of a surrogate pair is no character, and no UTF-8 file can hold it."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _hours(raw: pl.DataFrame) -> Iterator[list[tuple[str, str, str]]]:
    rows = raw.select("format", "raw_data", "origin")
    lengths = raw["hour"].rle().struct.field("len").to_list() if raw.height else []
    start = 0
    for length in lengths:
        yield rows.slice(start, length).rows()
        start += length
