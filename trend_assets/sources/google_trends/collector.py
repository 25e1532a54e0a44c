"""Collects from Google Trends, which has no keys: the public feed of what trends, and pytrends for terms.

pytrends is no longer maintained. Only its way of asking is used (`build_payload` and the widgets' tokens);
all its traffic goes through our session, and answers are read by `google_trends`, not by its data frames.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from pytrends.request import TrendReq
from tenacity import Retrying

from trend_assets.sources.collector import Clock, CollectorError, Usage, moment, not_too_late, utc_now
from trend_assets.sources.event import Payload, Rejected
from trend_assets.sources.formats import GOOGLE_TRENDS
from trend_assets.sources.gateway import Gateway
from trend_assets.sources.google_trends.events import decode, split_interest_over_time, split_related_queries
from trend_assets.sources.reading import read
from trend_assets.sources.registry import Rejection
from trend_assets.sources.retrying import retrying

_HOST = "https://trends.google.com"
_FEED = f"{_HOST}/trending/rss"
_HT = "{https://trends.google.com/trending/rss}"
#: Google compares at most five terms, and answers by the hour for ranges of 3 to 7 days.
_TERMS_AT_ONCE = 5
_SPAN = timedelta(days=7)
_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class GoogleTrendsAccess:
    """How Google Trends is asked.

    Args:
        regions: countries whose feeds are read.
        terms: whose interest is followed, hour by hour; the first is the anchor that ties batches together.
        related: ask which searches rise with each term, too.
        base_url: where it is.
        timeout: seconds to wait for an answer.
    """

    regions: tuple[str, ...] = ("US",)
    terms: tuple[str, ...] = ()
    related: bool = False
    base_url: str = _HOST
    timeout: float = 20.0


class GoogleTrendsCollector:
    """What trends in searches.

    Args:
        access: how Google Trends is asked.
        now: the clock, timezone-aware.
        retries: calls what may fail, again where a failure is transient.
    """

    source = "google_trends"
    resumes = False

    def __init__(self, access: GoogleTrendsAccess, now: Clock = utc_now, retries: Retrying | None = None) -> None:
        self.access = access
        self.origin = "google:trends"
        self.usage = Usage()
        self.cursor = ""
        self._now = now
        self._retries = retries or retrying()
        self._session = requests.Session()
        self._session.mount(_HOST, Gateway(_HOST, access.base_url, access.timeout, self.usage))
        self._session.max_redirects = 0

    def collect(self, start: datetime, end: datetime, cursor: str = "") -> Iterator[Payload | Rejection]:
        """Terms that began to trend in ``[start, end)``, and the terms' interest in it; see `Collector.collect`.

        Raises:
            CollectorError: nothing to ask for, too many requests, or an answer that is none.
        """
        self.cursor = cursor
        if not self.access.regions and not self.access.terms:
            raise CollectorError("no_key", "neither regions nor terms to ask for (google_trends.regions)")
        seen: set[str] = set()
        for payload in self._payloads(start, end):
            item = read(GOOGLE_TRENDS, payload)
            if isinstance(item, Payload):
                if not start <= item.event.timestamp < end or item.event.id in seen:
                    continue
                seen.add(item.event.id)
            yield item

    def _payloads(self, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        for region in self.access.regions:
            yield from self._retries(self._feed, region)
        if self.access.terms:
            yield from self._interest(end)
        if self.access.related and start <= self._now() < end + timedelta(hours=1):
            for term in self.access.terms:
                yield from self._retries(self._related, term, end - timedelta(seconds=1), end)

    def _feed(self, region: str) -> list[dict[str, Any]]:
        return list(read_feed(self._get("GET", _FEED, params={"geo": region}), region))

    def _interest(self, end: datetime) -> Iterator[dict[str, Any]]:
        anchor, *others = self.access.terms
        step = _TERMS_AT_ONCE - 1
        batches = [others[at : at + step] for at in range(0, len(others), step)] or [[]]
        reference: float | None = None
        for index, batch in enumerate(batches):
            rows = self._retries(self._batch, [anchor, *batch], end)
            level = _level(rows, anchor)
            reference = level if index == 0 else reference
            # Each answer is scaled to its own peak; the anchor's level makes batches comparable.
            scale = reference / level if reference and level else 1.0
            for row in rows:
                if index and row["term"] == anchor:
                    continue
                value = row["value"]
                yield {**row, "value": round(value * scale, 3) if isinstance(value, (int, float)) else value}

    def _batch(self, terms: list[str], end: datetime) -> list[dict[str, Any]]:
        return list(self._asking(lambda trends: trends.interest(terms, end)))

    def _related(self, term: str, seen_at: datetime, end: datetime) -> list[dict[str, Any]]:
        return list(self._asking(lambda trends: trends.related(term, seen_at, end)))

    def _asking(self, ask: Any) -> Any:
        try:
            return ask(_Trends(self._get))
        except Rejected as error:
            raise CollectorError("answer", f"Google Trends' answer cannot be read: {error}") from None
        except (KeyError, TypeError, IndexError) as error:
            raise CollectorError(
                "answer", f"Google Trends' answer has another shape than expected ({type(error).__name__})"
            ) from None

    def _get(self, method: str, url: str, **parameters: Any) -> str:
        """The text of an answer.

        Raises:
            CollectorError: it is none.
        """
        self.usage.requests += 1
        self.usage.units += 1
        try:
            response = self._session.request(method, url, **parameters)
        except requests.RequestException as error:
            raise CollectorError("network", f"Google Trends cannot be reached ({type(error).__name__})") from None
        if response.status_code == 429:
            raise self._too_many(response.headers)
        if response.status_code >= 500:
            raise CollectorError("server", f"Google Trends has trouble of its own (status {response.status_code})")
        # The page that sets the cookie answers 404 and sets it all the same.
        if response.status_code >= 300 and not url.endswith("/explore/"):
            raise CollectorError("request", f"Google Trends did not accept the request (status {response.status_code})")
        try:
            return response.content.decode("utf-8")
        except UnicodeDecodeError:
            raise CollectorError("answer", "Google Trends' answer is not valid UTF-8") from None

    def _too_many(self, headers: Mapping[str, str]) -> CollectorError:
        said = headers.get("Retry-After", "")
        wait = timedelta(seconds=int(said)) if said.isdigit() and len(said) < 7 else _PAUSE
        until = not_too_late(self._now() + wait, self._now())
        message = f"Google Trends was asked too often: it is left alone until {moment(until)}"
        return CollectorError("rate_limit", message, until)


class _Trends(TrendReq):  # type: ignore[misc]
    """pytrends' way of asking, over our own session."""

    def __init__(self, get: Any) -> None:
        self._get = get
        super().__init__(hl="en-US", tz=0)

    def GetGoogleCookie(self) -> dict[str, str]:
        self._get("GET", f"{_HOST}/trends/explore/", params={"geo": "US"})
        return {}

    def _get_data(self, url: str, method: str = TrendReq.GET_METHOD, trim_chars: int = 0, **kwargs: Any) -> Any:
        return decode(self._get(method.upper(), url, headers={"accept-language": self.hl}, **kwargs))

    def interest(self, terms: Sequence[str], end: datetime) -> list[dict[str, Any]]:
        """Payloads of the terms' interest in the week before ``end``, by the hour."""
        self.build_payload(list(terms), timeframe=_span(end))
        widget = self.interest_over_time_widget
        answer = self._get_data(self.INTEREST_OVER_TIME_URL, params=self._parameters(widget))
        return list(split_interest_over_time(answer, terms))

    def related(self, term: str, seen_at: datetime, end: datetime) -> list[dict[str, Any]]:
        """Payloads of searches that rise with a term."""
        self.build_payload([term], timeframe=_span(end))
        found: list[dict[str, Any]] = []
        for widget in self.related_queries_widget_list:
            answer = self._get_data(self.RELATED_QUERIES_URL, params=self._parameters(widget))
            found += split_related_queries(answer, term, seen_at)
        return found

    def _parameters(self, widget: Mapping[str, Any]) -> dict[str, Any]:
        return {"req": json.dumps(widget["request"]), "token": widget["token"], "tz": self.tz}


