"""The mock of Google Trends: the public feed, and the explore API as pytrends calls it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from trend_assets.periods import hour_start
from trend_assets.simulator.identifiers import opaque
from trend_assets.simulator.serving import Answer, SimulatedRequest
from trend_assets.simulator.timeline import Search

_FEED_HOURS = timedelta(hours=24)
_HOUR = timedelta(hours=1)
_NAMESPACE = "https://trends.google.com/trending/rss"
_JSON = {"Content-Type": "application/json; charset=UTF-8"}


def _feed(request: SimulatedRequest) -> Answer:
    geo = request.parameters.get("geo", "US")
    items = "".join(_item(search) for search in _searches(request, request.now - _FEED_HOURS) if search.country == geo)
    document = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><rss xmlns:atom="http://www.w3.org/2005/Atom" '
        f'xmlns:ht="{_NAMESPACE}" version="2.0"><channel><title>Daily Search Trends</title>'
        f"<link>{_NAMESPACE}?geo={escape(geo)}</link>{items}</channel></rss>"
    )
    return Answer(200, document.encode(), {"Content-Type": "text/xml; charset=UTF-8"})


def _searches(request: SimulatedRequest, start: datetime) -> Iterator[Search]:
    for event in request.world.events("google_trends", max(start, request.world.start), request.now):
        if isinstance(event, Search):
            yield event


def _item(search: Search) -> str:
    at = datetime.fromtimestamp(search.milliseconds // 1000, UTC)
    return (
        f"<item><title>{escape(search.term)}</title><ht:approx_traffic>{search.traffic}+</ht:approx_traffic>"
        f"<description></description><link>{_NAMESPACE}?geo={escape(search.country)}</link>"
        f"<pubDate>{format_datetime(at)}</pubDate><ht:picture></ht:picture></item>"
    )


def _cookie(request: SimulatedRequest) -> Answer:
    # As recorded: the page is not found, and sets the cookie.
    cookie = f"NID=511={opaque(str(request.milliseconds), 40)}; path=/; HttpOnly"
    return Answer(404, b"<html></html>", {"Content-Type": "text/html; charset=utf-8", "Set-Cookie": cookie})


def _explore(request: SimulatedRequest) -> Answer:
    query = json.loads(request.parameters["req"])
    items = query["comparisonItem"]
    compared = [
        {
            "geo": {"country": item["geo"]} if item.get("geo") else {},
            "complexKeywordsRestriction": {"keyword": [{"type": "BROAD", "value": item["keyword"]}]},
        }
        for item in items
    ]
    options = {"property": "", "backend": "IZG", "category": 0}
    series = {
        "request": {
            "time": items[0]["time"],
            "resolution": "HOUR",
            "comparisonItem": compared,
            "requestOptions": options,
        },
        "token": opaque(f"token:{request.parameters['req']}", 44),
        "id": "TIMESERIES",
        "type": "fe_line_chart",
    }
    return Answer.json({"widgets": [series]}, headers=_JSON, before=b")]}'\n")


def _multiline(request: SimulatedRequest) -> Answer:
    query = json.loads(request.parameters["req"])
    start, end = (datetime.strptime(part, "%Y-%m-%dT%H").replace(tzinfo=UTC) for part in query["time"].split())
    terms = [item["complexKeywordsRestriction"]["keyword"][0]["value"].casefold() for item in query["comparisonItem"]]
    series = [_hourly(request, term, start) for term in terms]
    peak = max((count for counts in series for count in counts.values()), default=0) or 1
    points: list[dict[str, Any]] = []
    for hour in (start + index * _HOUR for index in range(int((end - start) / _HOUR))):
        values = [round(100 * counts[hour] / peak) for counts in series]
        points.append(
            {
                "time": str(int(hour.timestamp())),
                "formattedTime": f"{hour:%b %d, %Y at %H:%M}",
                "formattedAxisTime": f"{hour:%b %d at %H:%M}",
                "value": values,
                "hasData": [counts[hour] > 0 for counts in series],
                "formattedValue": [str(value) for value in values],
            }
        )
    averages = [round(sum(point["value"][index] for point in points) / len(points)) for index in range(len(terms))]
    answer = {"default": {"timelineData": points, "averages": averages}}
    return Answer.json(answer, headers=_JSON, before=b")]}',\n")


def _hourly(request: SimulatedRequest, term: str, start: datetime) -> Counter[datetime]:
    """Searches for a term in each hour."""
    counts: Counter[datetime] = Counter()
    for search in _searches(request, start):
        if search.term.casefold() == term:
            at = datetime.fromtimestamp(search.milliseconds // 1000, UTC)
            counts[hour_start(at)] += search.traffic
    return counts


ROUTES = {
    "/trending/rss": _feed,
    "/trends/explore/": _cookie,
    "/trends/api/explore": _explore,
    "/trends/api/widgetdata/multiline": _multiline,
}
