"""Parses Google Trends' feed and the wire formats that pytrends reads.

Trends names no users and no posts: an event is a search term that was seen trending (``trend``), or how
often it was searched in an hour (``interest``), in one place. Its id holds the place, the term and the
hour, so that asking again changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.wire import instants
from trend_assets.sources.wire.notes import BELOW_ONE, NO_ZONE
from trend_assets.sources.wire.values import loads, mapping, mappings, number, numbers, present, text, words

_WORLD = "world"
_TRAFFIC = re.compile(r"\s*([\d.,]+)\s*([KkMm]?)\+?\s*")
_BELOW_ONE = re.compile(r"\s*<\s*1\s*")
_DAYS = ("day", "week", "month")
#: What `2024-01` and `2024-01-15T12` leave out, by their lengths.
_LEFT_OUT = {7: "-01", 13: ":00"}
_MULTIPLES = {"": 1, "k": 1_000, "m": 1_000_000}


def parse(payload: Mapping[str, Any]) -> Event:
    """One observation of a search term as an event.

    Args:
        payload: ``{"term", "timestamp", "geo"}`` and, for ``interest``, ``"value"`` (0 to 100, relative
            to the request's peak), for ``trend`` what is known of ``"traffic"`` (searches, ``200K+``),
            ``"title"``, ``"articles"``, ``"related"``. ``timestamp`` is ISO 8601 with a zone, or an
            epoch in seconds; ``geo`` is a country or region code, absent for the world. Of the page's export
            (`csv_export`) also the ``"period"`` that a value is for; its times name no zone.

    Returns:
        The event, without a user; the term is its text and its topic. A value of ``<1`` is 0.5, and noted.

    Raises:
        Rejected: no term, no readable time, a value that is not a number.
    """
    term = text(payload.get("term"))
    if term is None or not term.strip():
        raise Rejected("no search term")
    term = " ".join(term.split())
    timestamp, notes = _exported_at(payload) if "period" in payload else instants.read(payload.get("timestamp"))
    geo = text(payload.get("geo")) or _WORLD
    is_interest = "value" in payload
    is_below_one = isinstance(payload.get("value"), str) and _BELOW_ONE.fullmatch(payload["value"])
    value, traffic = 0.5 if is_below_one else number(payload.get("value")), searches(payload.get("traffic"))
    if is_interest and value is None:
        raise Rejected(f"value {str(payload['value'])[:60]!r} is not a number")
    return Event(
        timestamp=timestamp,
        source="google_trends",
        event_type="interest" if is_interest else "trend",
        content_id=f"{geo}:{term.casefold()}:{_moment(timestamp, text(payload.get('period')))}",
        text=text(payload.get("title")) or term,
        topics=(term,),
        context=present(
            (
                ("geo", geo),
                ("term", term),
                ("period", text(payload.get("period"))),
                ("articles", [title for title in words(payload.get("articles")) if title]),
                ("related", words(payload.get("related"))),
            )
        ),
        features=numbers((("value", value), ("traffic", traffic))),
        notes=(*notes, BELOW_ONE) if is_below_one else notes,
    )


def _exported_at(payload: Mapping[str, Any]) -> instants.Reading:
    """The beginning of the period that a value is for; days, weeks and months begin at midnight UTC."""
    said, period = text(payload.get("timestamp")) or "", payload["period"]
    at, notes = instants.read(said + (_LEFT_OUT.get(len(said), "") if period in ("month", "hour") else ""), UTC)
    return (at, ()) if period in _DAYS else (at, (*notes, NO_ZONE))


def _moment(at: datetime, period: str | None) -> str:
    """The time in an id, as exact as what it is the time of."""
    if period in _DAYS:
        return f"{at:%Y-%m-%d}:{period}"
    return f"{at:%Y-%m-%dT%H:%M}" if period == "minute" else f"{at:%Y-%m-%dT%H}"


def searches(said: Any) -> float | None:
    """How many searches ``200K+``, ``1M+``, ``2,000+`` or a number stand for; None for anything else."""
    if not isinstance(said, str):
        return number(said)
    match = _TRAFFIC.fullmatch(said) if len(said) < 40 else None
    count = number(match[1].replace(",", "")) if match else None
    return None if match is None or count is None else count * _MULTIPLES[match[2].lower()]


def decode(body: str) -> Mapping[str, Any]:
    r"""The JSON object of an answer, without the guard ``)]}'`` that Google puts before it.

    Raises:
        Rejected: something else, such as the HTML page that says there were too many requests.
    """
    start = body.find("{")
    if start < 0 or body[:start].strip(" \r\n\t)]}',"):
        raise Rejected(f"not an answer of Google Trends: {' '.join(body[:60].split())!r}")
    return mapping(loads(body[start:]))


def split_interest_over_time(
    answer: Mapping[str, Any], terms: Sequence[str], geo: str | None = None
) -> Iterator[dict[str, Any]]:
    """Payloads of ``interest`` from an answer of ``widgetdata/multiline``.

    Args:
        answer: the decoded answer; its values are in the order of ``terms``.
        terms: the terms that were asked for.
        geo: the place that was asked for.

    Yields:
        One payload a term and point; a point that is still growing or has no data is left out.

    Raises:
        Rejected: no timeline in the answer.
    """
    default = mapping(answer.get("default"))
    if not isinstance(default.get("timelineData"), list):
        raise Rejected("no timelineData: not an answer on interest over time")
    for point in mappings(default["timelineData"]):
        if point.get("isPartial"):
            continue
        values, known = point.get("value"), point.get("hasData")
        if not isinstance(values, list):
            continue
        has_data = known if isinstance(known, list) else [True] * len(values)
        for term, value, there in zip(terms, values, has_data, strict=False):
            if there:
                yield {"term": term, "timestamp": _seconds(point.get("time")), "geo": geo, "value": value}


def split_related_queries(
    answer: Mapping[str, Any], term: str, seen_at: datetime, geo: str | None = None
) -> Iterator[dict[str, Any]]:
    """Payloads of ``trend`` for the rising queries in an answer of ``widgetdata/relatedsearches``.

    Args:
        answer: the decoded answer: the first ranked list is the most searched, the second what rises.
        term: the term that was asked for.
        seen_at: when it was asked; timezone-aware.
        geo: the place that was asked for.

    Raises:
        Rejected: no ranked lists in the answer.
    """
    ranked = mapping(answer.get("default")).get("rankedList")
    if not isinstance(ranked, list):
        raise Rejected("no rankedList: not an answer on related queries")
    for rising in mappings(ranked)[1:2]:
        for item in mappings(rising.get("rankedKeyword")):
            if query := text(item.get("query")):
                yield {"term": query, "timestamp": seen_at.isoformat(), "geo": geo, "related": [term]}


def _seconds(said: Any) -> Any:
    return int(said) if isinstance(said, str) and said.isascii() and said.isdigit() and len(said) < 19 else said