def read_feed(document: str, region: str) -> Iterator[dict[str, Any]]:
    """Payloads of ``trend`` from the public feed (RSS) of what trends in a region.

    Args:
        document: the feed as received.
        region: the country that was asked for.

    Raises:
        CollectorError: not such a feed.
    """
    # A feed needs no document type, and entities can blow up.
    if "<!DOCTYPE" in document or "<!ENTITY" in document:
        raise CollectorError("answer", "Google Trends' feed has a document type: not the feed that was asked for")
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        raise CollectorError("answer", f"Google Trends' feed is not valid XML: {error}", raw=document) from None
    for item in root.iter("item"):
        articles = [text for found in item.iter(f"{_HT}news_item_title") if (text := (found.text or "").strip())]
        yield {
            "term": item.findtext("title"),
            "timestamp": _published(item.findtext("pubDate")),
            "geo": region,
            "traffic": item.findtext(f"{_HT}approx_traffic"),
            "articles": articles,
        }


def _published(said: str | None) -> str | None:
    """RFC 2822 to ISO 8601, in UTC; what cannot be read as it was said."""
    try:
        at = parsedate_to_datetime(said or "")
    except ValueError:
        return said
    return at.astimezone(UTC).isoformat() if at.tzinfo else said


def _span(end: datetime) -> str:
    return f"{end - _SPAN:%Y-%m-%dT%H} {end:%Y-%m-%dT%H}"


def _level(rows: Sequence[Mapping[str, Any]], term: str) -> float:
    values = [row["value"] for row in rows if row["term"] == term and isinstance(row["value"], (int, float))]
    return sum(values) / len(values) if values else 0.0
