"""Collects from YouTube's Data API v3, through Google's client library.

In an hour: the chart of each region as it is now, videos that each query finds among those published in the
hour, with their statistics, and the hour's comments of the videos that are followed: those handed in, and those
that it found itself. Each request costs units of a daily quota; what the hour may spend is handed in.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httplib2
import orjson
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from tenacity import Retrying

from trend_assets.periods import pacific_day
from trend_assets.sources.collector import BARREN_PAGES, Clock, CollectorError, Usage, moment, utc_now
from trend_assets.sources.event import Event, Payload
from trend_assets.sources.formats import YOUTUBE_V3
from trend_assets.sources.reading import read
from trend_assets.sources.registry import Rejection
from trend_assets.sources.retrying import retrying
from trend_assets.sources.wire.values import identifier, mapping, mappings, text
from trend_assets.sources.youtube.answers import KEY, Unavailable, refused
from trend_assets.sources.youtube.events import split_response
from trend_assets.sources.youtube.followed import followed

SEARCH_UNITS, LIST_UNITS = 100, 1
_PAGE, _COMMENTS_PAGE = 50, 100
#: The most pages of comments that are kept for other hours of the same run, about half a megabyte each.
_KEPT_PAGES = 200
_VIDEO_PARTS = "snippet,contentDetails,statistics"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class YouTubeAccess:
    """How YouTube is asked.

    Args:
        api_key: of a Google Cloud project; None where there is none yet.
        regions: countries whose charts are read.
        queries: searched for among the videos of the hour, the most important first.
        videos: when known videos were published, by id: their comments are followed.
        followed: how many of the videos from before an hour are.
        search_pages: pages of 50 videos that one query may take in an hour.
        units: what this collector may spend in all; None for no bound.
        base_url: where the API is.
        timeout: seconds to wait for an answer.
    """

    api_key: str | None = field(repr=False)
    regions: tuple[str, ...] = ("US",)
    queries: tuple[str, ...] = ()
    videos: Mapping[str, datetime] = field(default_factory=dict)
    followed: int = 50
    search_pages: int = 2
    units: int | None = None
    base_url: str = "https://youtube.googleapis.com"
    timeout: float = 30.0


class _Http(httplib2.Http):
    """Sends the key as a header, so that it stands in no address, no log and no error; follows no redirect."""

    def __init__(self, key: str, timeout: float, usage: Usage) -> None:
        super().__init__(timeout=timeout)
        self.follow_redirects = False
        self._key, self._usage = key, usage

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        redirections: int = httplib2.DEFAULT_MAX_REDIRECTS,
        connection_type: Any = None,
    ) -> Any:
        sent = {**(headers or {}), "X-Goog-Api-Key": self._key}
        response, content = super().request(uri, method, body, sent, redirections, connection_type)
        self._usage.note_date(response.get("date"))
        return response, content


class YouTubeCollector:
    """Charts, videos and comments of YouTube.

    Args:
        access: how YouTube is asked.
        now: the clock, timezone-aware.
        retries: calls what may fail, again where a failure is transient.
    """

    source = "youtube"
    resumes = True

    def __init__(self, access: YouTubeAccess, now: Clock = utc_now, retries: Retrying | None = None) -> None:
        self.access = access
        self.origin = "youtube:data-api"
        self.usage = Usage()
        self.cursor = ""
        self._now = now
        self._retries = retries or retrying()
        self._published = dict(access.videos)
        self._comment_pages: dict[tuple[str, str | None], Mapping[str, Any]] = {}
        self._api = _api(access, self.usage) if access.api_key else None

    def collect(self, start: datetime, end: datetime, cursor: str = "") -> Iterator[Payload | Rejection]:
        """Uploads and comments of ``[start, end)``, and the charts of now; see `Collector.collect`.

        Raises:
            CollectorError: no key, a spent quota, a chart that is past, or what YouTube refused.
        """
        self.cursor = cursor
        if self._api is None:
            raise CollectorError("no_key", f"no key ({KEY})")
        hour = _Hour(start, end, _Done.read(cursor))
        seen: set[str] = set()
        try:
            for step in (self._charts, self._uploads, self._comments):
                for item in step(hour):
                    if isinstance(item, Payload):
                        if item.event.id in seen:
                            continue
                        seen.add(item.event.id)
                    yield item
        finally:
            self.cursor = hour.done.written()
        if hour.over_budget:
            raise self._over_budget()
        if hour.missed_charts:
            raise CollectorError(
                "past",
                f"YouTube keeps no past charts: those of {', '.join(hour.missed_charts)} were not read in time; "
                "the hour's videos and comments are complete",
            )

    def _charts(self, hour: _Hour) -> Iterator[Payload | Rejection]:
        for region in self.access.regions:
            if region in hour.done.charts:
                continue
            now = self._now()
            if not hour.start <= now < hour.end + _HOUR:
                hour.missed_charts.append(region)
                continue
            request = {"chart": "mostPopular", "regionCode": region, "part": _VIDEO_PARTS, "maxResults": _PAGE}
            for answer in self._pages(hour, "videos", request, LIST_UNITS):
                for item in _items(answer):
                    yield read(YOUTUBE_V3, {**item, "observedAt": now.isoformat()})
            if not hour.cut:
                hour.done.charts.append(region)

    def _uploads(self, hour: _Hour) -> Iterator[Payload | Rejection]:
        for query in self.access.queries:
            if query in hour.done.queries:
                continue
            found: list[str] = []
            request = {
                "q": query, "type": "video", "part": "id", "order": "date", "maxResults": _PAGE,
                "publishedAfter": _stamp(hour.start), "publishedBefore": _stamp(hour.end),
            }  # fmt: skip
            for answer in self._pages(hour, "search", request, SEARCH_UNITS, self.access.search_pages):
                found += [key for item in _items(answer) if (key := identifier(mapping(item.get("id")).get("videoId")))]
            cut = hour.cut
            yield from self._videos(hour, list(dict.fromkeys(found)))
            hour.cut |= cut
            if not hour.cut:
                hour.done.queries.append(query)

    def _videos(self, hour: _Hour, ids: Sequence[str]) -> Iterator[Payload | Rejection]:
        """Videos by id; the comments of those published in the hour are followed, here and in later hours."""
        for batch in (ids[at : at + _PAGE] for at in range(0, len(ids), _PAGE)):
            request = {"id": ",".join(batch), "part": _VIDEO_PARTS, "maxResults": _PAGE}
            for answer in self._pages(hour, "videos", request, LIST_UNITS):
                for item in _items(answer):
                    video = read(YOUTUBE_V3, item)
                    if isinstance(video, Payload) and not hour.holds(video.event):
                        continue
                    if isinstance(video, Payload):
                        self._published[video.event.content_id] = video.event.timestamp
                    yield video

    def _comments(self, hour: _Hour) -> Iterator[Payload | Rejection]:
        for video in followed(self._published, hour.start, hour.end, self.access.followed):
            if video in hour.done.videos:
                continue
            request = {
                "videoId": video, "part": "snippet,replies", "order": "time", "textFormat": "plainText",
                "maxResults": _COMMENTS_PAGE,
            }  # fmt: skip
            try:
                for answer in self._pages(hour, "commentThreads", request, LIST_UNITS):
                    payloads = [part for item in _items(answer) for part in split_response({"items": [item]})]
                    comments = [read(YOUTUBE_V3, payload) for payload in payloads]
                    yield from (item for item in comments if isinstance(item, Rejection) or hour.holds(item.event))
                    if _all_older(_items(answer), hour.start):
                        break
            except Unavailable:
                del self._published[video]
            if not hour.cut:
                hour.done.videos.append(video)

    def _pages(
        self, hour: _Hour, resource: str, request: Mapping[str, Any], units: int, most: int = 100
    ) -> Iterator[Mapping[str, Any]]:
        hour.cut = False
        token: str | None = None
        tokens: set[str] = set()
        barren = 0
        for _ in range(most):
            answer = self._answer(resource, {**request, "pageToken": token}, units)
            if answer is None:
                hour.cut = hour.over_budget = True
                return
            yield answer
            barren = 0 if _items(answer) else barren + 1
            token = text(answer.get("nextPageToken"))
            if token is None:
                return
            if token in tokens or barren == BARREN_PAGES:
                raise _nowhere()
            tokens.add(token)
        if barren:  # what the pages that may be read held is still to come
            raise _nowhere()

    def _answer(self, resource: str, request: Mapping[str, Any], units: int) -> Mapping[str, Any] | None:
        """None where it costs too much; a page of comments that another hour of the run has read costs nothing."""
        page = (str(request.get("videoId")), request["pageToken"])
        if resource == "commentThreads" and page in self._comment_pages:
            return self._comment_pages[page]
        if self.access.units is not None and self.usage.units + units > self.access.units:
            return None
        answer: Mapping[str, Any] = self._retries(self._ask, resource, request, units)
        if resource == "commentThreads" and _items(answer) and len(self._comment_pages) < _KEPT_PAGES:
            self._comment_pages[page] = answer
        return answer

    def _ask(self, resource: str, request: Mapping[str, Any], units: int) -> Mapping[str, Any]:
        self.usage.requests += 1
        # A request that fails is charged as well.
        self.usage.units += units
        try:
            answer = getattr(self._api, resource)().list(**request).execute(num_retries=0)
        except HttpError as error:
            raise refused(error, resource, self._now()) from None
        except (httplib2.HttpLib2Error, OSError, http.client.HTTPException) as error:
            raise CollectorError("network", f"YouTube cannot be reached ({type(error).__name__})") from None
        except (AttributeError, LookupError, TypeError):  # the library reads an error as an object, whatever came
            raise CollectorError("server", "YouTube answered with an error that cannot be read") from None
        except UnicodeDecodeError:
            raise CollectorError("answer", "YouTube's answer is not valid UTF-8") from None
        except ValueError:
            raise CollectorError("auth", f"{KEY} holds characters that no key has: set it again") from None
        # What is no JSON comes back as the text that it is.
        if not isinstance(answer, dict) or "kind" not in answer:
            raise CollectorError("answer", "YouTube's answer is not valid JSON", raw=str(answer)[:100_000])
        return answer

    def _over_budget(self) -> CollectorError:
        reset = pacific_day(self._now())[1]
        return CollectorError(
            "budget",
            f"this hour's share of the day's quota ({self.access.units or 0:,} units) is spent before all was asked: "
            "raise youtube.daily_units, or take fewer queries; "
            f"the quota begins anew at {moment(reset)}",
            reset,
        )


@dataclass(slots=True)
class _Done:
    """What of an hour has been asked to the end."""

    charts: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    videos: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, cursor: str) -> _Done:
        return cls(**orjson.loads(cursor)) if cursor else cls()

    def written(self) -> str:
        return orjson.dumps({"charts": self.charts, "queries": self.queries, "videos": self.videos}).decode()


@dataclass(slots=True)
class _Hour:
    """One collection: what is asked for, what it may cost, and what is missing."""

    start: datetime
    end: datetime
    done: _Done
    cut: bool = False
    over_budget: bool = False
    missed_charts: list[str] = field(default_factory=list)

    def holds(self, event: Event) -> bool:
        return self.start <= event.timestamp < self.end


def _api(access: YouTubeAccess, usage: Usage) -> Any:
    # The library joins the address and a relative path.
    address = access.base_url.rstrip("/") + "/"
    return build(
        "youtube", "v3", http=_Http(access.api_key or "", access.timeout, usage), static_discovery=True,
        cache_discovery=False, client_options={"api_endpoint": address},
    )  # fmt: skip


def _nowhere() -> CollectorError:
    return CollectorError("answer", "YouTube's pages lead nowhere: the next run asks again")


def _items(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return mappings(answer.get("items"))


def _all_older(threads: Sequence[Mapping[str, Any]], start: datetime) -> bool:
    """Whether the newest thread of a page is older than the hour: threads come the newest first."""
    events = [item.event for item in map(partial(read, YOUTUBE_V3), threads) if isinstance(item, Payload)]
    return bool(events) and max(event.timestamp for event in events) < start


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
